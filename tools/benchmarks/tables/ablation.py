"""Run a table of the paper's ablations, and print it beside the paper's.

Rows with results in the work folder are not run again. If the command was
stopped, run it again: a training resumes from its last checkpoint.

Tables 3 to 6 vary BoxCaseg, 7 and 8 the proxy masks that Mask R-CNN is
trained on:

  3  number of salient images           VOC
  4  segmentation heads                 VOC
  5  ratio of box to salient patches    COCO
  6  share of the salient head, alpha   VOC
  7  merging and dropping               VOC and COCO
  8  threshold of agreement             COCO

The configs of the rows are in configs/boxcaseg/ablations/ and
configs/proxy_mask_rcnn/ablations/. With --mini the same settings are applied to
the configs of the mini data (docs/mini_benchmark.md).

Example:
    python tools/benchmarks/run_ablation.py 4 --gpus 2
    python tools/benchmarks/run_ablation.py 6 --mini --dry-run
"""

import argparse
import os.path as osp
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mmboxcaseg.markdown import Cell, markdown_table

from . import execute
from .bases import FULL, Base
from .columns import BOXCASEG, MASK_RCNN, read_json, read_number
from .experiment import Experiment, files_of, plan
from .options import Options, errors_of, option, parse, write
from .paper import TABLES, Row, Table
from .setups import Setup


@dataclass(frozen=True, kw_only=True)
class AblationOptions(Options):
    """Options of ``run_ablation.py``."""

    table: int = option(
        'number of the table', positional=True, type=int, choices=sorted(TABLES)
    )
    mini: bool = option(
        'on the mini data instead of VOC or COCO; all rows of tables 3, 7 and '
        '8 then share one detector and train its mask head only',
        False,
        action='store_true',
    )
    rows: tuple[str, ...] | None = option(
        'names of the rows to run, from the first column (default: all)',
        nargs='+',
        metavar='ROW',
    )
    retrain: bool | None = option(
        'train the rows of tables 4 and 6 on their own, or take them from the '
        "full model's checkpoint (default: table 4 trains, as the paper did; "
        'table 6 does not)',
        action=argparse.BooleanOptionalAction,
    )
    checkpoint: str | None = option(
        'checkpoint of the base config of BoxCaseg (default: it is trained)',
        metavar='FILE',
    )
    detector: str | None = option(
        'with --mini: checkpoint of the detector that all rows share (default: '
        'it is trained)',
        metavar='FILE',
    )
    seed: int = option('seed of all trainings (default: 0)', 0, type=int)
    work_dir: str = option(
        'folder of all results (default: %(default)s)',
        osp.join('work_dirs', 'ablations'),
    )

    @property
    def chosen(self) -> list[Row]:
        """The rows to run, in the order of the table."""
        return [
            row
            for row in TABLES[self.table].rows
            if (row.mini or not self.mini)
            and (self.rows is None or row.name in self.rows)
        ]

    def wrong(self) -> str:
        """What is wrong with the options; empty if nothing is."""
        table, mini = TABLES[self.table], self.mini
        names = [row.name for row in table.rows if row.mini or not mini]
        unknown = [name for name in self.rows or () if name not in names]
        if unknown:
            return (
                f'--rows: table {table.number} '
                f'{"on the mini data " if mini else ""}has the rows '
                f'{names}, not {unknown}'
            )
        if self.retrain is not None and table.retrain is None:
            return (
                '--retrain and --no-retrain are for tables 4 and 6; table '
                f'{table.number} leaves no choice'
            )
        given = [n for n in ('checkpoint', 'stage1', 'stage3') if getattr(self, n)]
        if given and not mini and len({row.data for row in self.chosen}) > 1:
            return f'--{given[0]} is for one data set; choose the rows of one by --rows'
        if self.detector and not mini:
            return (
                '--detector is for --mini; otherwise every row trains a '
                'Mask R-CNN of its own'
            )
        return super().wrong()


