"""Train all baselines on the mini data, and print their mask AP in one table.

One Mask R-CNN is trained, or given with --detector. Each method trains only its
mask part on it, once for each seed. All methods have the same boxes, classes and
scores, and only masks differ. BoxInst has no separate mask part: it is trained as
a whole, as long as that Mask R-CNN, and has its own box AP.

Steps with results in the work folder are not run again. If the command was
stopped, run it again: a training resumes from its last checkpoint.

  box          the filled box
  grabcut      masks by GrabCut, merged
  bbtp         boxes by multiple-instance learning
  bbtp-s       the same and salient images with masks
  boxinst      boxes by projection and colour
  shapeprop-s  salient images with masks, ShapeProp
  ours         proxy masks of the default model of the package
  truth        the true masks

docs/mini_benchmark.md says where the data and the weights come from,
docs/baselines.md what each method is.

Example:
    python tools/benchmarks/run_baselines.py --seeds 0 1 2 \
        --pictures work_dirs/baselines/photos.png
"""

import os.path as osp
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mmboxcaseg.markdown import markdown_table

from . import execute
from .bases import Base, check_unchanged, in_repo, rebase
from .columns import MASK_RCNN, Column, read_number
from .experiment import (
    Job,
    Step,
    baseline_step,
    distinct,
    test_step,
    train_step,
    voc20_step,
)
from .options import RunOptions, errors_of, option, parse, write
from .setups import MINI_DETECTOR, STAGE3

COLUMNS = (
    Column('mask AP', MASK_RCNN, 'coco/segm_mAP'),
    *(Column(key, MASK_RCNN, key) for key in ('AP25', 'AP50', 'AP70', 'AP75')),
    Column('box AP', MASK_RCNN, 'coco/bbox_mAP'),
    Column('box AP50', MASK_RCNN, 'coco/bbox_mAP_50'),
)
# The box head of the shared detector is not trained, so it needs no extra class for
# salient objects.
FROZEN_S = ('model.roi_head.bbox_head.num_extra_classes=0',)
DETECTOR = 'detector'


@dataclass(frozen=True)
class Method:
    """A row of the table.

    Attributes:
        name (str): Name of the method in options.
        title (str): Name of the method in the table.
        supervision (str): M, B, or B+S, as in the paper's Table 1.
        config (str): Config of the method for the mini data.
        masks (str): What makes the masks that it learns from: ``'proxy'`` or
            a method of ``baseline_masks.py``; empty if its config needs only
            the file of the boxes.
        whole (bool): Whether it is trained as a whole.
        options (tuple[str, ...]): Settings ``KEY=VALUE`` for training only
            its mask part.
    """

    name: str
    title: str
    supervision: str
    config: str
    masks: str = ''
    whole: bool = False
    options: tuple[str, ...] = ()


def _config(name: str, ending: str = '') -> str:
    return f'configs/baselines/mini/{name}_mobilenetv2_fpn{ending}_coco-mini.py'


METHODS = (
    Method('box', 'Mask R-CNN, filled boxes', 'B', _config('mask-rcnn', '_box-masks')),
    Method(
        'grabcut',
        'Mask R-CNN, GrabCut masks',
        'B',
        _config('mask-rcnn', '_grabcut-masks'),
        'grabcut',
    ),
    Method('bbtp', 'BBTP', 'B', _config('bbtp')),
    Method('boxinst', 'BoxInst', 'B', _config('boxinst'), whole=True),
    Method('bbtp-s', 'BBTP+S', 'B+S', _config('bbtp-s'), options=FROZEN_S),
    Method(
        'shapeprop-s',
        'ShapeProp+S',
        'B+S',
        _config('shapeprop-s'),
        options=(
            *FROZEN_S,
            'custom_hooks.0.trained=roi_head.mask_head,roi_head.shape_head',
        ),
    ),
    Method('ours', 'Mask R-CNN, proxy masks', 'B+S', MINI_DETECTOR, 'proxy'),
    Method('truth', 'Mask R-CNN, true masks', 'M', _config('mask-rcnn', '_true-masks')),
)
NAMES = tuple(method.name for method in METHODS)


