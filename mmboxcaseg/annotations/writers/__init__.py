"""Writing masks in the formats of other programs, one module per format.

Nothing here needs a model or torch.
"""

import os.path as osp
from collections.abc import Callable

from ..coco import check_file_names
from ..mask_file import MaskFile
from .coco import check_coco, check_cvat, write_coco, write_cvat
from .folder import ExportPlace
from .job import ExportJob
from .labelme import check_labelme, write_labelme
from .labelstudio import check_labelstudio, write_labelstudio
from .options import FOLDERS, FORMATS, ExportOptions
from .png import check_png, write_png
from .report import ExportReport
from .yolo import check_yolo_seg, write_yolo_seg

__all__ = [
    'CHECKS',
    'ExportOptions',
    'ExportPlace',
    'ExportReport',
    'FOLDERS',
    'FORMATS',
    'WRITERS',
    'check_place',
    'write_masks',
]

# What each format needs of the file or folder to write.
CHECKS: dict[str, Callable[[ExportPlace], None]] = {
    'coco': check_coco,
    'yolo-seg': check_yolo_seg,
    'labelstudio': check_labelstudio,
    'cvat': check_cvat,
    'labelme': check_labelme,
    'png': check_png,
}
WRITERS: dict[str, Callable[[ExportJob], None]] = {
    'coco': write_coco,
    'yolo-seg': write_yolo_seg,
    'labelstudio': write_labelstudio,
    'cvat': write_cvat,
    'labelme': write_labelme,
    'png': write_png,
}


def check_place(place: ExportPlace) -> None:
    """Check that an export can be written, before any mask is made or read.

    Args:
        place (ExportPlace): Where it is written to.

    Raises:
        ValueError: If the output exists and no export in the same format has
            written it, is the input or the folder of the photos, or holds
            files of other photos, or if a file name leads out of the folder
            of the photos.
    """
    check_file_names(place.boxes)
    if osp.exists(place.out) and osp.samefile(place.boxes.path, place.out):
        raise ValueError(f'--out: {place.out} is the input; give another path')
    CHECKS[place.options.format](place)


def write_masks(
    masks: MaskFile, out: str, options: ExportOptions, img_dir: str | None = None
) -> ExportReport:
    """Write masks in the format of another program.

    Args:
        masks (MaskFile): The masks.
        out (str): Path of the file to write, or of the folder if the format
            is in ``FOLDERS``.
        options (ExportOptions): The format, which masks are written, and how.
        img_dir (str, optional): Folder of the photos, for formats that refer
            to them. Defaults to None.

    Returns:
        ExportReport: What was written, and what was left out.

    Raises:
        OSError: If a file can't be written.
        ValueError: If the masks don't fit the options, an annotation has no
            mask, or the output can't be used, see :func:`check_place`.
    """
    job = ExportJob(masks, out, options, img_dir)
    check_place(ExportPlace(masks.boxes, out, options, img_dir))
    WRITERS[options.format](job)
    return job.report()
