"""From a table's rows to the commands that give their numbers."""
import os.path as osp
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Sequence, Tuple

from . import tables
from .setups import Setup

# Of the mini config that trains a mask head.
DETECTOR_VARIABLE = 'MMBOXCASEG_DETECTOR'


@dataclass(frozen=True)
class Step:
    """A command, and the file it leaves.

    Args:
        kind (str): What it does, in a word or two; steps of a kind take
            about as long.
        what (str): Of what.
        script (str): Script below ``tools/``.
        arguments (tuple[str, ...]): Its arguments.
        output (str): The file that it leaves.
        train_dir (str, optional): Work folder of a training, which goes on
            from its last checkpoint there.
        distributed (bool): Whether it can run in several processes.
        detector (str, optional): Checkpoint that the config reads from the
            environment variable ``DETECTOR_VARIABLE``.
    """
    kind: str
    what: str
    script: str
    arguments: Tuple[str, ...]
    output: str
    train_dir: Optional[str] = None
    distributed: bool = True
    detector: Optional[str] = None


@dataclass
class PlannedRow:
    """A row of a table with what has to be done for it.

    Args:
        row (Row): The row.
        setup (Setup): The full model it is a variant of.
        steps (list[Step]): What to run, in this order; rows may share steps.
        files (dict[str, str]): JSON of metrics by source.
        origin (str): Where its numbers come from: what was trained for it.
        agreement_thr (float): Threshold of its stage 3.
    """
    row: tables.Row
    setup: Setup
    steps: List[Step] = field(default_factory=list)
    files: Dict[str, str] = field(default_factory=dict)
    origin: str = ''
    agreement_thr: float = 0.0


def plan_row(table: tables.Table, row: tables.Row, setup: Setup, folder: str,
             retrain: Optional[bool]) -> PlannedRow:
    """Plan a row.

    Args:
        table (Table): The row's table.
        row (Row): The row.
        setup (Setup): The full model it is a variant of.
        folder (str): Work folder of the data set.
        retrain (bool, optional): Whether a row that the full model's
            checkpoint could give is trained on its own; None for the table's
            default.

    Returns:
        PlannedRow: The plan.
    """
    if retrain is None or table.retrain is None:
        retrain = table.retrain
    # Without a choice, whatever varies stage 1 is a training.
    own = retrain is not False
    variant = row.variant
    if own and row.twin:
        variant = row.twin
    if variant in setup.same_as_base:
        variant = None
    planned = PlannedRow(row, setup)
    planned.agreement_thr = (
        setup.agreement_thr
        if row.agreement_thr is None else row.agreement_thr)
    builder = _Builder(setup, folder, planned)
    checkpoint = builder.train_boxcaseg(row, variant if own else None)
    if variant is None:
        planned.origin = 'full model'
    elif own:
        planned.origin = 'own training'
    else:
        planned.origin = "full model's checkpoint"
    if table.uses(tables.BOXCASEG):
        builder.test_boxcaseg(variant, checkpoint)
    if table.uses(tables.MASK_RCNN):
        masks = builder.make_masks(variant, checkpoint, row.merge)
        builder.train_detector(row, variant, masks)
    return planned


