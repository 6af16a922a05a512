"""What several commands share: options, their checks, an exit status.

Nothing heavy is imported, so that ``--help`` and mistakes in the command line
are answered at once.
"""

import argparse
import os
import os.path as osp
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar, cast

from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR

Options = TypeVar('Options')
# Exit status of a command that is done, but had to skip something.
SKIPPED = 3


def options_of(args: argparse.Namespace, kind: type[Options], **others: Any) -> Options:
    """The options of a function, by the arguments of its command.

    Args:
        args (argparse.Namespace): Arguments of the same names.
        kind (type): Dataclass of the options.
        **others: Values in place of the arguments' or beside them.

    Returns:
        Options: An instance of ``kind``.
    """
    values = dict(vars(args), **others)
    return kind(**{field.name: values[field.name] for field in fields(cast(Any, kind))})


def add_ann_argument(parser: argparse.ArgumentParser, name: str, **words: Any) -> None:
    """Add the argument for the boxes.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
        name (str): ``'ann'`` or ``'--ann'``.
        **words (Any): What argparse takes besides.
    """
    parser.add_argument(
        name,
        help='the boxes: a COCO json, or a folder of Pascal VOC xml or of '
        'YOLO txt files',
        **words,
    )


def add_threshold_options(parser: argparse.ArgumentParser, shown: str) -> None:
    """Add the options that say which masks are ignored.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
        shown (str): How those are told apart, for the help.
    """
    parser.add_argument(
        '--agreement-thr',
        type=float,
        default=DEFAULT_AGREEMENT_THR,
        metavar='T',
        help=f'masks with a lower agreement are {shown}; default: %(default)s',
    )
    parser.add_argument(
        '--confidence-thr',
        type=float,
        metavar='T',
        help='so are those with a lower confidence; default: none are',
    )


def add_decisions_option(parser: argparse._ActionsContainer) -> None:
    """Add the option for what was decided about masks.

    Args:
        parser (argparse._ActionsContainer): Parser or group to add to.
    """
    parser.add_argument(
        '--decisions',
        metavar='FILE',
        help='what was decided about the masks, as the page of boxcaseg '
        'report --review saves it: accepted masks are kept, rejected ones '
        'ignored in the mask loss',
    )


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command that runs a config.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument(
        '--work-dir',
        help="folder of logs and results (default: the config's work_dir, "
        'or else work_dirs/<name of the config>)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help="settings that replace the config's, as in model.alpha=0.5; "
        'lists as key="[a,b]" or key=a,b, without blanks',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes of a distributed run',
    )
    # Some versions of PyTorch's launcher pass the rank this way.
    parser.add_argument(
        '--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS
    )


def parse_config_args(
    parser: argparse.ArgumentParser, argv: Sequence[str] | None = None
) -> argparse.Namespace:
    """Parse a command line, and check what needs no import.

    Args:
        parser (argparse.ArgumentParser): With :func:`add_config_options` and
            an argument ``config``; ``checkpoint`` is checked if it is there.
        argv (Sequence[str], optional): The arguments. Defaults to None: those
            of the process.

    Returns:
        argparse.Namespace: The options.
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
