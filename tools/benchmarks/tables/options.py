"""Options and errors that the commands of the tables share."""

import argparse
import json
import os
import os.path as osp
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

Kind = TypeVar('Kind', bound='RunOptions')


def option(text: str, default: Any = None, **words: Any) -> Any:
    """Make a field that is an option.

    Args:
        text (str): Help of the option.
        default (Any): Default of the option. Defaults to None.
        **words (Any): Further arguments for argparse.

    Returns:
        Any: The field of a dataclass.
    """
    return field(default=default, metadata=dict(help=text, **words))


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options of all commands."""

    gpus: int = option(
        'GPUs to use; without a GPU, processes (default: 1)', 1, type=int
    )
    work_dir: str = option('folder of all results (default: %(default)s)', '')
    dry_run: bool = option(
        'print the commands that are left, without running them',
        False,
        action='store_true',
    )
    out: str | None = option(
        'Markdown file to write the table to; the numbers are written beside it '
        'as .json (default: in the work folder)',
        metavar='FILE',
    )

    def wrong(self) -> str:
        """What is wrong with the options; empty if nothing is."""
        return '' if self.gpus > 0 else '--gpus must be at least 1'


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """Options of the commands that train variants of BoxCaseg."""

    stage1: str | None = option('another base config of BoxCaseg', metavar='CONFIG')
    stage3: str | None = option('another base config of Mask R-CNN', metavar='CONFIG')
    stage1_options: tuple[str, ...] = option(
        'settings that replace those of all configs of stage 1, such as '
        'train_cfg.max_iters=200 param_scheduler.end=200',
        (),
        nargs='+',
        metavar='KEY=VALUE',
    )
    stage3_options: tuple[str, ...] = option(
        'settings that replace those of all configs of stage 3',
        (),
        nargs='+',
        metavar='KEY=VALUE',
    )
    detector: str | None = option(
        'checkpoint of a Mask R-CNN that all rows share; each row trains only its '
        'mask head',
        metavar='FILE',
    )

    def wrong(self) -> str:
        """What is wrong with the options; empty if nothing is."""
        for name in ('checkpoint', 'detector', 'stage1', 'stage3'):
            path = getattr(self, name, None)
            if path and not osp.isfile(path):
                return f'--{name}: no file {path}'
        for text in (*self.stage1_options, *self.stage3_options):
            if '=' not in text:
                return f'options are KEY=VALUE, got {text!r}'
        return super().wrong()


def parse(kind: type[Kind], doc: str | None, argv: Sequence[str] | None) -> Kind:
    """Parse a command line; exit if an option is wrong.

    Args:
        kind (type[RunOptions]): Dataclass whose fields are the options.
        doc (str | None): Help of the command.
        argv (Sequence[str] | None): Words of the command line; None for those
            of the process.

    Returns:
        RunOptions: The options, an instance of ``kind``.
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for one in fields(kind):
        words = dict(one.metadata, default=one.default)
        name = one.name.replace('_', '-')
        positional = words.pop('positional', False)
        parser.add_argument(name if positional else f'--{name}', **words)
    values = vars(parser.parse_args(argv))
    options = kind(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
    )
    if options.wrong():
        parser.error(options.wrong())
    return options


@contextmanager
def errors_of(tool: str) -> Iterator[None]:
    """Turn errors into an exit with a message of one line.

    Args:
        tool (str): Name of the command, for the message.
    """
    try:
        yield
    except (KeyError, RuntimeError, ValueError) as error:
        # str() of a KeyError is in quotes.
        sys.exit(f'{tool}: error: {error.args[0] if error.args else error}')
    except KeyboardInterrupt:
        sys.exit(f'{tool}: stopped; run the same command again to resume')


def write(out: str, text: str, numbers: Any) -> None:
    """Print a table, and write it as Markdown with its numbers beside it.

    Args:
        out (str): Path of the Markdown file. The numbers get the suffix
            ``.json``.
        text (str): The table.
        numbers (Any): Numbers of the table, json values.
    """
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    with open(out, 'w', encoding='utf-8') as file:
        file.write(text + '\n')
    with open(f'{osp.splitext(out)[0]}.json', 'w', encoding='utf-8') as file:
        json.dump(numbers, file, indent=2)
    print(f'\n{text}\n\nsaved {out}')
