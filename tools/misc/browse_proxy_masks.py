"""The old name of ``boxcaseg draw``, with its old options."""

import argparse
import sys
from collections.abc import Sequence

from mmboxcaseg.cli import draw
from mmboxcaseg.cli.main import run


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('masks', help='COCO json of boxcaseg masks')
    parser.add_argument('--img-dir', required=True, help='its photos')
    draw.add_options(parser)
    return run(draw, parser.parse_args(argv), 'browse_proxy_masks')


if __name__ == '__main__':
    sys.exit(main())
