"""The old name of ``boxcaseg draw``, with its old options."""
import argparse
import sys
from typing import Sequence

from mmboxcaseg.cli import draw


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('masks', help='COCO json of boxcaseg masks')
    parser.add_argument('--img-dir', required=True, help='its photos')
    draw.add_options(parser)
    args = parser.parse_args(argv)
    try:
        draw.run(args)
    except (OSError, ValueError) as error:
        sys.exit(f'browse_proxy_masks: error: {error}')


if __name__ == '__main__':
    main()