def plan_rows(options: AblationOptions) -> list[tuple[Setup, Experiment]]:
    """The chosen rows as experiments, with the base configs of each."""
    table = TABLES[options.table]
    setups: dict[str, Setup] = {}
    planned = []
    for row in options.chosen:
        data = 'mini' if options.mini else row.data
        if data not in setups:
            setups[data] = Setup.read(
                options,
                data,
                osp.join(options.work_dir, data),
                table.uses(MASK_RCNN),
                options.checkpoint,
            )
        if row.list_given and not options.dry_run:
            _check_list(row, setups[data])
        planned.append((setups[data], plan_row(row, setups[data], options)))
    return planned


def plan_row(row: Row, setup: Setup, options: AblationOptions) -> Experiment:
    """Plan the experiment of a row: what is trained for it, and what it shares
    with the full model."""
    table = TABLES[options.table]
    retrain = table.retrain if options.retrain is None else options.retrain
    # Without a choice, whatever varies stage 1 is a training.
    own = retrain is not False
    variant = row.twin if own and row.twin else row.variant
    variant = _or_full(setup, setup.stage1, variant)
    origin = 'full model'
    if variant != FULL:
        origin = 'own training' if own else "full model's checkpoint"
    learnt, thr = FULL, setup.agreement_thr
    if setup.stage3:
        learnt = _or_full(setup, setup.stage3, row.stage3)
        origin += f', {setup.mask_rcnn_kind} trained'
    if row.agreement_thr is not None:
        thr = row.agreement_thr
    return Experiment(
        name=row.name,
        folder=setup.folder,
        label=variant if own or variant == FULL else f'{FULL}_{variant}',
        trained=variant if own else FULL,
        predicted=variant,
        mask_rcnn=learnt,
        seed=options.seed,
        tested=table.uses(BOXCASEG),
        merge=row.merge,
        salient=row.salient if variant != FULL else None,
        agreement_thr=thr,
        origin=origin,
    )


def _or_full(setup: Setup, base: Base, variant: str | None) -> str:
    """The variant, or ``FULL`` if it changes nothing."""
    if variant is None:
        return FULL
    config = setup.config(variant, base is setup.stage3)
    return FULL if base.is_same(config) else variant


def _check_list(row: Row, setup: Setup) -> None:
    """Check that a list of salient images that the user must make exists,
    before hours are spent on other rows."""
    config = setup.config(row.variant or FULL)
    dataset = Base.read(config).cfg.train_dataloader.dataset
    path = osp.join(setup.salient_root, dataset.salient.ann_file)
    if not osp.isfile(path):
        raise ValueError(
            f'row {row.name}: {config} takes the salient images of the list '
            f'{path}, which does not exist; make one with '
            'tools/dataset_converters/duts_single.py --exclude-synsets, or '
            'leave the row out by --rows'
        )


def collect(table: Table, row: Row, setup: Setup, one: Experiment) -> dict[str, Any]:
    """The numbers of a finished row.

    Returns:
        dict: ``row`` (its name), ``data`` (of the paper's row), ``from``,
        ``files`` (JSON by source), and ``ours`` and ``paper``, numbers in
        percent or None by the columns' titles.
    """
    files = files_of(setup, one)
    ours = {
        column.title: read_number(
            column, files[column.source], row.data, one.agreement_thr
        )
        for column in table.columns
    }
    paper = {c.title: number for c, number in zip(table.columns, row.paper)}
    return {
        'row': row.name,
        'data': row.data,
        'from': one.origin,
        'files': files,
        'ours': ours,
        'paper': paper,
    }


def to_markdown(table: Table, rows: Sequence[dict[str, Any]]) -> str:
    """The table: our columns, each followed by the paper's if it has numbers."""
    header = [table.head]
    lines: list[list[Cell]] = [[row['row']] for row in rows]
    for column in table.columns:
        for key, title in (('ours', column.title), ('paper', 'paper')):
            numbers = [row[key][column.title] for row in rows]
            if key == 'ours' or any(one is not None for one in numbers):
                header.append(title)
                for line, number in zip(lines, numbers):
                    line.append(number)
    for line, row in zip(lines, rows):
        line.append(row['from'])
    return markdown_table([*header, 'from'], lines)


