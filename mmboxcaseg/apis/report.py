"""Reports on proxy masks, for a browser."""

import os.path as osp

from mmboxcaseg.annotations import (
    MaskFile,
    apply_decisions,
    read_decisions,
    read_masks,
    read_proxy_masks,
)
from mmboxcaseg.evaluation import MaskIoUs, mask_ious
from mmboxcaseg.progress import show_progress
from mmboxcaseg.report import report_masks, write_report
from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR


def make_report(
    masks: str,
    img_dir: str,
    out: str,
    *,
    truth: str | None = None,
    agreement_thr: float = DEFAULT_AGREEMENT_THR,
    confidence_thr: float | None = None,
    num: int = 96,
    review: int | None = None,
    decisions: str | None = None,
) -> str:
    """Write an HTML page about the masks of a file, and its charts as PNGs.

    The page shows the distributions of confidence and agreement, the share of
    ignored masks by threshold beside the paper's Table 8, the classes, and
    masks on their photos. With true masks it also shows the IoU against the
    scores, and their rank correlation.

    Args:
        masks (str): Path of a file of :func:`make_proxy_masks`.
        img_dir (str): Folder of its photos.
        out (str): Folder to write to; it is made.
        truth (str | None): Path of a COCO json with the true masks of the
            same annotations. Defaults to None.
        agreement_thr (float): Masks with a lower agreement, in [0, 1], are
            shown as ignored. Defaults to 0.95.
        confidence_thr (float | None): Masks with a lower confidence, in
            [0, 1], are shown as ignored too. Defaults to None: confidence is
            not looked at.
        num (int): Largest number of pictures in each of the four groups of
            the gallery. Defaults to 96.
        review (int | None): Number of masks that the page asks about, those
            with the lowest confidence; 0 for all. It does not ask about masks
            that are given, accepted or rejected. Defaults to None: it asks
            about none.
        decisions (str | None): File of decisions about the masks, as such a
            page saves it. They are applied to the masks, and the page saves
            them again with new ones. Defaults to None.

    Returns:
        str: Path of the page, ``index.html``.

    Raises:
        FileNotFoundError: If a file or the folder of the photos does not
            exist.
        ValueError: If an option is out of its range, or a file has other
            content than described. Nothing is written then.
    """
    if num < 1:
        raise ValueError(f'num must be at least 1, not {num}')
    if review is not None and review < 0:
        raise ValueError(f'review must not be negative, but is {review}')
    if not osp.isdir(img_dir):
        raise FileNotFoundError(f'no folder of photos {img_dir}')
    file = read_proxy_masks(masks)
    decided = None
    if decisions is not None:
        decided = read_decisions(decisions)
        file = apply_decisions(file, decided)
    ious = None if truth is None else _compare(file, read_masks(truth))
    return write_report(
        report_masks(file, ious, agreement_thr, confidence_thr),
        img_dir,
        out,
        num,
        review,
        decided,
    )


def _compare(masks: MaskFile, truth: MaskFile) -> MaskIoUs:
    with show_progress(len(truth.boxes.wanted), 'scoring') as update:
        return mask_ious(masks, truth, on_image=lambda instances: update(1, instances))
