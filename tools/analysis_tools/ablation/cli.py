"""What run_ablation.py and mini_benchmark.py have in common."""
import argparse
import json
import os
import os.path as osp
import sys
from contextlib import contextmanager
from typing import Any, Iterator, List

from . import execute
from .plan import PlannedRow, distinct


def add_options(parser: argparse.ArgumentParser, work_dir: str) -> None:
    """Add the options about base configs, budget, processes and results.

    Args:
        parser (argparse.ArgumentParser): Of the tool.
        work_dir (str): Default of ``--work-dir``.
    """
    parser.add_argument(
        '--stage1', metavar='CONFIG', help='another base config of BoxCaseg')
    parser.add_argument(
        '--stage3', metavar='CONFIG', help='another one of Mask R-CNN')
    for stage in ('stage1', 'stage3'):
        parser.add_argument(
            f'--{stage}-options',
            nargs='+',
            default=[],
            metavar='KEY=VALUE',
            help=f'settings that replace those of all configs of {stage}, '
            'such as train_cfg.max_iters=200 param_scheduler.end=200')
    parser.add_argument(
        '--gpus',
        type=int,
        default=1,
        help='GPUs to use; without a GPU, processes (default: 1)')
    parser.add_argument(
        '--work-dir',
        default=work_dir,
        help='folder of all results (default: %(default)s)')
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help='print the commands that are left to run, and run none')


def check_options(parser: argparse.ArgumentParser, args: argparse.Namespace,
                  files: List[str]) -> None:
    """End the program if an option has no sense.

    Args:
        parser (argparse.ArgumentParser): Of the tool.
        args (argparse.Namespace): The options.
        files (list[str]): Names of those that are files, if given.
    """
    for name in files:
        path = getattr(args, name)
        if path and not osp.isfile(path):
            parser.error(f'--{name}: no file {path}')
    for option in (*args.stage1_options, *args.stage3_options):
        if '=' not in option:
            parser.error(f'options are KEY=VALUE, got {option!r}')


def print_left(planned: List[PlannedRow], args: argparse.Namespace) -> None:
    """Print the commands of the rows that have not been run yet.

    Args:
        planned (list[PlannedRow]): The rows.
        args (argparse.Namespace): The options.
    """
    record = execute.Record(osp.join(args.work_dir, 'steps.jsonl'))
    for step in distinct(planned):
        if not record.is_done(step):
            print(execute.to_text(step, args.gpus))


@contextmanager
def errors_of(tool: str) -> Iterator[None]:
    """End the program with one line where running rows goes wrong.

    Args:
        tool (str): Name of the tool, for the line.
    """
    try:
        yield
    except (RuntimeError, ValueError) as error:
        sys.exit(f'{tool}: error: {error}')
    except KeyboardInterrupt:
        sys.exit(f'{tool}: stopped; run the same command again to go on')


def write(out: str, text: str, numbers: Any) -> None:
    """Write a table and its numbers, and print the table.

    Args:
        out (str): Markdown file; the numbers go to the same name with .json.
        text (str): The table.
        numbers (Any): What json takes.
    """
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    with open(out, 'w', encoding='utf-8') as file:
        file.write(text + '\n')
    with open(f'{osp.splitext(out)[0]}.json', 'w', encoding='utf-8') as file:
        json.dump(numbers, file, indent=2)
    print(f'\n{text}\n\nwritten to {out}')
