"""The steps of the mini benchmark: variants of BoxCaseg, and what they beat.

A variant is named by the endings of ablation configs, joined by ``+``:
``object-crops+ema`` is the base config with the keys of both. They are looked
for in configs/boxcaseg/mini/ablations/ and, for the paper's own ablations, in
configs/boxcaseg/ablations/. Parts that say which masks a Mask R-CNN learns
from are those of configs/proxy_mask_rcnn/ablations/.
"""
import os.path as osp
from dataclasses import replace
from typing import List, Sequence, Tuple

from . import tables
from .plan import PlannedRow, Step
from .setups import Setup, ablation_file, in_repo, load, rebase

# The base config as it is: the paper's full model.
PAPER = 'paper'
# Masks that need no training, by tools/analysis_tools/baseline_masks.py.
BASELINES = ('box', 'grabcut', 'truth')
# Endings of configs that change the prediction alone.
PREDICTION = ('box-threshold', 'flip', 'head-salient', 'head-transferred',
              'head-weak', 'head-weak-salient', 'margin-0.1', 'margins',
              'no-min-max')
# How endings of configs begin that change the training of a Mask R-CNN alone.
STAGE3_PREFIXES = ('confidence-thr-', 'thr-', 'weight-')
SELF_TRAINING = 'self-training'
SOURCES = ('configs/boxcaseg/mini/mobilenetv2_coco-mini.py',
           'configs/boxcaseg/hrnet_w48_voc.py',
           'configs/boxcaseg/hrnet_w48_coco.py')
STAGE3_SOURCES = ('configs/proxy_mask_rcnn/mask-rcnn_r101_fpn_coco.py', )
# Splits: masks of val are scored as predicted, those of train as they are
# trained on.
VAL, TRAIN = 'val', 'train'


def is_stage3(part: str) -> bool:
    """Whether a part changes the training of a Mask R-CNN alone."""
    return part.startswith(STAGE3_PREFIXES)


def stages(variant: str) -> Tuple[str, str]:
    """The parts of a variant's name that change BoxCaseg, and the others.

    Args:
        variant (str): Its name.

    Returns:
        tuple[str, str]: Names of variants of either stage, ``PAPER`` for the
        base config.
    """
    parts = variant.split('+')
    stage3 = [part for part in parts if is_stage3(part)]
    return without(variant, stage3), '+'.join(stage3) or PAPER


def find_config(part: str) -> str:
    """Ablation config by the ending of its name.

    Args:
        part (str): The ending.

    Returns:
        str: Its path.

    Raises:
        ValueError: If there is none.
    """
    sources = STAGE3_SOURCES if is_stage3(part) else SOURCES
    paths = [ablation_file(in_repo(source), part) for source in sources]
    for path in paths:
        if osp.isfile(path):
            return path
    raise ValueError(
        f'no variant {part!r}: none of {", ".join(paths)} exists; variants '
        f'are {PAPER}, {", ".join(BASELINES)} and endings of such files, '
        'joined by +')


def write_config(variant: str, base: str, folder: str) -> str:
    """Config of a variant.

    Args:
        variant (str): Its name.
        base (str): Path of the base config.
        folder (str): Where the configs of variants are written.

    Returns:
        str: Its path, ``base`` for the paper's full model.
    """
    parts = [] if variant == PAPER else variant.split('+')
    for count, part in enumerate(parts, 1):
        out = osp.join(folder, f'{"+".join(parts[:count])}.py')
        rebase(find_config(part), base, out)
        base = out
    return base


def without(variant: str, parts: Sequence[str]) -> str:
    """A variant's name without some of its parts."""
    kept = [part for part in variant.split('+') if part not in parts]
    return '+'.join(kept) or PAPER