class _Builder:
    """Adds the steps of one row to its plan."""

    def __init__(self, setup: Setup, folder: str, planned: PlannedRow) -> None:
        self.setup = setup
        # The runner tests after training, with its metrics in a file.
        self.training = ('val_cfg=None', 'val_dataloader=None',
                         'val_evaluator=None')
        if setup.seed is not None:
            self.training += (f'randomness.seed={setup.seed}', )
        self.folder = folder
        self.planned = planned

    def path(self, *names: str) -> str:
        """Path in the work folder."""
        return osp.join(self.folder, *names)

    def add(self, kind: str, what: str, script: str,
            arguments: Sequence[Optional[str]], output: str, **kwargs) -> str:
        """Add a step unless the row has it; None among the arguments is left
        out. Returns the output."""
        arguments = tuple(word for word in arguments if word is not None)
        step = Step(kind, what, script, arguments, output, **kwargs)
        if step not in self.planned.steps:
            self.planned.steps.append(step)
        return output

    def stage1_config(self, variant: Optional[str]) -> str:
        """Config of a variant of stage 1."""
        return self.setup.ablations[variant] if variant else self.setup.stage1

    def train_boxcaseg(self, row: tables.Row, variant: Optional[str]) -> str:
        """Train a variant of BoxCaseg, the full model for None."""
        setup = self.setup
        if variant is None and setup.checkpoint:
            return setup.checkpoint
        options = [*setup.stage1_options, *self.training]
        if variant and row.salient:
            names = self._draw_salient(row.salient)
            options.append('train_dataloader.dataset.salient.ann_file=' +
                           osp.abspath(names))
        work_dir = self.path('boxcaseg', variant or 'full')
        return self.add(
            'train BoxCaseg',
            variant or 'full model',
            'train.py', [
                self.stage1_config(variant), '--work-dir', work_dir,
                '--cfg-options', *options
            ],
            osp.join(work_dir, setup.stage1_last),
            train_dir=work_dir)

    def _draw_salient(self, count: int) -> str:
        """Draw salient images at random."""
        out = self.path('salient', f'duts_single_{count}.txt')
        return self.add(
            'draw salient images',
            str(count),
            'dataset_converters/duts_single.py', [
                self.setup.salient_root, out, '--subset',
                str(count), '--no-check' if self.setup.name == 'mini' else None
            ],
            out,
            distributed=False)

    def results(self, variant: Optional[str], checkpoint: str) -> str:
        """Folder of what a variant of BoxCaseg gives: below its training."""
        if checkpoint == self.setup.checkpoint:
            parent = self.path('boxcaseg', 'full')
        else:
            parent = osp.dirname(checkpoint)
        return osp.join(parent, 'results', variant or 'full')

    def test_boxcaseg(self, variant: Optional[str], checkpoint: str) -> None:
        """Score the masks for the true boxes of the validation set."""
        folder = self.results(variant, checkpoint)
        options = self.setup.stage1_options
        self.planned.files[tables.BOXCASEG] = self.add(
            'test BoxCaseg', variant or 'full model', 'test.py', [
                self.stage1_config(variant), checkpoint, '--work-dir',
                osp.join(folder, 'log'), '--metrics-out',
                osp.join(folder, 'metrics.json'),
                *(['--cfg-options', *options] if options else [])
            ], osp.join(folder, 'metrics.json'))

    def make_masks(self, variant: Optional[str], checkpoint: str,
                   merge: bool) -> str:
        """Make proxy masks and score them against the true masks."""
        setup = self.setup
        folder = self.results(variant, checkpoint)
        name = 'merged' if merge else 'unmerged'
        what = f'{variant or "full model"}, {name}'
        options = setup.stage1_options
        out = osp.join(folder, f'{name}.json')
        masks = self.add('make proxy masks', what, 'make_proxy_masks.py', [
            self.stage1_config(variant), checkpoint, '--ann', setup.ann,
            '--img-dir', setup.img_dir, '--out', out, '--resume',
            None if merge else '--no-merge', '--work-dir',
            osp.join(folder,
                     'log'), *(['--cfg-options', *options] if options else [])
        ], out)
        truth = setup.ann
        if setup.voc20:
            masks = self._keep_voc20(masks,
                                     osp.join(folder, f'{name}_voc20.json'),
                                     what)
            truth = self._keep_voc20(truth, self.path('true_masks_voc20.json'),
                                     'true masks')
        scores = osp.join(folder, f'{name}_scores.json')
        self.planned.files[tables.PROXY] = self.add(
            'score proxy masks',
            what,
            'analysis_tools/eval_masks.py', [masks, truth, '--json', scores],
            scores,
            distributed=False)
        return masks

    def _keep_voc20(self, ann: str, out: str, what: str) -> str:
        """Cut a COCO json down to VOC's categories."""
        return self.add(
            'cut to VOC categories',
            what,
            'dataset_converters/coco_subset.py', [ann, out, '--voc20'],
            out,
            distributed=False)

    def train_detector(self, row: tables.Row, variant: Optional[str],
                       masks: str) -> None:
        """Train Mask R-CNN on proxy masks, and test it."""
        setup = self.setup
        config = setup.stage3
        key = f'stage3/{row.stage3}'
        if row.stage3 and key not in setup.same_as_base:
            config = setup.ablations[key]
        what, detector = 'Mask R-CNN', None
        if setup.detector_config:
            what, detector = 'mask head', self._shared_detector()
        name = '_'.join([
            variant or 'full', 'merged' if row.merge else 'unmerged',
            f'thr-{self.planned.agreement_thr:g}'
        ])
        self.planned.origin += f', {what} trained'
        work_dir = self.path('mask_rcnn', name)
        ann_file = f'train_dataloader.dataset.ann_file={osp.abspath(masks)}'
        checkpoint = self.add(
            f'train {what}',
            name,
            'train.py', [
                config, '--work-dir', work_dir, '--cfg-options',
                *setup.stage3_options, ann_file, *self.training
            ],
            osp.join(work_dir, setup.stage3_last),
            train_dir=work_dir,
            detector=detector)
        out = osp.join(work_dir, 'metrics.json')
        self.planned.files[tables.MASK_RCNN] = self.add(
            'test Mask R-CNN', name, 'test.py', [
                config, checkpoint, '--work-dir',
                osp.join(work_dir, 'log'), '--metrics-out', out,
                *(['--cfg-options', *setup.stage3_options]
                  if setup.stage3_options else [])
            ], out)

    def _shared_detector(self) -> str:
        """Train the detector whose boxes all rows share."""
        setup = self.setup
        if setup.detector:
            return osp.abspath(setup.detector)
        # Trained on the full model's masks; only its mask head, which every
        # row trains anew, depends on them.
        planned = self.planned
        files = dict(planned.files)
        checkpoint = self.train_boxcaseg(planned.row, None)
        masks = self.make_masks(None, checkpoint, merge=True)
        planned.files = files
        work_dir = self.path('detector')
        return osp.abspath(
            self.add(
                'train detector',
                'shared by all rows',
                'train.py', [
                    setup.detector_config, '--work-dir', work_dir,
                    '--cfg-options', 'train_dataloader.dataset.ann_file=' +
                    osp.abspath(masks), *self.training
                ],
                osp.join(work_dir, setup.detector_last),
                train_dir=work_dir))


def distinct(planned: Sequence[PlannedRow]) -> List[Step]:
    """The steps of some rows, each once.

    Args:
        planned (Sequence[PlannedRow]): The rows.

    Returns:
        list[Step]: In the order of their first use.
    """
    steps: Dict[str, Step] = {}
    for one in planned:
        for step in one.steps:
            steps.setdefault(step.output, step)
    return list(steps.values())
