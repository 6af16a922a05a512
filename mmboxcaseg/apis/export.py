"""Exporting masks to the formats of other programs."""

import os
from typing import overload

from mmboxcaseg.annotations import BoxFile, read_masks, with_decisions
from mmboxcaseg.annotations.photos import check_photo_folder
from mmboxcaseg.annotations.writers import (
    FOLDERS,
    ExportOptions,
    ExportPlace,
    ExportReport,
    check_place,
    write_masks,
)


@overload
def export_masks(
    masks: str,
    out: str,
    options: ExportOptions,
    *,
    img_dir: str | None = None,
    decisions: str | None = None,
) -> ExportReport: ...


@overload
def export_masks(
    masks: str, out: str, options: str = 'rle', *, decisions: str | None = None
) -> int: ...


@overload
def export_masks(
    masks: str, out: str, *, segmentation: str, decisions: str | None = None
) -> int: ...


def export_masks(
    masks: str,
    out: str,
    options: ExportOptions | str | None = None,
    segmentation: str | None = None,
    *,
    img_dir: str | None = None,
    decisions: str | None = None,
) -> ExportReport | int:
    """Write the masks of a COCO json in the format of another program.

    Args:
        masks (str): Path of a COCO json with masks, such as one that
            :func:`make_proxy_masks` has written.
        out (str): Path of the file to write, or of the folder if the format
            has several files.
        options (ExportOptions | str, optional): The format, which masks are
            written, and how. A string stands for COCO json with masks as
            ``'rle'`` or ``'polygons'``. Defaults to None: ``segmentation``.
        segmentation (str, optional): Alternative to a string in ``options``.
            Defaults to None: ``'rle'``.
        img_dir (str, optional): Folder of the photos, for formats that refer
            to them. Defaults to None.
        decisions (str, optional): Path of a file of decisions, saved from the
            page of :func:`make_report`, that are applied to the masks.
            Defaults to None.

    Returns:
        ExportReport | int: What was written, and what was left out; without
        :class:`ExportOptions` only the number of masks.

    Raises:
        OSError: If a file can't be read or written.
        ValueError: If the masks don't fit the options, an annotation has no
            mask, or ``out`` is the input, the folder of the photos, or
            something else that no export in this format has written.
    """
    if img_dir is not None:
        check_photo_folder(img_dir, '--img-dir: ')
    file = with_decisions(read_masks(masks), decisions)
    if isinstance(options, ExportOptions):
        return write_masks(file, out, options, img_dir)
    form = ExportOptions(segmentation=options or segmentation or 'rle')
    return write_masks(file, out, form).masks


def check_export(
    boxes: BoxFile, out: str, options: ExportOptions, img_dir: str
) -> None:
    """Check that an export can be written, before its masks are made.

    Args:
        boxes (BoxFile): The boxes of the masks.
        out (str): Path of the file or folder to write.
        options (ExportOptions): The format, which masks are written, and how.
        img_dir (str): Folder of the photos.

    Raises:
        ValueError: If ``out`` is the folder of the photos, or something else
            that no export in this format has written.
    """
    check_place(ExportPlace(boxes, out, options, img_dir))


def export_path(folder: str, options: ExportOptions) -> str:
    """Make the output path of an export in the folder of ``masks.json``.

    Args:
        folder (str): Path of the folder.
        options (ExportOptions): The options, with the format.

    Returns:
        str: The folder itself for a format with several files, else
        ``<folder>/<format>.json``.

    Example:
        >>> export_path('out', ExportOptions('png'))
        'out'
    """
    if options.format in FOLDERS:
        return folder
    return os.path.join(folder, f'{options.format}.json')
