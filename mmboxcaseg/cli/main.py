"""Which command it is, and what becomes of its errors."""
import argparse
import logging
import os.path as osp
import sys
import traceback
from types import ModuleType
from typing import Optional, Sequence

from . import draw, export, masks, report, score

COMMANDS = dict(
    masks=masks, score=score, report=report, export=export, draw=draw)


def parser() -> argparse.ArgumentParser:
    """The parser of the command and its subcommands."""
    from mmboxcaseg import __version__
    whole = argparse.ArgumentParser(
        prog='boxcaseg', description='Boxes in, instance masks out.')
    whole.add_argument(
        '--version', action='version', version=f'boxcaseg {__version__}')
    commands = whole.add_subparsers(
        dest='command', metavar='COMMAND', required=True)
    for name, module in COMMANDS.items():
        module.add_arguments(
            commands.add_parser(
                name,
                help=module.HELP,
                description=_described(module),
                epilog=getattr(module, 'EPILOG', None)))
    return whole


def _described(module: ModuleType) -> str:
    """What a subcommand does, by its module's docstring."""
    text = module.__doc__.split(': ', 1)[1]
    return text[0].upper() + text[1:]


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run ``boxcaseg``.

    Args:
        argv (Sequence[str], optional): The arguments. Defaults to None: those
            of the process.

    Returns:
        int: Exit status.

    Raises:
        SystemExit: After an error, which is told in a line.
    """
    args = parser().parse_args(argv)
    return run(COMMANDS[args.command], args, f'boxcaseg {args.command}')


def run(command: ModuleType, args: argparse.Namespace, name: str) -> int:
    """Run a subcommand; an error of the user's is a line, not a traceback.

    Args:
        command (ModuleType): Module of the subcommand.
        args (argparse.Namespace): Its arguments.
        name (str): What to call it in messages.

    Returns:
        int: Exit status.

    Raises:
        SystemExit: After an error.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Line(name))
    log = logging.getLogger('mmboxcaseg')
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        return command.run(args)
    except KeyboardInterrupt:
        hint = getattr(command, 'STOPPED', '')
        sys.exit(f'{name}: stopped{hint}')
    except (OSError, ValueError) as error:
        where = _write_traceback(args)
        sys.exit(f'{name}: error: {error}{where}')
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def _write_traceback(args: argparse.Namespace) -> str:
    """Put the traceback of an error beside the log of the run, if it has got
    so far; says where."""
    if getattr(args, 'verbose', False):
        traceback.print_exc()
    folder = getattr(args, 'log_dir', None)
    if not folder or not osp.isdir(folder):
        return ''
    path = osp.join(folder, 'error.log')
    try:
        with open(path, 'a', encoding='utf-8') as file:
            traceback.print_exc(file=file)
    except OSError:
        return ''
    return f' (where: {path})'


class _Line(logging.Formatter):
    """``boxcaseg masks: warning: ...``; what is no warning has no label."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def format(self, record: logging.LogRecord) -> str:
        """As in :class:`logging.Formatter`."""
        label = f'{record.levelname.lower()}: '
        if record.levelno < logging.WARNING:
            label = ''
        return f'{self.name}: {label}{record.getMessage()}'
