"""The old name of ``boxcaseg report``, with its old options."""

import argparse
import sys
from collections.abc import Sequence

from mmboxcaseg.cli import report
from mmboxcaseg.cli.main import run


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('masks', help='COCO json of boxcaseg masks')
    parser.add_argument('--img-dir', required=True, help='its photos')
    parser.add_argument(
        '--gt', dest='truth', metavar='TRUE.json', help='the true masks'
    )
    report.add_options(parser)
    return run(report, parser.parse_args(argv), 'proxy_report')


if __name__ == '__main__':
    sys.exit(main())
