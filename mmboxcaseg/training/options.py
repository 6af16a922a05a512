"""What a training of one's own is given."""

from collections.abc import Sequence
from dataclasses import dataclass

# Recipe of each size, below configs/; with "_boxes" in its name that for boxes
# alone.
SIZES = dict(small='boxcaseg/own/mobilenetv2_own', hrnet='boxcaseg/own/hrnet_w48_own')
# Recipe of each size of detector.
DETECTORS = dict(
    small='proxy_mask_rcnn/own/mask-rcnn_mobilenetv2_fpn_own.py',
    r50='proxy_mask_rcnn/own/mask-rcnn_r50_fpn_own.py',
)


@dataclass(frozen=True)
class TrainOptions:
    """The boxes, the folder and the budget of a training.

    Attributes:
        ann (str): The boxes: a COCO json, or a folder of Pascal VOC xml or of
            YOLO txt files.
        img_dir (str): Folder of the photos.
        out (str): Folder to write: config, weights, verdict, log.
        salient (str, optional): Folder of salient images, with a folder of
            images and one of masks in it. None: where no masks teach either,
            the salient head is not trained.
        start (str, optional): What to start from: a folder of an earlier
            training, or a checkpoint of the same size. None: the model of the
            package; for ``'hrnet'`` ImageNet weights.
        iters (int, optional): Iterations of 16 patches. None: as the recipe
            says.
        minutes (float, optional): In place of ``iters``: as many as fit, by
            the speed of the first ones.
        size (str): ``'small'`` (MobileNetV2, 160 px) or ``'hrnet'``
            (HRNetV2-W48, 288 px).
        ann_format (str, optional): ``'coco'``, ``'voc'`` or ``'yolo'``. None:
            found out.
        classes (str, optional): File with the names of YOLO's classes.
        categories (Sequence[str], optional): Only these categories, by name
            or id.
        keep_masks (bool): Whether all masks that the boxes were given teach,
            and not only those that ``boxcaseg masks`` has marked as kept.
        cfg_options (Sequence[str]): ``KEY=VALUE``, settings that replace the
            recipe's.
        num_workers (int, optional): Processes that read photos. None: as the
            recipe says.
        device (str, optional): ``'cpu'`` or ``'cuda'``. None: a GPU if there
            is one.
        verbose (bool): Whether the log is printed as well.
    """

    ann: str
    img_dir: str
    out: str
    salient: str | None = None
    start: str | None = None
    iters: int | None = None
    minutes: float | None = None
    size: str = 'small'
    ann_format: str | None = None
    classes: str | None = None
    categories: Sequence[str] | None = None
    keep_masks: bool = False
    cfg_options: Sequence[str] = ()
    num_workers: int | None = None
    device: str | None = None
    verbose: bool = False

    def check(self) -> None:
        """Raise ValueError if an option is out of its range."""
        _check_budget(self.iters, self.minutes)
        if self.size not in SIZES:
            raise ValueError(f'--size must be one of {list(SIZES)}, not {self.size!r}')
        _check_workers(self.num_workers)
        if self.size == 'hrnet' and self.start is None and self.salient is None:
            raise ValueError(
                '--size hrnet starts from ImageNet weights, so its salient head '
                'needs --salient; or start from a model that knows them by --from'
            )


@dataclass(frozen=True)
class DetectorOptions:
    """The masks, the folder and the budget of a Mask R-CNN.

    Attributes:
        masks (str): A file of ``boxcaseg masks``.
        img_dir (str): Folder of its photos.
        out (str): Folder to write: config, weights, log.
        backbone (str, optional): Folder of ``boxcaseg train`` whose backbone
            is started from. None: that of the model of the package; not for
            ``'r50'``, which starts from ImageNet weights.
        iters (int, optional): Iterations. None: as the recipe says.
        minutes (float, optional): In place of ``iters``: as many as fit.
        size (str): ``'small'`` (MobileNetV2) or ``'r50'`` (ResNet-50).
        confidence_thr (float): Masks with a lower confidence are ignored, in
            [0, 1].
        cfg_options (Sequence[str]): ``KEY=VALUE``, settings that replace the
            recipe's.
        num_workers (int, optional): Processes that read photos. None: as the
            recipe says.
        device (str, optional): ``'cpu'`` or ``'cuda'``. None: a GPU if there
            is one.
        verbose (bool): Whether the log is printed as well.
        dry_run (bool): Whether the config is written, and nothing trained.
    """

    masks: str
    img_dir: str
    out: str
    backbone: str | None = None
    iters: int | None = None
    minutes: float | None = None
    size: str = 'small'
    confidence_thr: float = 0.5
    cfg_options: Sequence[str] = ()
    num_workers: int | None = None
    device: str | None = None
    verbose: bool = False
    dry_run: bool = False

    def check(self) -> None:
        """Raise ValueError if an option is out of its range."""
        _check_budget(self.iters, self.minutes)
        if self.size not in DETECTORS:
            raise ValueError(
                f'--size must be one of {list(DETECTORS)}, not {self.size!r}'
            )
        if not 0 <= self.confidence_thr <= 1:
            raise ValueError('--confidence-thr must be a number from 0 to 1')
        _check_workers(self.num_workers)


def _check_budget(iters: int | None, minutes: float | None) -> None:
    """Raise ValueError if a budget is none."""
    if iters is not None and minutes is not None:
        raise ValueError('--iters and --minutes are two budgets; give one')
    if iters is not None and iters < 1:
        raise ValueError('--iters must be at least 1')
    if minutes is not None and not 0 < minutes < float('inf'):
        raise ValueError('--minutes must be a positive number')


def _check_workers(num_workers: int | None) -> None:
    """Raise ValueError if a number of processes is none."""
    if num_workers is not None and num_workers < 0:
        raise ValueError('--num-workers must not be negative')
