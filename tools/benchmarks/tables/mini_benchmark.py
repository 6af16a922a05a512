"""Train and compare variants of BoxCaseg on the mini data, with spread.

Each variant is trained with each seed for the same number of iterations. It
makes masks of the true boxes of val2017 and merged proxy masks of train2017,
which are scored against the true masks. With --detector, the mask head of a Mask
R-CNN is trained on the proxy masks too. Steps with results in the work folder are
not run again. If the command was stopped, run it again: a training resumes from
its last checkpoint.

A variant is one of

  box, grabcut, truth   masks without a training, by baseline_masks.py
  paper                 the base config
  NAME, NAME+NAME ...   with the keys of configs/boxcaseg/mini/ablations/
                        mobilenetv2_coco-mini_NAME.py, or of the paper's own
                        ablations, as in object-crops+ema or heads-weak

docs/mini_benchmark.md says where the data and the weights come from.

Example:
    python tools/benchmarks/mini_benchmark.py \
        --variants box grabcut heads-weak paper object-crops \
        object-crops+oracle --seeds 0 1 2 --max-iters 800
"""

import os.path as osp
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mmboxcaseg.markdown import markdown_table

from . import execute
from .bases import PAPER
from .columns import BOXCASEG, MASK_RCNN, PROXY, SPEARMAN, VAL, Column, read_number
from .experiment import Experiment, files_of, masks_of, plan
from .options import Options, errors_of, option, parse, write
from .setups import Setup

# Masks that need no training, by tools/analysis_tools/baseline_masks.py.
BASELINES = ('box', 'grabcut', 'truth')
# Endings of configs that change only the prediction.
PREDICTION = (
    'box-threshold',
    'flip',
    'head-salient',
    'head-transferred',
    'head-weak',
    'head-weak-salient',
    'margin-0.1',
    'margins',
    'no-min-max',
)
# Prefixes of the endings of configs that change only the training of a Mask R-CNN.
STAGE3_PREFIXES = ('confidence-thr-', 'thr-', 'weight-')
SELF_TRAINING = 'self-training'
COLUMNS = (
    Column('mIoU*', VAL, 'mIoU_star'),
    Column('mIoU', VAL, 'mIoU'),
    Column('IoU@50', VAL, 'IoU@50'),
    Column('IoU@75', VAL, 'IoU@75'),
    *(
        Column(f'{key} {size[0].upper()}', VAL, key, size)
        for size in ('small', 'medium', 'large')
        for key in ('mIoU', 'IoU@50', 'IoU@75')
    ),
    Column('boundary mIoU', VAL, 'boundary_mIoU'),
    Column('proxy mIoU', PROXY, 'mIoU'),
    Column('Spearman', PROXY, 'spearman', SPEARMAN),
    Column('of confidence', PROXY, 'spearman_confidence', SPEARMAN),
    Column('mask AP', MASK_RCNN, 'coco/segm_mAP'),
    Column('AP50', MASK_RCNN, 'coco/segm_mAP_50'),
    Column('AP75', MASK_RCNN, 'coco/segm_mAP_75'),
)
# Numbers in percent by the titles of columns.
Numbers = Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class MiniOptions(Options):
    """Options of ``mini_benchmark.py``."""

    variants: tuple[str, ...] = option(
        'variants to compare (default: %(default)s)',
        (
            'box',
            'grabcut',
            'box-only',
            'salient-only',
            'paper',
            'object-crops',
            'object-crops+oracle',
        ),
        nargs='+',
        metavar='NAME',
    )
    seeds: tuple[int, ...] = option(
        'seeds of the trainings (default: 0)', (0,), nargs='+', type=int
    )
    max_iters: int | None = option(
        "iterations of BoxCaseg (default: the base config's)", metavar='N', type=int
    )
    detector: str | None = option(
        'checkpoint of a Mask R-CNN; its mask head is trained on the masks of '
        'each variant to compare the mask AP (default: no mask head is trained)',
        metavar='FILE',
    )
    pictures: str | None = option(
        'PNG file for pictures of eight instances of val2017 by each variant',
        metavar='FILE',
    )
    work_dir: str = option(
        'folder of all results (default: %(default)s)',
        osp.join('work_dirs', 'mini_benchmark'),
    )

    def wrong(self) -> str:
        """What is wrong with the options; empty if nothing is."""
        for name in ('variants', 'seeds'):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                return f'--{name}: a value occurs twice'
        if self.max_iters is not None and self.max_iters < 1:
            return f'--max-iters must be at least 1, got {self.max_iters}'
        return super().wrong()

    def with_budget(self) -> 'MiniOptions':
        """The options with ``max_iters`` added to the settings of stage 1."""
        if self.max_iters is None:
            return self
        budget = (
            f'train_cfg.max_iters={self.max_iters}',
            f'param_scheduler.end={self.max_iters}',
        )
        return replace(self, stage1_options=self.stage1_options + budget)


@dataclass(frozen=True)
class VariantRow:
    """Mean and spread of a variant over its seeds.

    The spread is the standard deviation of the sample, None with one seed.
    """

    name: str
    seeds: int
    mean: Numbers
    spread: Numbers


def without(variant: str, parts: Sequence[str]) -> str:
    """A variant's name without some of its parts, ``PAPER`` without any."""
    kept = [part for part in variant.split('+') if part not in parts]
    return '+'.join(kept) or PAPER


