"""What a run that makes masks is given."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class MaskOptions:
    """The boxes, the output and the model of a run that makes masks.

    Attributes:
        ann (str): The boxes: a COCO json, or a folder of Pascal VOC xml or of
            YOLO txt files.
        img_dir (str): Folder of the photos.
        out (str): COCO json to write.
        config (str, optional): Config of a BoxCaseg model. None: the model
            that comes with the package.
        checkpoint (str, optional): Path of its weights; or, without a
            config, of a model that ``boxcaseg export-onnx`` has written.
        model (str, optional): In place of the two: folder of ``boxcaseg
            train``, whose verdict says which of its weights are used.
        ann_format (str, optional): ``'coco'``, ``'voc'`` or ``'yolo'``. None:
            found out.
        classes (str, optional): File with the names of YOLO's classes.
        img_ids (Sequence[str], optional): Only these images.
        categories (Sequence[str], optional): Only these categories, by name
            or id.
        decisions (str, optional): File of what was decided about the masks
            that ``ann`` has from an earlier run; it is applied to them.
        merge (bool): Whether a pixel claimed by several masks goes to one of
            them only.
        merge_exponent (float, optional): It goes to the highest probability
            * (box area)^-merge_exponent; at least 0, the higher the nearer to
            the smallest object. None: as in the config, of which the paper's
            give it to the smallest object.
        polygons (bool): Whether masks are written as polygons, which lose
            their holes, and not as RLE.
        keep_masks (bool): Whether boxes that have a mask keep it, to the
            pixel, and only the others get one, see
            :func:`~mmboxcaseg.annotations.given.keep_given_masks`.
        tighten (float, optional): For loose boxes: the tight box of each mask
            is written too, ``bbox_tight``, and the mask is looked for in the
            box grown by this part of its width and height on each side; at
            least 0. None: neither.
        flip (bool): Whether crops and their mirror images are averaged; if
            not, as the config says.
        margins (Sequence[float], optional): Margins of the crops that are
            averaged, as parts of the box's sides. None: as in the config.
        precision (str, optional): ``'fp32'`` or ``'bf16'``. None: as in the
            config.
        crops_per_batch (int, optional): Most crops that go through the
            network at once. None: as in the config.
        stretch_16bit (bool): Whether a photo of 16 bits of which 14 or fewer
            are used gets its eight highest used ones; else the eight highest
            of the 16, of which little is seen.
        calibration (str, optional): File of ``boxcaseg calibrate``, by which
            the expected IoU of each mask is told. None: that of the model of
            the package; none for another model.
        cfg_options (Sequence[str]): ``KEY=VALUE``, settings that replace the
            config's.
        resume (bool): Whether to go on where a run that was cut short left
            off; without it such results are removed.
        strict (bool): Whether a photo or a box that can't be used is an
            error.
        allow_unsafe (bool): Whether the checkpoint may hold more than
            weights; such a file can run any code.
        jobs (int): Processes on this machine that share the photos; the file
            is the same to the byte. They share the cores as well.
        num_workers (int, optional): Processes that read photos, threads with
            the runtime ``'onnx'``. None: as in the config, or one thread.
        runtime (str): What computes the network: ``'torch'``; ``'onnx'``, for
            the model of the package and exported ones; or ``'auto'``: the
            latter where no GPU, no other model and nothing that only PyTorch
            can do is asked for.
        device (str, optional): ``'cpu'`` or ``'cuda'``. None: a GPU if there
            is one.
        launcher (str): What started the processes, if there are several.
        work_dir (str, optional): Folder of the log. None: see
            :meth:`log_dir`.
        verbose (bool): Whether the log is printed as well.
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
