"""Masks in another form."""

import os
import os.path as osp
from typing import overload

from mmboxcaseg.annotations import read_masks, with_decisions
from mmboxcaseg.annotations.writers import (
    FOLDERS,
    ExportOptions,
    ExportReport,
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
    """Write the masks of a COCO json as another program reads them.

    Args:
        masks (str): COCO json with masks, such as one of
            :func:`make_proxy_masks`.
        out (str): File or folder to write, as the format is.
        options (ExportOptions): The format, which masks are written, and
            how. ``'rle'`` or ``'polygons'``, or neither: COCO json in that
            form, by default ``'rle'``.
        segmentation (str, optional): The latter by its name.
        img_dir (str, optional): Folder of the photos, for formats that say
            where they are. Defaults to None.
        decisions (str, optional): File of what was decided about the masks,
            which the page of :func:`make_report` saves; it is applied.
            Defaults to None.

    Returns:
        ExportReport | int: What was written and what was not; without
        :class:`ExportOptions` the number of masks.

    Raises:
        OSError: If a file is not there or can't be written.
        ValueError: If the masks don't fit the options, an annotation has no
            mask, or the output would replace the input or files of others.
    """
    if osp.exists(out) and osp.samefile(masks, out):
        raise ValueError(f'{out} is the input; give another name')
    if img_dir is not None and not osp.isdir(img_dir):
        raise FileNotFoundError(f'--img-dir: no folder {img_dir}')
    file = with_decisions(read_masks(masks), decisions)
    if isinstance(options, ExportOptions):
        return write_masks(file, out, options, img_dir)
    form = ExportOptions(segmentation=options or segmentation or 'rle')
    return write_masks(file, out, form).masks


def export_path(folder: str, options: ExportOptions) -> str:
    """Where an export goes that shares a folder with its ``masks.json``.

    Args:
        folder (str): The folder.
        options (ExportOptions): The format.

    Returns:
        str: The folder, or ``<format>.json`` in it for a format that is a
        file.
    """
    if options.format in FOLDERS:
        return folder
    return os.path.join(folder, f'{options.format}.json')
