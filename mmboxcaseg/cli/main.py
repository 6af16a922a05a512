"""Running a subcommand and reporting its errors."""

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
from typing import NoReturn

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


class _Parser(argparse.ArgumentParser):
    """Reports errors in one line, without the usage of some 20 lines."""

    def error(self, message: str) -> NoReturn:
        """See :meth:`argparse.ArgumentParser.error`."""
        self.exit(2, f'{self.prog}: error: {message}; see {self.prog} --help\n')


def parser() -> argparse.ArgumentParser:
    """Make the parser of ``boxcaseg`` and its subcommands.

    Returns:
        argparse.ArgumentParser: The parser.
    """
    from mmboxcaseg import __version__

    whole = _Parser(prog='boxcaseg', description='Boxes in, instance masks out.')
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
    """Description of a subcommand, from the docstring of its module."""
    text = module.__doc__.split(': ', 1)[1]
    return text[0].upper() + text[1:]


def _list_commands() -> str:
    """The subcommands in a line each."""
    lines = [f'  {name:<12} {module.HELP}' for name, module in COMMANDS.items()]
    return '\n'.join(
        ['usage: boxcaseg COMMAND ...', *lines, 'see boxcaseg COMMAND --help']
    )


def _no_such_command(name: str) -> str:
    """The error about a subcommand that does not exist."""
    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = (
        f'did you mean {near[0]}?'
        if near
        else f'the commands are {", ".join(COMMANDS)}'
    )
    return f'boxcaseg: error: no such command: {name}; {hint}'


def _refuse(command: str, unknown: Sequence[str]) -> int:
    """Report unknown arguments of a subcommand; return the exit status.

    argparse itself would show the usage of the whole command.
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
        argv (Sequence[str], optional): The command line. Defaults to None:
            that of the process.

    Returns:
        int: Exit status.

    Raises:
        SystemExit: After an error, with a message of one line.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if not words or not (words[0].startswith('-') or words[0] in COMMANDS):
        told = _no_such_command(words[0]) if words else _list_commands()
        print(told, file=sys.stderr)
        sys.exit(2)
    args, unknown = parser().parse_known_args(words)
    if unknown:
        sys.exit(_refuse(args.command, unknown))
    return run(COMMANDS[args.command], args, f'boxcaseg {args.command}')


def run(command: ModuleType, args: argparse.Namespace, name: str) -> int:
    """Run a subcommand, and report errors in one line without traceback.

    Args:
        command (ModuleType): Module of the subcommand.
        args (argparse.Namespace): Parsed arguments of the subcommand.
        name (str): Name of the subcommand in messages.

    Returns:
        int: Exit status.

    Raises:
        SystemExit: After an error, with a message of one line.
    """
    # This must precede the import of torch.
    process.prepare()
    handler = logging.StreamHandler()
    handler.setFormatter(_Line(name))
    log = logging.getLogger('mmboxcaseg')
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    # If the log can't be written, as on a full disk, logging shall not report
    # a second error.
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
        # The reader of the output, such as head, has stopped reading. Python
        # would flush again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (OSError, ValueError, MemoryError) as error:
        where = _write_traceback(args)
        sys.exit(f'{name}: error: {in_one_line(error)}{where}')
    except ImportError as error:
        # An error of ours says what to install. One of Python has a name: that
        # of the missing module.
        told = error if error.name is None else _lacking(error, name)
        if told is None:
            raise
        sys.exit(f'{name}: error: {in_one_line(told)}')
    except KeyError as error:
        # A message in words is for the user; a bare key is a bug.
        if not error.args or ' ' not in str(error.args[0]):
            raise
        where = _write_traceback(args)
        sys.exit(f'{name}: error: {in_one_line(error)}{where}')
    finally:
        logging.raiseExceptions = raises
        log.removeHandler(handler)
        log.setLevel(level)


def in_one_line(error: Exception) -> str:
    """Format the message of an error in one line.

    Args:
        error (Exception): The error.

    Returns:
        str: The message without line breaks. If a worker process of a data
        loader has added its traceback, only the last line is used.

    Example:
        >>> in_one_line(ValueError('two\\n  lines'))
        'two lines'
    """
    text = str(error.args[0]) if isinstance(error, KeyError) else str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return (
            'not enough memory'
            if isinstance(error, MemoryError)
            else type(error).__name__
        )
    if 'Original Traceback' in text:
        return lines[-1].split(': ', 1)[-1]
    return ' '.join(lines)


def _lacking(error: ImportError, name: str) -> ImportError | None:
    """An error that says how to install PyTorch; None if it is not missing."""
    from mmboxcaseg.apis.runtime import FRAMEWORKS, check_torch

    if error.name.split('.')[0] not in FRAMEWORKS:
        return None
    try:
        check_torch([name])
    except ImportError as lacking:
        return lacking
    return None


def _let_sigint_kill() -> None:
    """Let a second Ctrl-C end the process at once, without tracebacks."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _write_traceback(args: argparse.Namespace) -> str:
    """Write the traceback of an error to the folder of the log, if it exists.

    Returns the end of the message, which says where the traceback is.
    """
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
    return f' (traceback in {path})'


class _Line(logging.Formatter):
    """Formats log messages as ``boxcaseg masks: warning: ...``.

    Messages below the level of a warning have no label.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def format(self, record: logging.LogRecord) -> str:
        """See :meth:`logging.Formatter.format`."""
        label = f'{record.levelname.lower()}: '
        if record.levelno < logging.WARNING:
            label = ''
        return f'{self.name}: {label}{record.getMessage()}'