def trainings(variant: str) -> Tuple[str, str]:
    """What is trained for a variant.

    Args:
        variant (str): Its name. Before ``self-training`` stands the first
            round, with the prediction that makes its masks; after it, what
            the second round changes.

    Returns:
        tuple[str, str]: Name of the training, which variants that differ in
        the prediction alone share; name of the variant whose masks it learns
        from, empty if there is no first round.
    """
    first, found, rest = variant.rpartition(SELF_TRAINING)
    first = first.rstrip('+')
    if not found:
        return without(variant, PREDICTION), ''
    rest = without(rest.lstrip('+'), PREDICTION)
    name = [first, SELF_TRAINING, '' if rest == PAPER else rest]
    return '+'.join(filter(None, name)), first or PAPER


class Planner:
    """Plans variants and seeds of the mini benchmark.

    Args:
        setup (Setup): Base configs and data; with a detector if masks are
            also to train a Mask R-CNN.
        folder (str): Work folder.
        mask_rcnn (bool): Whether a Mask R-CNN is trained on the masks.
    """

    def __init__(self, setup: Setup, folder: str, mask_rcnn: bool) -> None:
        self.setup = setup
        self.folder = folder
        self.mask_rcnn = mask_rcnn
        dataset = load(setup.stage1,
                       setup.stage1_options).test_dataloader.dataset
        root = dataset.get('data_root', '')
        self.data = {
            VAL: (osp.join(root, dataset.ann_file),
                  osp.join(root, dataset.data_prefix.img)),
            TRAIN: (setup.ann, setup.img_dir)
        }

    def plan(self, variant: str, seed: int) -> PlannedRow:
        """Steps of a variant with a seed.

        Args:
            variant (str): Its name.
            seed (int): Of its trainings.

        Returns:
            PlannedRow: ``files`` has the numbers: ``val``, ``train`` and,
            with a Mask R-CNN, ``mask_rcnn``.

        Raises:
            ValueError: If there is no such variant, or it is about a Mask
                R-CNN and none is trained.
        """
        row = PlannedRow(
            tables.Row(f'{variant}, seed {seed}', ()),
            replace(self.setup, name=f'seed {seed}', seed=seed))
        stage1, stage3 = stages(variant)
        if stage3 != PAPER and not self.mask_rcnn:
            raise ValueError(f'variant {variant!r}: {stage3} is about the '
                             'training of a Mask R-CNN; give --detector')
        if stage1 in BASELINES:
            masks = self._baseline(row, stage1)
        else:
            masks = self._boxcaseg(row, stage1, seed)
        if self.mask_rcnn:
            self._train_mask_head(row, variant, seed, masks)
        return row

    def masks(self, variant: str, seed: int, split: str) -> str:
        """File of the masks of a variant."""
        name = f'{split}.json'
        variant, _ = stages(variant)
        if variant in BASELINES:
            return osp.join(self.folder, 'baselines', variant, name)
        return osp.join(self.folder, f'seed{seed}', 'masks', variant, name)

    def _add(self, row: PlannedRow, kind: str, what: str, script: str,
             arguments: List[str], output: str, **kwargs) -> str:
        step = Step(kind, what, script, tuple(arguments), output, **kwargs)
        if step not in row.steps:
            row.steps.append(step)
        return output

    def _baseline(self, row: PlannedRow, name: str) -> str:
        for split, (ann, img_dir) in self.data.items():
            out = self.masks(name, 0, split)
            self._add(
                row,
                f'make masks by {name}',
                split,
                'analysis_tools/baseline_masks.py', [
                    name, '--ann', ann, '--img-dir', img_dir, '--out', out,
                    '--merge'
                    if split == TRAIN and name != 'truth' else '--no-merge'
                ],
                out,
                distributed=False)
            self._score(row, name, split, out)
        return self.masks(name, 0, TRAIN)

    def _boxcaseg(self, row: PlannedRow, variant: str, seed: int) -> str:
        """Train a variant if need be, and make and score its masks."""
        configs = osp.join(self.folder, 'configs')
        config = write_config(variant, self.setup.stage1, configs)
        checkpoint = self._train(row, variant, seed)
        options = self._options(self.setup.stage1_options)
        for split, (ann, img_dir) in self.data.items():
            out = self.masks(variant, seed, split)
            self._add(row, 'make proxy masks', f'{variant} {split}',
                      'make_proxy_masks.py', [
                          config, checkpoint, '--ann', ann, '--img-dir',
                          img_dir, '--out', out, '--resume', '--work-dir',
                          osp.join(osp.dirname(out), 'log'),
                          *(['--no-merge'] if split == VAL else []), *options
                      ], out)
            self._score(row, variant, split, out)
        return self.masks(variant, seed, TRAIN)

    def _train(self, row: PlannedRow, variant: str, seed: int) -> str:
        """Train BoxCaseg for a variant; those that differ in the prediction
        alone share a training."""
        variant, first = trainings(variant)
        options = [*self.setup.stage1_options, *_training(seed)]
        if first:
            masks = self._boxcaseg(row, first, seed)
            box = 'train_dataloader.dataset.box.'
            options += [
                f'{box}ann_file={osp.abspath(masks)}',
                f'{box}data_prefix.img={osp.abspath(self.setup.img_dir)}'
            ]
        config = write_config(variant, self.setup.stage1,
                              osp.join(self.folder, 'configs'))
        work_dir = osp.join(self.folder, f'seed{seed}', 'boxcaseg', variant)
        return self._add(
            row,
            'train BoxCaseg',
            variant,
            'train.py',
            [config, '--work-dir', work_dir, *self._options(options)],
            osp.join(work_dir, self.setup.stage1_last),
            train_dir=work_dir)

    @staticmethod
    def _options(options: Sequence[str]) -> List[str]:
        return ['--cfg-options', *options] if options else []

    def _score(self, row: PlannedRow, variant: str, split: str,
               masks: str) -> None:
        scores = osp.join(osp.dirname(masks), f'{split}_scores.json')
        row.files[split] = self._add(
            row,
            f'score masks of {split}',
            variant,
            'analysis_tools/eval_masks.py', [
                masks, self.data[split][0], '--by-size', '--boundary',
                '--json', scores
            ],
            scores,
            distributed=False)

    def _train_mask_head(self, row: PlannedRow, variant: str, seed: int,
                         masks: str) -> None:
        """Train a mask head on the masks, and test it."""
        setup = self.setup
        options = list(setup.stage3_options)
        stage1, stage3 = stages(variant)
        config = write_config(stage3, setup.stage3,
                              osp.join(self.folder, 'configs', 'stage3'))
        if stage1 in ('box', 'truth'):
            # Nothing is to be dropped: there is no doubt about these.
            options.append('train_dataloader.dataset.agreement_thr=0.0')
        if setup.voc20:
            masks = self._add(
                row,
                'cut to VOC categories',
                variant,
                'dataset_converters/coco_subset.py',
                [masks, f'{osp.splitext(masks)[0]}_voc20.json', '--voc20'],
                f'{osp.splitext(masks)[0]}_voc20.json',
                distributed=False)
        work_dir = osp.join(self.folder, f'seed{seed}', 'mask_rcnn', variant)
        detector = osp.abspath(setup.detector)
        checkpoint = self._add(
            row,
            'train mask head',
            variant,
            'train.py', [
                config, '--work-dir', work_dir, '--cfg-options', *options,
                'train_dataloader.dataset.ann_file=' + osp.abspath(masks),
                *_training(seed)
            ],
            osp.join(work_dir, setup.stage3_last),
            train_dir=work_dir,
            detector=detector)
        out = osp.join(work_dir, 'metrics.json')
        row.files[tables.MASK_RCNN] = self._add(
            row,
            'test Mask R-CNN',
            variant,
            'test.py', [
                setup.stage3, checkpoint, '--work-dir',
                osp.join(work_dir, 'log'), '--metrics-out', out,
                *self._options(setup.stage3_options)
            ],
            out,
            detector=detector)


def _training(seed: int) -> List[str]:
    """Options of every training: tested afterwards, seeded."""
    return [
        'val_cfg=None', 'val_dataloader=None', 'val_evaluator=None',
        f'randomness.seed={seed}'
    ]
