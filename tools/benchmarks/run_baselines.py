"""See --help, or tables/baselines.py."""

from tables.baselines import main

if __name__ == '__main__':
    main()
