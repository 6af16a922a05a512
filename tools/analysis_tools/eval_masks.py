"""The old name of ``boxcaseg score``, with its options."""

import argparse
import sys
from collections.abc import Sequence

from mmboxcaseg.cli import score


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    score.add_arguments(parser)
    args = parser.parse_args(argv)
    try:
        score.run(args)
    except (OSError, ValueError) as error:
        sys.exit(f'eval_masks: error: {error}')


if __name__ == '__main__':
    main()
