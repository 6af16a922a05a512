"""Options, checks and an exit status that several commands share.

Only fast imports are made here, so that ``--help`` and errors in the command
line are shown at once.
"""

import argparse
import os
import os.path as osp
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar, cast

Options = TypeVar('Options')
# Exit status of a command that has finished, but had to skip something.
EXIT_SKIPPED = 3


def options_of(args: argparse.Namespace, kind: type[Options], **others: Any) -> Options:
    """Make the options of an API function from the arguments of its command.

    Args:
        args (argparse.Namespace): Arguments with the names of the options.
        kind (type): Dataclass of the options.
        **others (Any): Values that replace or complete the arguments.

    Returns:
        Options: An instance of ``kind``.
    """
    values = dict(vars(args), **others)
    return kind(**{field.name: values[field.name] for field in fields(cast(Any, kind))})


def check_merging(args: argparse.Namespace) -> None:
    """Check the options that say how masks are merged.

    Args:
        args (argparse.Namespace): Arguments with ``merge``, ``merge_exponent``
            and ``merge_tolerance``; None stands for an option that is not given.

    Raises:
        ValueError: If a number is out of its range, or has no effect.
    """
    for value, option, least in (
        (args.merge_exponent, '--merge-exponent', 0),
        (args.merge_tolerance, '--merge-tolerance', 1),
    ):
        if value is None:
            continue
        if not args.merge:
            raise ValueError(
                f'{option} is an option of merging, which --no-merge leaves out; '
                'give one of the two'
            )
        if not value >= least:
            raise ValueError(f'{option} must be {least} or more')


def add_ann_argument(parser: argparse.ArgumentParser, name: str, **words: Any) -> None:
    """Add the argument for the boxes.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
        name (str): Name of the argument, ``'ann'`` or ``'--ann'``.
        **words (Any): Further arguments for ``add_argument``.
    """
    parser.add_argument(
        name,
        help='the boxes: a COCO json, or a folder of Pascal VOC .xml files or '
        'YOLO .txt files',
        **words,
    )


def add_format_options(parser: argparse._ActionsContainer) -> None:
    """Add the options for the format of the boxes and for YOLO's classes.

    Args:
        parser (argparse._ActionsContainer): Parser or group to add to.
    """
    parser.add_argument(
        '--ann-format',
        choices=('coco', 'voc', 'yolo'),
        help='format of the boxes; default: it is found out',
    )
    parser.add_argument(
        '--classes',
        metavar='FILE',
        help="names of YOLO's classes: a text file with one name per line, or a "
        'YAML file with "names"; default: a file such as classes.txt or '
        'data.yaml in the folder of the boxes or near it',
    )


def add_decisions_option(parser: argparse._ActionsContainer) -> None:
    """Add the option for a file of decisions about masks.

    Args:
        parser (argparse._ActionsContainer): Parser or group to add to.
    """
    parser.add_argument(
        '--decisions',
        metavar='FILE',
        help='decisions about the masks, a file saved from the page of '
        'boxcaseg report --review: accepted masks are kept, rejected ones are '
        'ignored in the mask loss',
    )


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that all commands with a config have.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument(
        '--work-dir',
        help='folder for logs and results; default: work_dir of the config, '
        'else work_dirs/<name of the config>',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='settings that replace those of the config, such as '
        'model.alpha=0.5; lists as key="[a,b]" or key=a,b, without blanks',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='launcher of a distributed run; default: %(default)s',
    )
    # Some versions of PyTorch's launcher pass the rank as this option.
    parser.add_argument(
        '--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS
    )


def parse_config_args(
    parser: argparse.ArgumentParser, argv: Sequence[str] | None = None
) -> argparse.Namespace:
    """Parse a command line with a config, and make checks that need no import.

    Args:
        parser (argparse.ArgumentParser): Parser with the argument ``config``,
            perhaps ``checkpoint``, and :func:`add_config_options`.
        argv (Sequence[str], optional): The command line. Defaults to None:
            that of the process.

    Returns:
        argparse.Namespace: The parsed arguments.

    Raises:
        SystemExit: If the command line is wrong.
    """
    args = parser.parse_args(argv)
    if not osp.isfile(args.config):
        parser.error(f'the config {args.config} does not exist')
    checkpoint = getattr(args, 'checkpoint', None)
    if checkpoint and '://' not in checkpoint and not osp.isfile(checkpoint):
        parser.error(f'the checkpoint {checkpoint} does not exist')
    for option in args.cfg_options:
        if '=' not in option:
            parser.error(f'--cfg-options takes KEY=VALUE, got {option!r}')
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args
