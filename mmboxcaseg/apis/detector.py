"""Training a Mask R-CNN on a file of masks."""

import logging
import os.path as osp
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmboxcaseg import __version__, process
from mmboxcaseg.annotations import MaskFile, read_proxy_masks
from mmboxcaseg.annotations.output import write_json
from mmboxcaseg.annotations.photos import check_photo_folder
from mmboxcaseg.quiet import unprinted
from mmboxcaseg.training import (
    DETECTORS,
    DetectorOptions,
    TrainingFolder,
    keep_aside,
    part_of,
)

from .budget import budget_iters

if TYPE_CHECKING:
    from mmengine.config import Config

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DetectorReport:
    """The result of training a detector.

    Attributes:
        config (str): Path of the detector's config.
        checkpoint (str | None): Path of its weights; None after a dry run.
        box_ap (float | None): COCO's box AP on the photos kept aside, in
            percent; None after a dry run.
        iters (int): Number of iterations.
    """

    config: str
    checkpoint: str | None
    box_ap: float | None
    iters: int

    def summary(self) -> str:
        """Summarize the result in a line of text."""
        if self.checkpoint is None:
            return f'{self.config}: {self.iters} iterations'
        return (
            f'{self.checkpoint}: {self.iters} iterations, box AP {self.box_ap:.1f} '
            'on photos kept aside'
        )


def train_detector(options: DetectorOptions) -> DetectorReport:
    """Train a Mask R-CNN on the masks and classes of a file.

    Some photos are kept aside. After each tenth of the training, the boxes
    found in them are scored, but not the masks, since their masks are
    predicted ones. The same options resume a training that was stopped.

    Args:
        options (DetectorOptions): Masks, photos, budget and output folder.

    Returns:
        DetectorReport: Paths of config and weights, and the score.

    Raises:
        OSError: If a file or folder does not exist or can't be written.
        ValueError: If an option is out of its range, the masks are not valid,
            or the folder belongs to another training.
    """
    process.prepare()
    began = time.monotonic()
    options.check()
    check_photo_folder(options.img_dir, boxes=options.masks)
    masks = read_proxy_masks(options.masks)
    folder = TrainingFolder(options.out)
    begun = folder.begin(_settings(options, masks))
    done = folder.noted('detector')
    if done is not None:
        _log.info(
            '%s is finished already; to train again give another --out', options.out
        )
        return DetectorReport(**done)
    if begun:
        _log.info('resuming the training')
    with folder.locked(), unprinted(options.verbose):
        _write_data(masks, folder)
        from mmboxcaseg.engine import own_training

        own_training.use_device(options.device)
        cfg = _config(options, folder, masks)
        # Scoring takes only as long as some iterations.
        iters = budget_iters(cfg, options, folder, began, lambda iters: 0.0)
        own_training.set_iters(cfg, iters)
        cfg.dump(folder.config)
        if options.dry_run:
            return DetectorReport(folder.config, None, None, iters)
        last = own_training.train(cfg, folder.note_scores)
        scores = folder.scores()
        box_ap = 100 * scores[-1]['coco/bbox_mAP'] if scores else float('nan')
        report = DetectorReport(folder.config, last, box_ap, iters)
        folder.note('detector', asdict(report))
        return report


def _settings(options: DetectorOptions, masks: MaskFile) -> dict:
    """The settings that the result depends on, as json values."""
    return dict(
        masks=masks.boxes.digest,
        photos=osp.abspath(options.img_dir),
        backbone=options.backbone and osp.abspath(options.backbone),
        size=options.size,
        iters=options.iters,
        minutes=options.minutes,
        confidence_thr=options.confidence_thr,
        cfg_options=list(options.cfg_options),
        package_version=__version__,
    )


def _write_data(masks: MaskFile, folder: TrainingFolder) -> None:
    """Write the masks for training and those of the photos kept aside."""
    boxes = masks.boxes
    counts = np.bincount(
        boxes.image_index[boxes.usable], minlength=len(boxes.image_ids)
    )
    aside = keep_aside(boxes.file_names, counts)[boxes.image_index]
    every = np.ones(len(boxes), dtype=bool)
    for name, chosen in (
        ('masks.json', boxes.usable & ~aside),
        ('kept_aside.json', boxes.usable & aside),
    ):
        write_json(osp.join(folder.data, name), part_of(boxes, chosen, every))


def _config(
    options: DetectorOptions, folder: TrainingFolder, masks: MaskFile
) -> 'Config':
    """Make the config: a recipe with the paths and classes of this training."""
    from mmboxcaseg.engine import own_training

    cfg = own_training.recipe(DETECTORS[options.size])
    data, photos = osp.abspath(folder.data), osp.abspath(options.img_dir)
    classes = tuple(masks.boxes.category_names)
    names = dict(train='masks.json', val='kept_aside.json', test='kept_aside.json')
    for name, file in names.items():
        cfg[f'{name}_dataloader'].dataset.update(
            data_root='',
            metainfo=dict(classes=classes),
            ann_file=osp.join(data, file),
            data_prefix=dict(img=photos),
        )
    for name in ('val', 'test'):
        for metric in cfg[f'{name}_evaluator']:
            metric.ann_file = osp.join(data, 'kept_aside.json')
    cfg.train_dataloader.dataset.confidence_thr = options.confidence_thr
    for head in ('bbox_head', 'mask_head'):
        cfg.model.roi_head[head].num_classes = len(classes)
    cfg.metainfo, cfg.num_classes = dict(classes=classes), len(classes)
    if options.backbone is not None:
        cfg.model.backbone.init_cfg = _backbone(options, cfg)
    cfg.work_dir = osp.abspath(folder.log_dir)
    cfg.verbose = options.verbose
    own_training.set_workers(cfg, options.num_workers)
    own_training.apply_options(cfg, options.cfg_options)
    return cfg


def _backbone(options: DetectorOptions, cfg: 'Config') -> dict:
    """``init_cfg`` of a backbone whose weights come from ``boxcaseg train``.

    Raises:
        ValueError: If that model has another kind of backbone.
    """
    from mmengine.config import Config

    config, checkpoint, told = TrainingFolder(options.backbone).chosen()
    _log.info('backbone: %s', told)
    theirs = Config.fromfile(config).model.backbone.type
    ours = cfg.model.backbone.type
    if theirs != ours:
        raise ValueError(
            f'--backbone: {options.backbone} has the backbone {theirs}, but '
            f'--size {options.size} needs {ours}; leave --backbone out'
        )
    return dict(
        type='Pretrained',
        checkpoint=f'weights-only:{osp.abspath(checkpoint)}',
        prefix='backbone.',
    )
