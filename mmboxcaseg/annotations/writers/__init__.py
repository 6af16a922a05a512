"""Writing masks in the formats of other programs, one module per format.

Nothing here needs a model or torch.
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
            mask, or the folder has files that no export has written.
    """
    job = ExportJob(masks, out, options, img_dir)
    WRITERS[options.format](job)
    return job.report()