@dataclass(frozen=True, kw_only=True)
class BaselineOptions(RunOptions):
    """Options of ``run_baselines.py``."""

    methods: tuple[str, ...] = option(
        'methods to compare (default: all)',
        NAMES,
        nargs='+',
        choices=NAMES,
        metavar='NAME',
    )
    seeds: tuple[int, ...] = option(
        'seeds of the mask parts and of BoxInst (default: 0 1 2)',
        (0, 1, 2),
        nargs='+',
        type=int,
    )
    detector: str | None = option(
        'checkpoint of a Mask R-CNN of the mini data, on which all methods train '
        'their mask part (default: it is trained, with seed 0)',
        metavar='FILE',
    )
    max_iters: int | None = option(
        "iterations of a mask part (default: its config's)", metavar='N', type=int
    )
    detector_iters: int | None = option(
        "iterations of the Mask R-CNN and of BoxInst (default: their configs')",
        metavar='N',
        type=int,
    )
    pictures: str | None = option(
        'PNG file for six photos of val2017 with the detections of each method, '
        'trained with the first seed',
        metavar='FILE',
    )
    work_dir: str = option(
        'folder of all results (default: %(default)s)',
        osp.join('work_dirs', 'baselines'),
    )

    def wrong(self) -> str:
        """What is wrong with the options; empty if nothing is."""
        for name in ('methods', 'seeds'):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                return f'--{name}: a value occurs twice'
        # The warm-ups of the learning rate take so many iterations.
        for name, least in (('max_iters', 50), ('detector_iters', 100)):
            value = getattr(self, name)
            if value is not None and value <= least:
                option = name.replace('_', '-')
                return f'--{option} must be above {least}, got {value}'
        if self.detector and not osp.isfile(self.detector):
            return f'--detector: no file {self.detector}'
        return super().wrong()


def budget(iters: int | None, boxinst: bool = False) -> tuple[str, ...]:
    """Settings for the length of a training; none for that of the config."""
    if iters is None:
        return ()
    # The pairwise loss reaches its full weight then, as in its config.
    warm_up = (f'model.mask_head.warmup_iters={iters // 9}',) if boxinst else ()
    return (
        *warm_up,
        f'train_cfg.max_iters={iters}',
        f'train_cfg.val_interval={iters}',
        f'default_hooks.checkpoint.interval={iters}',
        f'param_scheduler.1.end={iters}',
    )


def mask_part(method: Method, options: BaselineOptions) -> Base:
    """The config that a method trains, with the length that the options set."""
    if method.whole:
        return Base.read(in_repo(method.config), budget(options.detector_iters, True))
    config = in_repo(STAGE3['mini'])
    if method.config != MINI_DETECTOR:
        out = osp.join(options.work_dir, 'configs', f'{method.name}.py')
        config = rebase(config, in_repo(method.config), out)
    return Base.read(config, (*method.options, *budget(options.max_iters)))


@dataclass(frozen=True, eq=False)
class Plan:
    """The files of a run, and the steps that make them.

    Attributes:
        options (BaselineOptions): Options of the command.
        detector (Base): Config of the shared detector.
        bases (Mapping[str, Base]): Config of what each chosen method trains,
            in the order of the table.
    """

    options: BaselineOptions
    detector: Base
    bases: Mapping[str, Base]

    @classmethod
    def read(cls, options: BaselineOptions) -> 'Plan':
        """Read the config of the detector, and write those of mask parts.

        Raises:
            ValueError: If a config has changed since the work folder was
                begun. A dry run does not check it.
        """
        detector = Base.read(in_repo(MINI_DETECTOR), budget(options.detector_iters))
        bases = {
            method.name: mask_part(method, options)
            for method in METHODS
            if method.name in options.methods
        }
        if not options.dry_run:
            check_unchanged([detector, *bases.values()], options.work_dir)
        return cls(options, detector, bases)

    @property
    def methods(self) -> list[Method]:
        """The chosen methods, in the order of the table."""
        return [method for method in METHODS if method.name in self.bases]

    @property
    def train_data(self) -> tuple[str, str]:
        """COCO json of all boxes of the training photos, and the photos."""
        dataset = self.detector.cfg.train_dataloader.dataset
        photos = dataset.data_prefix.img
        name = osp.join('annotations', 'instances_train2017.json')
        return osp.join(osp.dirname(photos.rstrip('/')), name), photos

    @property
    def val_data(self) -> tuple[str, str]:
        """COCO json of the truth of the photos of the test, and the photos."""
        dataset = self.detector.cfg.test_dataloader.dataset
        return dataset.ann_file, dataset.data_prefix.img

    def folder(self, method: Method, seed: int) -> str:
        """Work folder of a training."""
        return osp.join(self.options.work_dir, method.name, f'seed{seed}')

    def metrics(self, method: Method, seed: int) -> str:
        """JSON of the numbers of a training."""
        return osp.join(self.folder(method, seed), 'metrics.json')

    def detections(self, method: Method, seed: int) -> str:
        """JSON of the detections of a training, as COCO's server takes it."""
        return osp.join(self.folder(method, seed), 'detections.segm.json')

    def jobs(self) -> list[Job]:
        """All trainings, seed after seed."""
        return [
            Job(
                f'{method.name}, seed {seed}',
                osp.join(self.options.work_dir, method.name),
                tuple(distinct(self.steps(method, seed))),
            )
            for seed in self.options.seeds
            for method in self.methods
        ]

    def masks(self, kind: str) -> tuple[str, list[Step]]:
        """JSON of the masks with VOC's categories, and the steps that make it."""
        whole = osp.join(self.options.work_dir, 'masks', f'{kind}.json')
        own = osp.join(self.options.work_dir, 'masks', f'{kind}_voc20.json')
        ann, photos = self.train_data
        if kind == 'proxy':
            words = ('-m', 'mmboxcaseg.cli', 'masks', ann, photos, '-o', whole)
            step = Step('make proxy', 'train2017', (*words, '--resume'), whole)
        else:
            step = baseline_step(kind, 'train2017', (ann, photos), whole, merge=True)
        return own, [step, voc20_step(whole, own)]

    def steps(self, method: Method, seed: int) -> Iterator[Step]:
        """All steps for a row with a seed."""
        base, env = self.bases[method.name], ()
        settings = list(base.options)
        if method.masks:
            masks, steps = self.masks(method.masks)
            yield from steps
            settings.append(f'train_dataloader.dataset.ann_file={osp.abspath(masks)}')
        if not method.whole:
            detector = self.options.detector
            if not detector:
                detector = osp.join(self.options.work_dir, DETECTOR, self.detector.last)
                proxies, steps = self.masks('proxy')
                yield from steps
                ann = f'train_dataloader.dataset.ann_file={osp.abspath(proxies)}'
                yield train_step(
                    DETECTOR,
                    'shared by all methods',
                    self.detector.path,
                    detector,
                    [*self.detector.options, ann],
                    0,
                )
            env = (f'MMBOXCASEG_DETECTOR={osp.abspath(detector)}',)
        kind = method.name if method.whole else f'mask part of {method.name}'
        what = f'seed {seed}'
        checkpoint = osp.join(self.folder(method, seed), base.last)
        yield train_step(kind, what, base.path, checkpoint, settings, seed, env)
        prefix = osp.abspath(self.detections(method, seed).removesuffix('.segm.json'))
        options = [*base.options, f'test_evaluator.0.outfile_prefix={prefix}']
        out = self.metrics(method, seed)
        yield test_step(kind, what, base.path, checkpoint, out, options)


