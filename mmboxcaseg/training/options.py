"""Options of the trainings on the user's own data."""

from collections.abc import Sequence
from dataclasses import dataclass

# Recipe of each size, below configs/. The recipe for boxes alone has "_boxes" at
# the end of its name.
SIZES = dict(small='boxcaseg/own/mobilenetv2_own', hrnet='boxcaseg/own/hrnet_w48_own')
# Recipe of each size of detector.
DETECTORS = dict(
    small='proxy_mask_rcnn/own/mask-rcnn_mobilenetv2_fpn_own.py',
    r50='proxy_mask_rcnn/own/mask-rcnn_r50_fpn_own.py',
)


@dataclass(frozen=True)
class TrainOptions:
    """Options of :func:`mmboxcaseg.apis.train`.

    Attributes:
        ann (str): Path of the boxes: a COCO json, or a folder of Pascal VOC
            ``.xml`` files or YOLO ``.txt`` files.
        img_dir (str): Folder of the photos.
        out (str): Folder to write config, weights, verdict and log to.
        salient (str, optional): Folder of salient images, which has one folder
            of images and one of masks. Defaults to None: if there are no
            masks to train on either, the salient head is not trained.
        start (str, optional): Model to start from: the output folder of an
            earlier training, or a checkpoint of the same size. Defaults to
            None: the model of the package, or ImageNet weights for
            ``'hrnet'``.
        iters (int, optional): Number of iterations with 16 patches each, 1 or
            more. Defaults to None: that of the recipe.
        minutes (float, optional): Time of the training in minutes, above 0,
            instead of ``iters``. The number of iterations follows from the
            speed of the first ones. Defaults to None.
        rounds (int): Number of rounds that share the iterations, 1 or more.
            In each but the first, boxes for which the model of the round
            before has made a confident mask learn from it too. Defaults to 1.
        size (str): Size of the model: ``'small'`` (MobileNetV2, patches of
            160 pixels) or ``'hrnet'`` (HRNetV2-W48, patches of 288 pixels).
            Defaults to ``'small'``.
        ann_format (str, optional): Format of the boxes: ``'coco'``, ``'voc'``
            or ``'yolo'``. Defaults to None: it is found out.
        classes (str, optional): Path of a file with the names of YOLO's
            classes. Defaults to None: it is looked for near the labels.
        categories (Sequence[str], optional): Names or ids of the categories to
            use. Defaults to None: all.
        keep_masks (bool): Whether to train on all masks that the boxes have,
            instead of only those that ``boxcaseg masks`` has marked as kept.
            Defaults to False.
        cfg_options (Sequence[str]): Settings that replace those of the
            recipe, as ``KEY=VALUE``. Defaults to ().
        num_workers (int, optional): Number of processes that read photos, 0
            or more. Defaults to None: that of the recipe.
        device (str, optional): Device to train on, ``'cpu'`` or ``'cuda'``.
            Defaults to None: a GPU if there is one.
        verbose (bool): Whether the log is printed to the terminal too.
            Defaults to False.
    """

    ann: str
    img_dir: str
    out: str
    salient: str | None = None
    start: str | None = None
    iters: int | None = None
    minutes: float | None = None
    rounds: int = 1
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
        """Check the options.

        Raises:
            ValueError: If an option is out of its range, or options
                contradict each other.
        """
        _check_budget(self.iters, self.minutes)
        if self.rounds < 1:
            raise ValueError(f'--rounds must be at least 1, not {self.rounds}')
        for option in self.cfg_options:
            if option.startswith('work_dir='):
                raise ValueError(
                    f'--cfg-options {option}: the folder of a training is given '
                    'with --out; leave the option out'
                )
        if self.size not in SIZES:
            raise ValueError(f'--size must be one of {list(SIZES)}, not {self.size!r}')
        _check_workers(self.num_workers)
        if self.size == 'hrnet' and self.start is None and self.salient is None:
            raise ValueError(
                '--size hrnet starts from ImageNet weights, so its salient head '
                'needs salient images; give them with --salient, or start from '
                'a trained model with --from'
            )


@dataclass(frozen=True)
class DetectorOptions:
    """Options of :func:`mmboxcaseg.apis.train_detector`.

    Attributes:
        masks (str): Path of a COCO json that ``boxcaseg masks`` has written.
        img_dir (str): Folder of the photos.
        out (str): Folder to write config, weights and log to.
        backbone (str, optional): Output folder of ``boxcaseg train``; the
            training starts from the backbone of its model. Defaults to None:
            the model of the package, or ImageNet weights for ``'r50'``.
        iters (int, optional): Number of iterations, 1 or more. Defaults to
            None: that of the recipe.
        minutes (float, optional): Time of the training in minutes, above 0,
            instead of ``iters``. The number of iterations follows from the
            speed of the first ones. Defaults to None.
        size (str): Size of the detector: ``'small'`` (MobileNetV2) or
            ``'r50'`` (ResNet-50). Defaults to ``'small'``.
        confidence_thr (float): Masks with a lower confidence are ignored, in
            [0, 1]. Defaults to 0.5.
        cfg_options (Sequence[str]): Settings that replace those of the
            recipe, as ``KEY=VALUE``. Defaults to ().
        num_workers (int, optional): Number of processes that read photos, 0
            or more. Defaults to None: that of the recipe.
        device (str, optional): Device to train on, ``'cpu'`` or ``'cuda'``.
            Defaults to None: a GPU if there is one.
        verbose (bool): Whether the log is printed to the terminal too.
            Defaults to False.
        dry_run (bool): Whether only the config is written and nothing is
            trained. Defaults to False.
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
        """Check the options.

        Raises:
            ValueError: If an option is out of its range, or options
                contradict each other.
        """
        _check_budget(self.iters, self.minutes)
        if self.size not in DETECTORS:
            raise ValueError(
                f'--size must be one of {list(DETECTORS)}, not {self.size!r}'
            )
        if not 0 <= self.confidence_thr <= 1:
            raise ValueError('--confidence-thr must be a number from 0 to 1')
        _check_workers(self.num_workers)


def _check_budget(iters: int | None, minutes: float | None) -> None:
    """Raise ValueError if a budget is not valid."""
    if iters is not None and minutes is not None:
        raise ValueError('--iters and --minutes exclude each other; give one')
    if iters is not None and iters < 1:
        raise ValueError('--iters must be at least 1')
    if minutes is not None and not 0 < minutes < float('inf'):
        raise ValueError('--minutes must be a positive number')


def _check_workers(num_workers: int | None) -> None:
    """Raise ValueError if a number of processes is not valid."""
    if num_workers is not None and num_workers < 0:
        raise ValueError('--num-workers must not be negative')
