"""Experiments for the rows of a table, and the commands that run them."""

import os.path as osp
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .bases import FULL, in_repo
from .columns import BOXCASEG, MASK_RCNN, PROXY, VAL
from .paper import THRESHOLDS
from .setups import Setup


@dataclass(frozen=True)
class Experiment:
    """An experiment: all that gives the numbers of a row, or of one seed of it.

    Attributes:
        name (str): Name of the row.
        folder (str): Work folder. Experiments in one folder share trainings.
        label (str): Name of its masks in this folder.
        method (str): What makes the masks: ``BOXCASEG`` or a method of
            ``baseline_masks.py``.
        trained (str): Variant of BoxCaseg that is trained.
        predicted (str): Variant of BoxCaseg that predicts.
        mask_rcnn (str): Variant of the Mask R-CNN that learns from the masks,
            if one does.
        seed (int): Seed of the trainings.
        tested (bool): Whether BoxCaseg is tested with ``tools/test.py``.
        val (bool): Whether masks of the validation set are made too, and all
            masks are scored, not only those of the detector's categories.
        merge (bool): Whether the masks that the detector learns from are
            merged.
        salient (int | None): Number of salient images to draw for training.
        first (Experiment | None): First round, whose masks this one trains
            on.
        agreement_thr (float): Threshold of the masks that the Mask R-CNN
            learns from.
        origin (str): Origin of its numbers, for the table.
    """

    name: str
    folder: str
    label: str = FULL
    method: str = BOXCASEG
    trained: str = FULL
    predicted: str = FULL
    mask_rcnn: str = FULL
    seed: int = 0
    tested: bool = False
    val: bool = False
    merge: bool = True
    salient: int | None = None
    first: 'Experiment | None' = None
    agreement_thr: float = 0.0
    origin: str = ''

    @property
    def mask_rcnn_dir(self) -> str:
        """Work folder of its Mask R-CNN."""
        merge = 'merged' if self.merge else 'unmerged'
        return osp.join(
            self.folder, 'mask_rcnn', f'{self.label}_{merge}_{self.mask_rcnn}'
        )


@dataclass(frozen=True)
class Step:
    """A command and the file that it writes.

    Attributes:
        kind (str): Kind of the step. Steps of a kind take about the same
            time.
        what (str): What the step works on.
        words (tuple[str, ...]): Words of the command after ``python``.
        output (str): Path of the file that it writes.
        train_dir (str): Work folder of a training, which can be resumed from
            its last checkpoint; empty for other steps.
        distributed (bool): Whether it can run in several processes.
        env (tuple[str, ...]): Environment variables ``NAME=VALUE``.
    """

    kind: str
    what: str
    words: tuple[str, ...]
    output: str
    train_dir: str = ''
    distributed: bool = False
    env: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """The steps of a row, in an order in which they can be run.

    Attributes:
        name (str): Name of the row, or of one seed of it.
        folder (str): Work folder. Its last part is in the names of the logs.
        steps (tuple[Step, ...]): The steps.
    """

    name: str
    folder: str
    steps: tuple[Step, ...]


def distinct(steps: Iterable[Step]) -> list[Step]:
    """Remove repeated steps, in the order of their first use."""
    found: dict[str, Step] = {}
    for step in steps:
        found.setdefault(step.output, step)
    return list(found.values())


def plan(setup: Setup, one: Experiment) -> Job:
    """Plan the steps of an experiment."""
    steps = distinct([*_box_masks(setup, one), *_mask_rcnn(setup, one)])
    return Job(one.name, one.folder, tuple(steps))


def masks_of(setup: Setup, one: Experiment) -> dict[str, str]:
    """JSON files of the masks of an experiment, by source."""
    names = {VAL: 'val'} if one.val else {}
    if one.val or setup.stage3:
        names[PROXY] = 'train' if one.merge else 'train_unmerged'
    # Masks without a training are the same for all seeds.
    folder = one.folder if one.method == BOXCASEG else setup.folder
    return {
        source: osp.join(folder, 'masks', one.label, f'{name}.json')
        for source, name in names.items()
    }