def to_markdown(plan: Plan) -> tuple[str, list[dict]]:
    """The table and its numbers: means and, with several seeds, the standard
    deviations of the samples."""
    lines, numbers = [], []
    for method in plan.methods:
        runs = [
            {
                column.title: read_number(column, plan.metrics(method, seed))
                for column in COLUMNS
            }
            for seed in plan.options.seeds
        ]
        cells = []
        for column in COLUMNS:
            values = [run[column.title] for run in runs]
            spread = statistics.stdev(values) if len(values) > 1 else None
            cells.append((statistics.fmean(values), spread))
        lines.append([method.title, method.supervision, len(runs), *cells])
        numbers.append(dict(method=method.name, seeds=plan.options.seeds, runs=runs))
    header = ['method', 'sup.', 'seeds', *(column.title for column in COLUMNS)]
    return markdown_table(header, lines), numbers


def caption(plan: Plan) -> str:
    """A line about what was trained, and how long."""
    detector = plan.options.detector or (
        f'`{osp.basename(plan.detector.path)}` to {plan.detector.last}'
    )
    parts = [f'Val2017, in percent. Shared detector: {detector}.']
    lasts = {
        plan.bases[method.name].last for method in plan.methods if not method.whole
    }
    parts += [f'Mask parts: to {last}.' for last in sorted(lasts)]
    parts += [
        f'{method.title}: whole, to {plan.bases[method.name].last}.'
        for method in plan.methods
        if method.whole
    ]
    return ' '.join(parts)


def main(
    argv: Sequence[str] | None = None, run: execute.Run = execute.run_logged
) -> None:
    """Run the command line tool; ``run`` runs each step."""
    options = parse(BaselineOptions, __doc__, argv)
    with errors_of('run_baselines'):
        plan = Plan.read(options)
        jobs = plan.jobs()
        if options.dry_run:
            execute.print_left(jobs, options.work_dir, options.gpus)
            return
        execute.run_all(jobs, options.work_dir, options.gpus, run)
        table, numbers = to_markdown(plan)
    text = '\n\n'.join([caption(plan), table])
    write(options.out or osp.join(options.work_dir, 'table.md'), text, numbers)
    if options.pictures:
        from . import detection_pictures

        files = {
            method.title: plan.detections(method, options.seeds[0])
            for method in plan.methods
        }
        classes = plan.detector.cfg.metainfo.classes
        detection_pictures.draw(files, classes, *plan.val_data, options.pictures)
        print(f'saved {options.pictures}')
