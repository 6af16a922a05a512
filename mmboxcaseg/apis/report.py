"""Making a report on proxy masks, to be read in a browser."""

from mmboxcaseg.annotations import (
    MaskFile,
    apply_decisions,
    read_decisions,
    read_masks,
    read_proxy_masks,
)
from mmboxcaseg.annotations.output import check_not_photos, check_output_folder
from mmboxcaseg.annotations.photos import check_photo_folder
from mmboxcaseg.evaluation import MaskIoUs, mask_ious
from mmboxcaseg.progress import show_progress
from mmboxcaseg.report import report_masks, write_report


def make_report(
    masks: str,
    img_dir: str,
    out: str,
    *,
    truth: str | None = None,
    agreement_thr: float | None = None,
    confidence_thr: float | None = None,
    num: int = 96,
    review: int | None = None,
    decisions: str | None = None,
) -> str:
    """Write a page about proxy masks, and its charts as PNGs.

    The page shows the distributions of confidence and agreement, how many
    masks are ignored at each threshold in comparison with Table 8 of the
    paper, the classes, and masks on their photos. If true masks are given,
    it also shows the IoU against the scores, and their rank correlation.

    Args:
        masks (str): Path of a file that :func:`make_proxy_masks` has written.
        img_dir (str): Folder of the photos.
        out (str): Folder to write to, not that of the photos. It is made if
            it does not exist.
        truth (str | None): Path of a COCO json with the true masks of the
            same annotations. Defaults to None.
        agreement_thr (float | None): Masks with a lower agreement, in [0, 1],
            are shown as ignored. Defaults to None: none is.
        confidence_thr (float | None): The same for the confidence. Defaults
            to None.
        num (int): Largest number of pictures in each group of the gallery.
            Defaults to 96.
        review (int | None): Number of masks, those with the lowest
            confidence, that the page asks the user to accept or reject; 0 for
            all. Masks that are given, accepted or rejected already are not
            asked about. Defaults to None: the page asks about no mask.
        decisions (str | None): Path of a file of decisions, saved from such
            a page, that are applied to the masks. The page saves them again
            together with new ones. Defaults to None.

    Returns:
        str: Path of the page, ``index.html``.

    Raises:
        OSError: If a file or the folder of the photos can't be read, or the
            page can't be written.
        ValueError: If an option is out of its range, a file does not have
            the right content, or ``out`` is a file or the folder of the
            photos. Nothing has been written then.
    """
    if num < 1:
        raise ValueError(f'num must be at least 1, not {num}')
    if review is not None and review < 0:
        raise ValueError(f'review must not be negative, but is {review}')
    check_photo_folder(img_dir, 'photos: ', masks)
    check_output_folder('--out', out)
    check_not_photos('--out', out, img_dir)
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
