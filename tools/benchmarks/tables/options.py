"""What the commands of the tables have in common."""

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
    """A field that is an option, with its help and what argparse takes."""
    return field(default=default, metadata=dict(help=text, **words))


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options of all commands."""

    gpus: int = option(
        'GPUs to use; without a GPU, processes (default: 1)', 1, type=int
    )
    work_dir: str = option('folder of all results (default: %(default)s)', '')
    dry_run: bool = option(
        'print the commands that are left to run, and run none',
        False,
        action='store_true',
    )
    out: str | None = option(
        'Markdown file to write the table to, and the numbers to the same '
        'name with .json (default: in the work folder)',
        metavar='FILE',
    )

    def wrong(self) -> str:
        """What has no sense in the options, empty if all has."""
        return '' if self.gpus > 0 else '--gpus must be at least 1'


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """Options of the commands that train variants of BoxCaseg."""

    stage1: str | None = option('another base config of BoxCaseg', metavar='CONFIG')
    stage3: str | None = option('another one of Mask R-CNN', metavar='CONFIG')
    stage1_options: tuple[str, ...] = option(
        'settings that replace those of all configs of stage 1, such as '
        'train_cfg.max_iters=200 param_scheduler.end=200',
        (),
        nargs='+',
        metavar='KEY=VALUE',
    )
    stage3_options: tuple[str, ...] = option(
        'the same for stage 3', (), nargs='+', metavar='KEY=VALUE'
    )
    detector: str | None = option(
        'Mask R-CNN whose boxes all rows share; each then trains its mask head alone',
        metavar='FILE',
    )

    def wrong(self) -> str:
        """What has no sense in the options, empty if all has."""
        for name in ('checkpoint', 'detector', 'stage1', 'stage3'):
            path = getattr(self, name, None)
            if path and not osp.isfile(path):
                return f'--{name}: no file {path}'
        for text in (*self.stage1_options, *self.stage3_options):
            if '=' not in text:
                return f'options are KEY=VALUE, got {text!r}'
        return super().wrong()


def parse(kind: type[Kind], doc: str | None, argv: Sequence[str] | None) -> Kind:
    """Parse a command line; end the program if an option has no sense.

    Args:
        kind (type[RunOptions]): Each of its fields is an option.
        doc (str | None): Help of the command.
        argv (Sequence[str] | None): The words; None for the program's own.

    Returns:
        RunOptions: The options, of that kind.
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
    """End the program with one line where something goes wrong in it."""
    try:
        yield
    except (KeyError, RuntimeError, ValueError) as error:
        # str() of a KeyError is in quotes.
        sys.exit(f'{tool}: error: {error.args[0] if error.args else error}')
    except KeyboardInterrupt:
        sys.exit(f'{tool}: stopped; run the same command again to go on')


def write(out: str, text: str, numbers: Any) -> None:
    """Write a table to a Markdown file and its numbers beside it as json,
    and print the table."""
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    with open(out, 'w', encoding='utf-8') as file:
        file.write(text + '\n')
    with open(f'{osp.splitext(out)[0]}.json', 'w', encoding='utf-8') as file:
        json.dump(numbers, file, indent=2)
    print(f'\n{text}\n\nwritten to {out}')
