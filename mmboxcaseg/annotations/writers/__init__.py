"""Masks as other programs read them, a file a format.

No model, no torch.
"""

from collections.abc import Callable

from ..mask_file import MaskFile
from .coco import write_coco, write_cvat
from .job import ExportJob
from .labelme import write_labelme
from .labelstudio import write_labelstudio
from .options import FOLDERS, FORMATS, ExportOptions
from .png import write_png
from .report import ExportReport
from .yolo import write_yolo_seg

__all__ = [
    'ExportOptions',
    'ExportReport',
    'FOLDERS',
    'FORMATS',
    'WRITERS',
    'write_masks',
]

WRITERS: dict[str, Callable[[ExportJob], None]] = {
    'coco': write_coco,
    'yolo-seg': write_yolo_seg,
    'labelstudio': write_labelstudio,
    'cvat': write_cvat,
    'labelme': write_labelme,
    'png': write_png,
}


def write_masks(
    masks: MaskFile, out: str, options: ExportOptions, img_dir: str | None = None
) -> ExportReport:
    """Write masks in a format.

    Args:
        masks (MaskFile): The masks.
        out (str): File or folder to write, as the format is.
        options (ExportOptions): The format, which masks, and how.
        img_dir (str, optional): Folder of the photos, for formats that say
            where they are. Defaults to None.

    Returns:
        ExportReport: What was written and what was not.

    Raises:
        OSError: If something can't be written.
        ValueError: If the masks don't fit the options, an annotation has no
            mask, or files of others are in the way.
    """
    job = ExportJob(masks, out, options, img_dir)
    WRITERS[options.format](job)
    return job.report()