def files_of(setup: Setup, one: Experiment) -> dict[str, str]:
    """JSON files of the numbers of an experiment, by source."""
    masks = masks_of(setup, one).items()
    files = {source: _beside(path, 'scores') for source, path in masks}
    if one.tested:
        files[BOXCASEG] = osp.join(one.folder, 'metrics', f'{one.label}.json')
    if setup.stage3:
        files[MASK_RCNN] = osp.join(one.mask_rcnn_dir, 'metrics.json')
    return files


def _box_masks(setup: Setup, one: Experiment) -> Iterator[Step]:
    """Train BoxCaseg and test it; make its masks, and score them."""
    checkpoint = osp.join(one.folder, 'boxcaseg', one.trained, setup.stage1.last)
    if one.trained == FULL and setup.checkpoint:
        checkpoint = setup.checkpoint
    if one.method == BOXCASEG:
        if checkpoint != setup.checkpoint:
            yield from _train_boxcaseg(setup, one, checkpoint)
        if one.tested:
            out = files_of(setup, one)[BOXCASEG]
            yield test_step(
                'BoxCaseg',
                one.label,
                setup.config(one.predicted),
                checkpoint,
                out,
                setup.stage1.options,
            )
    for source, masks in masks_of(setup, one).items():
        data = setup.val_data if source == VAL else setup.train_data
        files = ['--ann', data[0], '--img-dir', data[1], '--out', masks]
        merge = one.merge and source != VAL
        if one.method == BOXCASEG:
            yield _make_masks(setup, one, checkpoint, files, merge, masks)
        else:
            yield baseline_step(one.method, source, data, masks, merge)
        yield from _score(setup, one, source, masks, data[0])


def _train_boxcaseg(setup: Setup, one: Experiment, checkpoint: str) -> Iterator[Step]:
    """Train BoxCaseg, after the steps that make its data."""
    options, dataset = [*setup.stage1.options], 'train_dataloader.dataset.'
    if one.first:
        yield from _box_masks(setup, one.first)
        masks = osp.abspath(masks_of(setup, one.first)[PROXY])
        photos = osp.abspath(setup.train_data[1])
        options += [
            f'{dataset}box.ann_file={masks}',
            f'{dataset}box.data_prefix.img={photos}',
        ]
    if one.salient:
        count = str(one.salient)
        out = osp.join(one.folder, 'salient', f'duts_single_{count}.txt')
        words = [setup.salient_root, out, '--subset', count]
        if setup.data == 'mini':
            words.append('--no-check')
        yield Step(
            'draw salient images',
            count,
            _script('dataset_converters/duts_single.py', *words),
            out,
        )
        options.append(f'{dataset}salient.ann_file={osp.abspath(out)}')
    yield train_step(
        'BoxCaseg',
        one.trained,
        setup.config(one.trained),
        checkpoint,
        options,
        one.seed,
    )


def _make_masks(
    setup: Setup,
    one: Experiment,
    checkpoint: str,
    files: Sequence[str],
    merge: bool,
    out: str,
) -> Step:
    words = _script(
        'make_proxy_masks.py',
        setup.config(one.predicted),
        checkpoint,
        *files,
        '--resume',
        *([] if merge else ['--no-merge']),
        '--work-dir',
        osp.join(osp.dirname(out), 'log'),
        *_cfg_options(setup.stage1.options),
    )
    name = osp.splitext(osp.basename(out))[0]
    return Step(f'make masks of {name}', one.label, words, out, '', True)


def _score(
    setup: Setup, one: Experiment, source: str, masks: str, truth: str
) -> Iterator[Step]:
    """Score masks against the true ones, only those of VOC's categories if a
    detector learns only these."""
    if setup.voc20 and not one.val:
        whole, masks = masks, _beside(masks, 'voc20')
        yield voc20_step(whole, masks)
        whole, truth = truth, osp.join(one.folder, 'true_masks_voc20.json')
        yield voc20_step(whole, truth)
    options = ['--by-size', '--boundary']
    if not one.val:
        thresholds = sorted({*THRESHOLDS, setup.agreement_thr} - {0.0})
        options = ['--agreement-thr', *map(str, thresholds)]
    out = files_of(setup, one)[source]
    words = ('-m', 'mmboxcaseg.cli', 'score', masks, truth, *options, '--json', out)
    yield Step(f'score {source} masks', one.label, words, out)


