"""Which command it is, and what becomes of its errors."""

import argparse
import difflib
import logging
import os
import os.path as osp
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from types import ModuleType

from mmboxcaseg import process

from . import (
    calibrate,
    check,
    detector,
    draw,
    export,
    export_onnx,
    masks,
    report,
    score,
    train,
)

COMMANDS = dict(
    check=check,
    masks=masks,
    train=train,
    detector=detector,
    score=score,
    calibrate=calibrate,
    report=report,
    export=export,
    draw=draw,
    **{'export-onnx': export_onnx},
)


def parser() -> argparse.ArgumentParser:
    """The parser of the command and its subcommands."""
    from mmboxcaseg import __version__

    whole = argparse.ArgumentParser(
        prog='boxcaseg', description='Boxes in, instance masks out.'
    )
    whole.add_argument('--version', action='version', version=f'boxcaseg {__version__}')
    commands = whole.add_subparsers(dest='command', metavar='COMMAND', required=True)
    for name, module in COMMANDS.items():
        module.add_arguments(
            commands.add_parser(
                name,
                help=module.HELP,
                description=_described(module),
                epilog=getattr(module, 'EPILOG', None),
            )
        )
    return whole


def _described(module: ModuleType) -> str:
    """What a subcommand does, by its module's docstring."""
    text = module.__doc__.split(': ', 1)[1]
    return text[0].upper() + text[1:]


def _refuse(command: str, unknown: Sequence[str]) -> int:
    """Tell what is no argument of a subcommand; the exit status.

    argparse would show the usage of the whole command.
    """
    own = argparse.ArgumentParser(add_help=False)
    COMMANDS[command].add_arguments(own)
    options = [name for action in own._actions for name in action.option_strings]
    first = unknown[0].split('=')[0]
    near = difflib.get_close_matches(first, options, n=1)
    hint = f'did you mean {near[0]}?' if near else f'see boxcaseg {command} --help'
    print(
        f'boxcaseg {command}: error: no such argument: {" ".join(unknown)}; {hint}',
        file=sys.stderr,
    )
    return 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``boxcaseg``.

    Args:
        argv (Sequence[str], optional): The arguments. Defaults to None: those
            of the process.

    Returns:
        int: Exit status.

    Raises:
        SystemExit: After an error, which is told in a line.
    """
    args, unknown = parser().parse_known_args(argv)
    if unknown:
        sys.exit(_refuse(args.command, unknown))
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
    # Before torch is imported.
    process.prepare()
    handler = logging.StreamHandler()
    handler.setFormatter(_Line(name))
    log = logging.getLogger('mmboxcaseg')
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    # A log that can't be written, as the disk is full, is no second error.
    raises, logging.raiseExceptions = logging.raiseExceptions, False
    try:
        status = command.run(args)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        _let_sigint_kill()
        hint = getattr(command, 'STOPPED', '')
        sys.exit(f'{name}: stopped{hint}')
    except BrokenPipeError:
        # Whoever reads the output, such as head, has enough. Python would
        # flush once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (OSError, ValueError, MemoryError) as error:
        where = _write_traceback(args)
        sys.exit(f'{name}: error: {in_one_line(error)}{where}')
    except ImportError as error:
        # One of a sentence tells what to install; Python's own names what it
        # looked for.
        told = error if error.name is None else _lacking(error, name)
        if told is None:
            raise
        sys.exit(f'{name}: error: {in_one_line(told)}')
    except KeyError as error:
        # One of a sentence is meant to be read; another is a mistake here.
        if not error.args or ' ' not in str(error.args[0]):
            raise
        where = _write_traceback(args)
        sys.exit(f'{name}: error: {in_one_line(error)}{where}')
    finally:
        logging.raiseExceptions = raises
        log.removeHandler(handler)
        log.setLevel(level)


def in_one_line(error: Exception) -> str:
    """What an error says, in one line.

    Args:
        error (Exception): The error.

    Returns:
        str: Its message. Of an error that a worker of a data loader passes
        on, which has a traceback in its message, the last line.
    """
    text = str(error.args[0]) if isinstance(error, KeyError) else str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return (
            'memory is short'
            if isinstance(error, MemoryError)
            else type(error).__name__
        )
    if 'Original Traceback' in text:
        return lines[-1].split(': ', 1)[-1]
    return ' '.join(lines)


def _lacking(error: ImportError, name: str) -> ImportError | None:
    """What to install for a command that needs PyTorch; None for another
    error."""
    from mmboxcaseg.apis.runtime import FRAMEWORKS, check_torch

    if error.name.split('.')[0] not in FRAMEWORKS:
        return None
    try:
        check_torch([name])
    except ImportError as lacking:
        return lacking
    return None


def _let_sigint_kill() -> None:
    """A second Ctrl-C ends the process at once, without tracebacks."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)


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
