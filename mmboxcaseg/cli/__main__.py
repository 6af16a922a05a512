"""``python -m mmboxcaseg.cli`` runs the command ``boxcaseg``."""

import sys

from .main import main

if __name__ == '__main__':
    sys.exit(main())
