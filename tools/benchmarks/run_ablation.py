"""See --help, or tables/ablation.py."""

from tables.ablation import main

if __name__ == '__main__':
    main()