def trainings(variant: str) -> tuple[str, str]:
    """The trainings of a variant.

    Args:
        variant (str): Name of the variant. Parts before ``self-training`` are
            the first round and the prediction that makes its masks; parts
            after it change the second round.

    Returns:
        tuple[str, str]: Name of the training, which is shared by variants
        that differ only in the prediction; and name of the variant whose
        masks it learns from, empty if there is no first round.
    """
    first, found, rest = variant.rpartition(SELF_TRAINING)
    first = first.rstrip('+')
    if not found:
        return without(variant, PREDICTION), ''
    rest = without(rest.lstrip('+'), PREDICTION)
    name = [first, SELF_TRAINING, '' if rest == PAPER else rest]
    return '+'.join(filter(None, name)), first or PAPER


def plan_variant(setup: Setup, variant: str, seed: int) -> Experiment:
    """Plan the experiment of a variant with a seed.

    Masks of the validation set are scored before merging, those of the
    training set after it, as a detector learns from them.

    Raises:
        ValueError: If the variant changes the training of a Mask R-CNN and
            none is trained.
    """
    stage3 = [part for part in variant.split('+') if part.startswith(STAGE3_PREFIXES)]
    if stage3 and setup.stage3 is None:
        raise ValueError(
            f'variant {variant!r}: {"+".join(stage3)} changes the training of a '
            'Mask R-CNN; give --detector'
        )
    stage1 = without(variant, stage3)
    trained, first = trainings(stage1)
    return Experiment(
        name=f'{variant}, seed {seed}',
        folder=osp.join(setup.folder, f'seed{seed}'),
        label=stage1,
        method=stage1 if stage1 in BASELINES else BOXCASEG,
        trained=trained,
        predicted=stage1,
        mask_rcnn='+'.join(stage3) or PAPER,
        seed=seed,
        val=True,
        merge=stage1 != 'truth',
        first=plan_variant(setup, first, seed) if first else None,
    )


def read_numbers(setup: Setup, one: Experiment) -> Numbers:
    """Read the numbers of a finished variant with a seed; None for a Mask R-CNN
    that was not trained."""
    files = files_of(setup, one)
    return {
        column.title: read_number(column, files[column.source])
        if column.source in files
        else None
        for column in COLUMNS
    }


def summarize(name: str, runs: Sequence[Numbers]) -> VariantRow:
    """The row of a variant from the numbers of its seeds."""
    mean, spread = {}, {}
    for title in runs[0]:
        values = [run[title] for run in runs if run[title] is not None]
        mean[title] = statistics.fmean(values) if values else None
        spread[title] = statistics.stdev(values) if len(values) > 1 else None
    return VariantRow(name, len(runs), mean, spread)


def to_markdown(rows: Sequence[VariantRow]) -> str:
    """The table; columns without a number are left out."""
    titles = [
        column.title
        for column in COLUMNS
        if any(row.mean[column.title] is not None for row in rows)
    ]
    return markdown_table(
        ['variant', 'seeds', *titles],
        [
            [row.name, row.seeds, *((row.mean[t], row.spread[t]) for t in titles)]
            for row in rows
        ],
    )


def ratios(rows: Sequence[VariantRow]) -> list[str]:
    """Compare each trained variant with the upper bound, in lines of text.

    The upper bound is the variant with the highest mIoU* of those that learn
    from true masks. Without such a variant there are no lines.
    """
    oracles = [row for row in rows if 'oracle' in row.name.split('+')]
    if not oracles:
        return []
    bound = max(oracles, key=lambda row: row.mean['mIoU*'] or 0)
    return [
        f'- {row.name}: {100 * row.mean[title] / bound.mean[title]:.1f} % of '
        f'the {title} of {bound.name}'
        for row in rows
        if row is not bound and row.name not in BASELINES
        for title in ('mIoU*', 'IoU@50', 'IoU@75', 'AP50')
        if bound.mean[title] and row.mean[title] is not None
    ]


def main(
    argv: Sequence[str] | None = None, run: execute.Run = execute.run_logged
) -> None:
    """Run the command line tool; ``run`` runs each step."""
    options = parse(MiniOptions, __doc__, argv).with_budget()
    folder, seeds = options.work_dir, options.seeds
    with errors_of('mini_benchmark'):
        setup = Setup.read(options, 'mini', folder, bool(options.detector))
        planned = {
            variant: [plan_variant(setup, variant, seed) for seed in seeds]
            for variant in options.variants
        }
        jobs = [plan(setup, one) for group in planned.values() for one in group]
        if options.dry_run:
            execute.print_left(jobs, folder, options.gpus)
            return
        execute.run_all(jobs, folder, options.gpus, run)
        runs = {
            variant: [read_numbers(setup, one) for one in group]
            for variant, group in planned.items()
        }
    rows = [summarize(variant, numbers) for variant, numbers in runs.items()]
    text = '\n\n'.join([to_markdown(rows), '\n'.join(ratios(rows))]).strip()
    settings = dict(
        seeds=seeds,
        stage1_options=options.stage1_options,
        stage3_options=options.stage3_options,
    )
    write(
        options.out or osp.join(folder, 'table.md'),
        text,
        dict(settings=settings, rows=[vars(row) for row in rows], runs=runs),
    )
    if options.pictures:
        from . import variant_pictures

        files = {
            variant: masks_of(setup, group[0])[VAL]
            for variant, group in planned.items()
        }
        variant_pictures.draw(files, *setup.val_data, seeds[0], options.pictures)
        print(f'saved {options.pictures}')
