"""The options of a run that makes masks."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class MaskOptions:
    """Options of a run that makes masks: its input, output and model.

    Attributes:
        ann (str): Path of the boxes: a COCO json, or a folder of Pascal VOC
            xml or of YOLO txt files.
        img_dir (str): Folder of the photos.
        out (str): Path of the COCO json to write.
        config (str, optional): Config of a BoxCaseg model. Defaults to None:
            the model that ships with the package.
        checkpoint (str, optional): Path of the weights of the config's model;
            or, without a config, of a model that ``boxcaseg export-onnx`` has
            written.
        model (str, optional): Folder of ``boxcaseg train``, in place of
            ``config`` and ``checkpoint``. Its verdict says which of its
            weights are used.
        ann_format (str, optional): ``'coco'``, ``'voc'`` or ``'yolo'``.
            Defaults to None: it is detected.
        classes (str, optional): File with the names of YOLO's classes.
        img_ids (Sequence[str], optional): Ids of the images to use. Defaults
            to None: all.
        categories (Sequence[str], optional): Names or ids of the categories
            to use. Defaults to None: all.
        decisions (str, optional): File of decisions about the masks that
            ``ann`` has from an earlier run. They are applied to these masks.
        merge (bool): Whether the masks of a photo are merged. Defaults to
            True.
        merge_exponent (float, optional): Exponent of the rule by which masks
            are merged, at least 0: a pixel goes to the mask with the highest
            probability * (box area)^-merge_exponent. Defaults to None: as in
            the config; the configs of the paper give a pixel to the smallest
            object.
        merge_tolerance (float, optional): With an exponent, a mask keeps a
            pixel unless the claim of another mask is more than this many
            times as strong, at least 1. Defaults to None: as in the config.
        polygons (bool): Whether masks are written as polygons, which fill
            holes, and not as RLE. Defaults to False.
        keep_masks (bool): Whether boxes that have a mask keep it to the
            pixel, and only the others get one, see
            :func:`~mmboxcaseg.annotations.given.keep_given_masks`. Defaults
            to False.
        tighten (float, optional): For loose boxes: share of a box's width and
            height by which the box grows on each side before its mask is
            made, at least 0. The tight box of the mask is then written as
            ``bbox_tight``. Defaults to None: boxes don't grow and no tight
            box is written.
        flip (bool): Whether predictions of a crop and its mirror image are
            averaged. Defaults to False: as in the config.
        margins (Sequence[float], optional): Margins of the crops whose
            predictions are averaged, as shares of the box's sides. Defaults
            to None: as in the config.
        precision (str, optional): ``'fp32'`` or ``'bf16'``. Defaults to None:
            as in the config.
        crops_per_batch (int, optional): Largest number of crops that go
            through the network at once. Defaults to None: as in the config.
        stretch_16bit (bool): Whether a 16-bit photo that uses 14 bits or
            fewer is converted by its eight highest used bits. Defaults to
            False: by the eight highest of the 16, which leaves it nearly
            black.
        calibration (str, optional): File of ``boxcaseg calibrate``, which
            predicts the expected IoU of each mask. Defaults to None: the one
            that ships with the model of the package; none for another model.
        cfg_options (Sequence[str]): Settings ``KEY=VALUE`` that replace those
            of the config. Defaults to ().
        resume (bool): Whether to continue a run that was stopped. Defaults to
            False: its results are removed.
        strict (bool): Whether a photo or a box that can't be used is an
            error. Defaults to False: it is skipped.
        allow_unsafe (bool): Whether the checkpoint may hold more than
            weights; such a file can run any code. Defaults to False.
        jobs (int): Number of processes on this machine that share the photos
            and the cores. The file is the same to the byte. Defaults to 1.
        num_workers (int, optional): Number of processes that read photos;
            with the runtime ``'onnx'``, of threads. Defaults to None: as in
            the config, or one thread.
        runtime (str): Runtime of the network: ``'torch'``; ``'onnx'``, for
            the model of the package and exported models; or ``'auto'``, which
            is ``'onnx'`` unless a GPU, another model or something that only
            PyTorch can do is asked for. Defaults to ``'auto'``.
        device (str, optional): ``'cpu'`` or ``'cuda'``. Defaults to None: a
            GPU if there is one.
        launcher (str): Launcher that started the processes of a distributed
            run. Defaults to ``'none'``.
        work_dir (str, optional): Folder of the log. Defaults to None: see
            :meth:`log_dir`. Such a log is removed when all masks are written.
        verbose (bool): Whether the log is printed as well. Defaults to False.
    """

    ann: str
    img_dir: str
    out: str
    config: str | None = None
    checkpoint: str | None = None
    model: str | None = None
    ann_format: str | None = None
    classes: str | None = None
    img_ids: Sequence[str] | None = None
    categories: Sequence[str] | None = None
    decisions: str | None = None
    merge: bool = True
    merge_exponent: float | None = None
    merge_tolerance: float | None = None
    polygons: bool = False
    keep_masks: bool = False
    tighten: float | None = None
    flip: bool = False
    margins: Sequence[float] | None = None
    precision: str | None = None
    crops_per_batch: int | None = None
    stretch_16bit: bool = False
    calibration: str | None = None
    cfg_options: Sequence[str] = ()
    resume: bool = False
    strict: bool = False
    allow_unsafe: bool = False
    jobs: int = 1
    num_workers: int | None = None
    runtime: str = 'auto'
    device: str | None = None
    launcher: str = 'none'
    work_dir: str | None = None
    verbose: bool = False

    @property
    def log_dir(self) -> str:
        """Folder of the log: ``work_dir``, or ``<out>.logs`` beside it."""
        return self.work_dir or f'{self.out}.logs'
