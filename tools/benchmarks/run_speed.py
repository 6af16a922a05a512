"""See --help, or speed/run.py."""

from speed.run import main

if __name__ == '__main__':
    main()
