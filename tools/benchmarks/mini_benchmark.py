"""See --help, or tables/mini_benchmark.py."""

from tables.mini_benchmark import main

if __name__ == '__main__':
    main()
