"""Overlapping masks of an image made disjoint: "smaller object better"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


def check_masks(masks: Sequence[np.ndarray], rects: np.ndarray) -> None:
    """Check that every mask has the shape of its pixel rectangle.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open.

    Raises:
        ValueError: If numbers or shapes do not match.
    """
    if len(masks) != len(rects):
        raise ValueError(f'{len(masks)} masks, but {len(rects)} rectangles')
    for index, (mask, rect) in enumerate(zip(masks, rects.tolist())):
        x0, y0, x1, y1 = rect
        if mask.shape != (y1 - y0, x1 - x0) or mask.dtype != bool:
            raise ValueError(
                f'mask {index} is {mask.dtype} of shape {mask.shape}, but its '
                f'rectangle {rect} holds bool of shape {(y1 - y0, x1 - x0)}: '
                'it does not fit'
            )


def take_away(
    masks: Sequence[np.ndarray], rects: np.ndarray, taken: np.ndarray
) -> list[np.ndarray]:
    """Take pixels away that belong to something else.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image, inside it.
        taken (np.ndarray): (height, width) bool of the image.

    Returns:
        list[np.ndarray]: N bool arrays of the same shapes, without what is
        taken. The input is left as it was.

    Raises:
        ValueError: If numbers or shapes do not match.
    """
    rects = np.asarray(rects, dtype=np.int64).reshape(-1, 4)
    check_masks(masks, rects)
    return [
        mask & ~taken[y0:y1, x0:x1]
        for mask, (x0, y0, x1, y1) in zip(masks, rects.tolist(), strict=True)
    ]


def merge(
    masks: Sequence[np.ndarray],
    rects: np.ndarray,
    box_areas: Sequence[float] | np.ndarray,
) -> list[np.ndarray]:
    """Give each pixel claimed by several masks to the smallest object.

    The smallest object is the one with the smallest box, not the smallest
    mask (the paper, Sec. 3.4: "smaller object better"). Of boxes with the
    same area the earlier one wins. Only the intersections of rectangles are
    looked at; there is no full canvas.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image.
        box_areas (Sequence[float]): (N,) areas of the boxes clipped to the
            image, in square pixels.

    Returns:
        list[np.ndarray]: N bool arrays of the same shapes, disjoint in the
        image: those that meet a smaller object are copies, the others the
        arrays given. The input is left as it was.

    Raises:
        ValueError: If numbers or shapes do not match, or an area is NaN.

    Example:
        The second box is the smaller one, so it gets the pixel that both claim:

        >>> masks = [np.ones((1, 3), dtype=bool), np.ones((1, 2), dtype=bool)]
        >>> rects = np.array([[0, 0, 3, 1], [2, 0, 4, 1]])
        >>> [mask.tolist() for mask in merge(masks, rects, [3, 2])]
        [[[True, True, False]], [[True, True]]]
    """
    rects, areas = _checked(masks, rects, box_areas)
    merged = list(masks)
    for winner, loser, of_winner, of_loser in _meetings(rects, areas):
        if merged[loser] is masks[loser]:
            merged[loser] = masks[loser].copy()
        # The winner's own claim counts even where a still smaller object
        # takes the pixel from it: the loser has lost it either way.
        lost = merged[loser][of_loser]
        # Of booleans, "greater" is "and not".
        np.greater(lost, masks[winner][of_winner], out=lost)
    return merged


@dataclass(frozen=True, eq=False)
class Claims:
    """How strongly the masks of an image claim their pixels.

    Attributes:
        probs (Sequence[np.ndarray]): N float arrays of the masks' shapes, in
            [0, 1], above 0 where the mask is True.
        exponent (float): At least 0. A claim is probability *
            (box area)^-exponent.

    Raises:
        ValueError: If the exponent is negative.
    """

    probs: Sequence[np.ndarray]
    exponent: float

    def __post_init__(self) -> None:
        if not self.exponent >= 0:
            raise ValueError(
                f'the exponent is {self.exponent!r}; it must not be negative'
            )


def merge_by_probability(
    masks: Sequence[np.ndarray],
    rects: np.ndarray,
    box_areas: Sequence[float] | np.ndarray,
    claims: Claims,
) -> list[np.ndarray]:
    """Give each pixel claimed by several masks to the strongest claim.

    Where two are equal it goes to the smaller box, then to the earlier one.
    The higher the exponent, the nearer to :func:`merge`, the paper's rule.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image.
        box_areas (Sequence[float]): (N,) areas of the boxes clipped to the
            image, in square pixels, positive.
        claims (Claims): How strongly they claim their pixels.

    Returns:
        list[np.ndarray]: N bool arrays of the same shapes, disjoint in the
        image. The input is left as it was.

    Raises:
        ValueError: If numbers or shapes do not match, or an area is NaN or
            not positive.
    """
    rects, areas = _checked(masks, rects, box_areas)
    probs = claims.probs
    if (areas <= 0).any():
        raise ValueError(
            f'the area of box {int((areas <= 0).argmax())} is not positive'
        )
    shapes = [prob.shape for prob in probs]
    if shapes != [mask.shape for mask in masks]:
        raise ValueError(
            f'masks and their probabilities differ in shape or '
            f'number: {len(masks)} masks, {len(probs)} of '
            'probabilities'
        )
    merged = list(masks)
    # Relative to the smallest box, so that a high exponent leaves something.
    factors = (areas / areas.min(initial=np.inf)) ** -claims.exponent
    bids: dict[int, np.ndarray] = {}
    for winner, loser, of_winner, of_loser in _meetings(rects, areas):
        for place in (winner, loser):
            if place not in bids:
                bids[place] = _bid(masks[place], probs[place], factors[place])
                merged[place] = masks[place].copy()
        # A pixel that neither or only one of them claims stays as it is:
        # what is not claimed is 0 here, and False in the mask.
        first = bids[winner][of_winner] >= bids[loser][of_loser]
        merged[winner][of_winner] &= first
        lost = merged[loser][of_loser]
        # Of booleans, "greater" is "and not".
        np.greater(lost, first, out=lost)
    return merged


def _bid(mask: np.ndarray, prob: np.ndarray, factor: float) -> np.ndarray:
    """The claim of a mask to its pixels, float32; 0 outside of it."""
    bid = np.multiply(prob, mask, dtype=np.float32)
    np.multiply(bid, np.float32(factor), out=bid)
    if factor < 1e-30:
        # Whatever is claimed stays above 0.
        np.maximum(bid, np.finfo(np.float32).tiny, where=mask, out=bid)
    return bid


def _checked(
    masks: Sequence[np.ndarray],
    rects: np.ndarray,
    box_areas: Sequence[float] | np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Rectangles, (N, 4) int64, and areas, (N,) float64, that fit."""
    rects = np.asarray(rects, dtype=np.int64).reshape(-1, 4)
    areas = np.asarray(box_areas, dtype=np.float64)
    check_masks(masks, rects)
    if areas.shape != (len(masks),):
        raise ValueError(f'{len(masks)} masks, but box areas of shape {areas.shape}')
    if np.isnan(areas).any():
        raise ValueError(f'the area of box {int(np.isnan(areas).argmax())} is NaN')
    return rects, areas


Window = tuple[slice, slice]


def _meetings(
    rects: np.ndarray, areas: np.ndarray
) -> Iterator[tuple[int, int, Window, Window]]:
    """Pairs of rectangles that meet.

    Yields:
        tuple[int, int, Window, Window]: Place of the smaller box (among equal
        ones the earlier) and of the other; their intersection as a window of
        each.
    """
    x0, y0, x1, y1 = rects.T
    meet = (x0[:, None] < x1) & (y0[:, None] < y1)
    rank = np.lexsort((np.arange(len(areas)), areas)).argsort()
    smaller = rank[:, None] < rank
    corners = rects.tolist()
    for i, j in np.argwhere(meet & meet.T & smaller).tolist():
        left, top, right, bottom = corners[i]
        x0, y0, x1, y1 = corners[j]
        low, high = max(left, x0), min(right, x1)
        head, foot = max(top, y0), min(bottom, y1)
        yield (
            i,
            j,
            (slice(head - top, foot - top), slice(low - left, high - left)),
            (slice(head - y0, foot - y0), slice(low - x0, high - x0)),
        )
