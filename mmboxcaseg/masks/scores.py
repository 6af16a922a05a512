"""Scores of masks: agreement with their boxes, and confidence."""

from collections.abc import Sequence

import cv2
import numpy as np

from .merge import Claims, check_masks, merge, merge_by_probability
from .rects import Boxes, areas, clip_boxes, paired_ious
from .rle import RLE, encode_with_boxes


def tight_boxes(
    masks: Sequence[np.ndarray], rects: np.ndarray | Sequence[Sequence[int]]
) -> np.ndarray:
    """Find the tight box of each mask, in continuous coordinates.

    A mask with the pixel columns x0..x1 spans [x0, x1 + 1).

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image.

    Returns:
        np.ndarray: (N, 4) float64 xyxy, in pixels of the image; four zeros
        for an empty mask.

    Raises:
        ValueError: If numbers or shapes do not match.
    """
    rects = np.asarray(rects, dtype=np.int64).reshape(-1, 4)
    check_masks(masks, rects)
    # x, y, width, height inside the rectangle; four zeros for an empty mask.
    found = np.array(
        [cv2.boundingRect(mask.view(np.uint8)) for mask in masks], dtype=np.float64
    ).reshape(-1, 4)
    filled = found[:, 2:3] > 0
    found[:, 2:] += found[:, :2]
    found.reshape(-1, 2, 2)[:] += rects[:, None, :2]
    return found * filled


def agreement(
    masks: Sequence[np.ndarray],
    rects: np.ndarray,
    boxes: Boxes,
    height: int,
    width: int,
) -> np.ndarray:
    """IoU of each mask's tight box with the annotated box.

    The agreement is the score by which proxy masks are kept or ignored (the
    paper, Sec. 3.4 and Table 8). The annotated box is clipped to the image
    first.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle; after merging.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image.
        boxes (np.ndarray): (N, 4) float, the annotated boxes, xyxy, in pixels
            of the image.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        np.ndarray: (N,) float64 in [0, 1]; 0 for an empty mask.

    Raises:
        ValueError: If numbers or shapes do not match, or a box covers nothing
            of the image.

    Example:
        The mask covers columns 2 to 19 of its box, so its tight box has 18 of 20
        columns:

        >>> mask = np.ones((10, 20), dtype=bool)
        >>> mask[:, :2] = False
        >>> box = np.array([[10, 10, 30, 20]])
        >>> agreement([mask], box, box, height=50, width=50).tolist()
        [0.9]
    """
    return _ious(tight_boxes(masks, rects), clip_boxes(boxes, height, width))


def merged_confidence(
    confidences: np.ndarray, mask_areas: np.ndarray | Sequence[int], rects: np.ndarray
) -> np.ndarray:
    """Confidence of masks after merging.

    The confidence of the network times the square root of the share of the
    box that its mask covers. This separates good merged masks from bad ones
    far better than the confidence of the network alone, and masks before
    merging just as well (docs/variants.md).

    Args:
        confidences (np.ndarray): (N,) float in [0, 1], confidences of the
            network, see
            :func:`~mmboxcaseg.prediction.box_masks.masks_in_rects`.
        mask_areas (np.ndarray): (N,) areas of the masks after merging, in
            pixels.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image; none is empty.

    Returns:
        np.ndarray: (N,) float64 in [0, 1]; 0 for an empty mask.

    Example:
        The mask covers a quarter of its box:

        >>> rects = np.array([[0, 0, 10, 10]])
        >>> merged_confidence(np.array([0.8]), [25], rects).tolist()
        [0.4]
    """
    shares = np.asarray(mask_areas, dtype=np.float64) / areas(rects)
    return np.asarray(confidences) * np.sqrt(shares)


def _ious(tight: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """IoUs of tight boxes with annotated boxes, (N, 4) xyxy each."""
    _check_numbers(len(tight), len(truth))
    return paired_ious(tight, truth)


def _merge(
    masks: Sequence[np.ndarray],
    rects: np.ndarray,
    box_areas: np.ndarray,
    claims: Claims | None,
) -> list[np.ndarray]:
    if claims is None:
        return merge(masks, rects, box_areas)
    return merge_by_probability(masks, rects, box_areas, claims)


def _check_numbers(masks: int, boxes: int) -> None:
    if masks != boxes:
        raise ValueError(f'{masks} masks, but {boxes} boxes')


def merge_and_score(
    masks: Sequence[np.ndarray],
    rects: np.ndarray,
    boxes: Boxes,
    height: int,
    width: int,
    merging: bool = True,
    claims: Claims | None = None,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Merge the masks of an image and score them.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image.
        boxes (np.ndarray): (N, 4) float, the annotated boxes, xyxy, in pixels
            of the image.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.
        merging (bool): Whether the masks are merged. Defaults to True.
        claims (Claims, optional): Claims of the masks; a pixel goes to the
            strongest, or to several that are nearly as strong, see
            :func:`merge_by_probability`. Defaults to None: it goes to the
            smallest object, see :func:`merge`.

    Returns:
        tuple[list[np.ndarray], np.ndarray]: N bool arrays of the same shapes,
        and their (N,) agreements in [0, 1].

    Raises:
        ValueError: If numbers or shapes do not match, or a box covers nothing
            of the image.
    """
    clipped = clip_boxes(boxes, height, width)
    if merging:
        masks = _merge(masks, rects, areas(clipped), claims)
    return list(masks), _ious(tight_boxes(masks, rects), clipped)


def proxy_rles(
    masks: Sequence[np.ndarray],
    rects: np.ndarray,
    boxes: Boxes,
    height: int,
    width: int,
    merging: bool = True,
    claims: Claims | None = None,
) -> tuple[list[RLE], np.ndarray]:
    """Merge and score the masks of an image, and encode them as RLEs.

    It is faster than :func:`merge_and_score` and then
    :func:`~mmboxcaseg.masks.encode_rles`, since encoding finds the tight
    boxes.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image, inside it.
        boxes (np.ndarray): (N, 4) float, the annotated boxes, xyxy, in pixels
            of the image.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.
        merging (bool): Whether the masks are merged. Defaults to True.
        claims (Claims, optional): Claims of the masks; a pixel goes to the
            strongest, or to several that are nearly as strong, see
            :func:`merge_by_probability`. Defaults to None: it goes to the
            smallest object, see :func:`merge`.

    Returns:
        tuple[list[dict], np.ndarray]: N RLEs with ``size`` [height, width]
        and ``counts`` (str), as in COCO files, and their (N,) agreements in
        [0, 1].

    Raises:
        ValueError: If numbers or shapes do not match, a rectangle leaves the
            image, or a box covers nothing of it.
    """
    clipped = clip_boxes(boxes, height, width)
    _check_numbers(len(masks), len(clipped))
    if merging:
        masks = _merge(masks, rects, areas(clipped), claims)
    rles, tight = encode_with_boxes(masks, rects, height, width)
    return rles, _ious(tight, clipped)