def _mask_rcnn(setup: Setup, one: Experiment) -> Iterator[Step]:
    """Train a Mask R-CNN or a mask head on the masks, and test it."""
    base = setup.stage3
    if base is None:
        return
    if setup.voc20:
        masks = masks_of(setup, one)[PROXY]
        yield voc20_step(masks, _beside(masks, 'voc20'))
    detector = setup.detector
    if setup.shared and not detector:
        # It is trained on the full model's masks. Only its mask head depends on
        # them, and each row trains a new one.
        full = Experiment('full model', one.folder, seed=one.seed)
        yield from _box_masks(setup, full)
        detector = osp.join(one.folder, 'detector', setup.shared.last)
        yield train_step(
            'detector',
            'shared by all rows',
            setup.shared.path,
            detector,
            [_learn_from(setup, full)],
            one.seed,
        )
    options = [*base.options, _learn_from(setup, one)]
    if one.method in ('box', 'truth'):
        # None of these masks is to be ignored.
        options.append('train_dataloader.dataset.agreement_thr=0.0')
    env = ()
    if detector:
        # Read by the mini config that trains a mask head.
        env = (f'MMBOXCASEG_DETECTOR={osp.abspath(detector)}',)
    kind, what = setup.mask_rcnn_kind, osp.basename(one.mask_rcnn_dir)
    config = setup.config(one.mask_rcnn, True)
    checkpoint = osp.join(one.mask_rcnn_dir, base.last)
    yield train_step(kind, what, config, checkpoint, options, one.seed, env)
    out = files_of(setup, one)[MASK_RCNN]
    yield test_step(kind, what, config, checkpoint, out, base.options)


def _learn_from(setup: Setup, one: Experiment) -> str:
    """The setting for the masks that a detector learns from."""
    path = masks_of(setup, one)[PROXY]
    if setup.voc20:
        path = _beside(path, 'voc20')
    return f'train_dataloader.dataset.ann_file={osp.abspath(path)}'


def _beside(path: str, name: str) -> str:
    return f'{osp.splitext(path)[0]}_{name}.json'


def _script(name: str, *words: str) -> tuple[str, ...]:
    return (in_repo('tools', name), *words)


def _cfg_options(options: Sequence[str]) -> Sequence[str]:
    return ['--cfg-options', *options] if options else []


def baseline_step(
    method: str, what: str, data: tuple[str, str], out: str, merge: bool
) -> Step:
    """The step that makes masks of a COCO json's boxes without a network."""
    words = _script(
        'analysis_tools/baseline_masks.py',
        method,
        *('--ann', data[0], '--img-dir', data[1], '--out', out),
        '--merge' if merge else '--no-merge',
    )
    return Step(f'make {method}', what, words, out)


def voc20_step(path: str, out: str) -> Step:
    """The step that reduces a file to VOC's 20 of COCO's categories."""
    words = _script('dataset_converters/coco_subset.py', path, out, '--voc20')
    return Step('cut to VOC categories', osp.basename(path), words, out)


def train_step(
    kind: str,
    what: str,
    config: str,
    checkpoint: str,
    options: Sequence[str],
    seed: int,
    env: tuple[str, ...] = (),
) -> Step:
    """The step that trains a model; another step tests it."""
    folder = osp.dirname(checkpoint)
    words = _script(
        'train.py',
        config,
        '--work-dir',
        folder,
        '--cfg-options',
        *options,
        'val_cfg=None',
        'val_dataloader=None',
        'val_evaluator=None',
        f'randomness.seed={seed}',
    )
    return Step(f'train {kind}', what, words, checkpoint, folder, True, env)


def test_step(
    kind: str, what: str, config: str, checkpoint: str, out: str, options: Sequence[str]
) -> Step:
    """The step that tests a model and writes its metrics."""
    words = _script(
        'test.py',
        config,
        checkpoint,
        '--work-dir',
        osp.join(osp.dirname(out), 'log'),
        '--metrics-out',
        out,
        *_cfg_options(options),
    )
    return Step(f'test {kind}', what, words, out, '', True)