def trends(table: Table, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Compare the order of the rows with the paper's: a line for each data set
    and column with three or more numbers of both."""
    lines = []
    for data in dict.fromkeys(row['data'] for row in rows):
        for column in table.columns:
            pairs = [
                (row['row'], row['ours'][column.title], row['paper'][column.title])
                for row in rows
                if row['data'] == data
            ]
            pairs = [pair for pair in pairs if None not in pair]
            # A share of ignored masks has no best value.
            if len(pairs) >= 3 and column.key != 'share':
                lines.append(f'- {column.title}: {_trend(*zip(*pairs))}.')
    return lines


def _trend(names: Sequence[str], ours: Sequence[float], paper: Sequence[float]) -> str:
    """The best rows of two columns, and the rank correlation of the columns."""
    from scipy.stats import spearmanr

    best = [
        ' and '.join(name for name, value in zip(names, values) if value == max(values))
        for values in (ours, paper)
    ]
    text = f'best is {best[0]}, in the paper {best[1]}'
    if len(set(ours)) > 1 and len(set(paper)) > 1:
        text += (
            "; rank correlation of the rows with the paper's "
            f'{float(spearmanr(ours, paper)[0]):.2f}'
        )
    return text


def box_line(table: Table, files: dict[str, str]) -> list[str]:
    """The scores of the filled boxes, a baseline, in one line; no line for a
    table without masks of given boxes."""
    if BOXCASEG not in files:
        return []
    metrics = read_json(files[BOXCASEG])
    numbers = [
        f'{column.title} {metrics["box_" + column.key]:.1f}'
        for column in table.columns
        if column.source == BOXCASEG
    ]
    return [f'- The filled box itself: {", ".join(numbers)}.']


def caption(table: Table, setups: Sequence[Setup], seed: int) -> str:
    """A line about what was run: the base configs, their last checkpoints,
    which show the schedule, and the options."""
    parts = []
    for setup in setups:
        given = osp.basename(setup.checkpoint or '')
        parts.append(
            f'`{osp.basename(setup.stage1.path)}` to '
            f'{setup.stage1.last}' + (f' (full model: {given})' if given else '')
        )
        parts += [f'`{option}`' for option in setup.stage1.options]
        if setup.stage3:
            parts.append(f'`{osp.basename(setup.stage3.path)}` to {setup.stage3.last}')
            parts += [f'`{option}`' for option in setup.stage3.options]
    return (
        f'Table {table.number}, {table.title}, in percent: '
        f'{", ".join(parts)}, seed {seed}'
    )


def main(
    argv: Sequence[str] | None = None, run: execute.Run = execute.run_logged
) -> None:
    """Run the command line tool; ``run`` runs each step."""
    options = parse(AblationOptions, __doc__, argv)
    table, folder = TABLES[options.table], options.work_dir
    with errors_of('run_ablation'):
        planned = plan_rows(options)
        jobs = [plan(*pair) for pair in planned]
        if options.dry_run:
            execute.print_left(jobs, folder, options.gpus)
            return
        execute.run_all(jobs, folder, options.gpus, run)
        rows = [
            collect(table, row, *pair) for row, pair in zip(options.chosen, planned)
        ]
    setups = list(dict.fromkeys(setup for setup, _ in planned))
    notes = [*trends(table, rows), *box_line(table, rows[0]['files'])]
    text = '\n\n'.join(
        [
            caption(table, setups, options.seed),
            to_markdown(table, rows),
            '\n'.join(notes),
        ]
    )
    name = osp.join('mini' if options.mini else 'full', f'table{table.number}')
    write(options.out or osp.join(folder, f'{name}.md'), text.strip(), rows)
