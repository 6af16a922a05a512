"""See --help, or tables/summary.py."""

from tables.summary import main

if __name__ == '__main__':
    main()
