"""The base configs and the data of a data set's full model."""

import os.path as osp
from dataclasses import dataclass
from typing import Any

from .bases import Base, check_unchanged, in_repo, write_config
from .options import Options

# Base configs of both stages by data set.
STAGE1 = dict(
    voc='configs/boxcaseg/hrnet_w48_voc.py',
    coco='configs/boxcaseg/hrnet_w48_coco.py',
    mini='configs/boxcaseg/mini/mobilenetv2_coco-mini.py',
)
STAGE3 = dict(
    voc='configs/proxy_mask_rcnn/mask-rcnn_r101_fpn_voc.py',
    coco='configs/proxy_mask_rcnn/mask-rcnn_r101_fpn_coco.py',
    mini='configs/proxy_mask_rcnn/mini/mask-rcnn_mobilenetv2_fpn_coco-mini_masks.py',
)
# It is trained once for all rows of the mini data, which train only mask heads.
MINI_DETECTOR = 'configs/proxy_mask_rcnn/mini/mask-rcnn_mobilenetv2_fpn_coco-mini.py'


@dataclass(frozen=True, eq=False)
class Setup:
    """The base configs of a data set, and the checkpoints that are given.

    Attributes:
        data (str): ``'voc'``, ``'coco'`` or ``'mini'``.
        folder (str): Folder for the configs of variants.
        stage1 (Base): Config of BoxCaseg.
        stage3 (Base | None): Config of Mask R-CNN, if one is trained.
        shared (Base | None): Config of the detector that all rows share, if
            they train only mask heads.
        checkpoint (str | None): Checkpoint of ``stage1``, if it is given.
        detector (str | None): Checkpoint of the shared detector, if it is
            given.
    """

    data: str
    folder: str
    stage1: Base
    stage3: Base | None
    shared: Base | None
    checkpoint: str | None
    detector: str | None

    @classmethod
    def read(
        cls,
        options: Options,
        data: str,
        folder: str,
        mask_rcnn: bool,
        checkpoint: str | None = None,
    ) -> 'Setup':
        """Read the base configs.

        Raises:
            ValueError: If one has changed since experiments were run in the
                folder. A dry run does not check it.
        """
        stage1 = Base.read(
            options.stage1 or in_repo(STAGE1[data]), options.stage1_options
        )
        stage3 = shared = None
        if mask_rcnn:
            stage3 = Base.read(
                options.stage3 or in_repo(STAGE3[data]), options.stage3_options
            )
            if data == 'mini' and not options.stage3:
                shared = Base.read(in_repo(MINI_DETECTOR))
        if not options.dry_run:
            bases = (stage1, stage3, shared)
            check_unchanged(filter(None, bases), folder)
        return cls(data, folder, stage1, stage3, shared, checkpoint, options.detector)

    def config(self, variant: str, stage3: bool = False) -> str:
        """Path of the config of a variant of stage 1, or of stage 3."""
        base, paths, folder = self.stage1, STAGE1, 'configs'
        if stage3 and self.stage3:
            base, paths, folder = self.stage3, STAGE3, 'configs/stage3'
        sources = dict.fromkeys(paths[d] for d in (self.data, 'coco', 'voc'))
        return write_config(
            variant, base.path, [*sources], osp.join(self.folder, folder)
        )

    @property
    def val_data(self) -> tuple[str, str]:
        """COCO json and photos of the test set."""
        return _data(self.stage1.cfg.test_dataloader.dataset)

    @property
    def train_data(self) -> tuple[str, str]:
        """COCO json and photos of the training boxes. The json has true masks,
        against which proxy masks are scored."""
        return _data(self.stage1.cfg.train_dataloader.dataset.box)

    @property
    def salient_root(self) -> str:
        """Folder of the salient images and their masks."""
        dataset = self.stage1.cfg.train_dataloader.dataset
        return dataset.salient.get('data_root', '')

    @property
    def agreement_thr(self) -> float:
        """Threshold of the full model; 0 if no Mask R-CNN is trained."""
        if self.stage3 is None:
            return 0.0
        return self.stage3.cfg.train_dataloader.dataset.agreement_thr

    @property
    def mask_rcnn_kind(self) -> str:
        """Name of what is trained on the masks."""
        return 'mask head' if self.shared or self.detector else 'Mask R-CNN'

    @property
    def voc20(self) -> bool:
        """Whether stage 3 uses VOC's 20 of COCO's categories."""
        if self.data != 'mini' or self.stage3 is None:
            return False
        dataset = self.stage3.cfg.train_dataloader.dataset
        return 'tvmonitor' in dataset.get('metainfo', {}).get('classes', ())


def _data(dataset: Any) -> tuple[str, str]:
    """Annotation file and photos of a data set's config."""
    names = (dataset.ann_file, dataset.data_prefix.img)
    ann, photos = (osp.join(dataset.get('data_root', ''), n) for n in names)
    return ann, photos
