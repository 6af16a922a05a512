"""Merging: pixels that several masks of an image claim (the paper, Sec. 3.4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


def check_masks(masks: Sequence[np.ndarray], rects: np.ndarray) -> None:
    """Check that every mask has the shape of its pixel rectangle.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open.

    Raises:
        ValueError: If the numbers differ, or a mask is not bool or does not
            have the shape of its rectangle.
    """
    if len(masks) != len(rects):
        raise ValueError(f'{len(masks)} masks, but {len(rects)} rectangles')
    for index, (mask, rect) in enumerate(zip(masks, rects.tolist())):
        x0, y0, x1, y1 = rect
        if mask.shape != (y1 - y0, x1 - x0) or mask.dtype != bool:
            raise ValueError(
                f'mask {index} is {mask.dtype} of shape {mask.shape} and does not '
                f'fit its rectangle {rect}: it must be bool of shape '
                f'{(y1 - y0, x1 - x0)}'
            )


def take_away(
    masks: Sequence[np.ndarray], rects: np.ndarray, taken: np.ndarray
) -> list[np.ndarray]:
    """Remove the pixels from masks that belong to other masks.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image, inside it.
        taken (np.ndarray): Pixels to remove, (height, width) bool of the
            image.

    Returns:
        list[np.ndarray]: N new bool arrays of the same shapes.

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
    mask (the paper, Sec. 3.4: "smaller object better"). Of two boxes with the
    same area the earlier one gets the pixel. Only the intersections of
    rectangles are computed, never a canvas of the whole image.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image.
        box_areas (Sequence[float]): (N,) areas of the boxes clipped to the
            image, in square pixels.

    Returns:
        list[np.ndarray]: N bool arrays of the same shapes, disjoint in the
        image. Masks that meet a smaller object are copied, the others are the
        given arrays. The input is not changed.

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
        # The mask of the winner before merging: even if a third, smaller object
        # takes the pixel from the winner, the loser does not get it.
        lost = merged[loser][of_loser]
        # For booleans, a > b is "a and not b".
        np.greater(lost, masks[winner][of_winner], out=lost)
    return merged


@dataclass(frozen=True, eq=False)
class Claims:
    """How strongly the N masks of an image claim their pixels.

    A claim is probability * (box area)^-exponent. A mask loses a pixel to
    another mask whose claim is more than ``tolerance`` times as strong.

    Attributes:
        probs (Sequence[np.ndarray]): Probabilities in [0, 1], N float arrays
            of the masks' shapes, above 0 where the mask is True.
        exponent (float): Exponent of the box area, at least 0.
        tolerance (float): Ratio of two claims, at least 1. With 1 each pixel
            goes to one mask. Above 1, both masks keep a pixel whose claims are
            nearly equal. Defaults to 1.

    Raises:
        ValueError: If the exponent is negative, or the tolerance below 1.
    """

    probs: Sequence[np.ndarray]
    exponent: float
    tolerance: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.tolerance < np.inf:
            raise ValueError(
                f'the tolerance is {self.tolerance!r}; it must be finite and at least 1'
            )
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

    Of equal claims, that of the smaller box wins, then that of the earlier
    one. The higher the exponent, the closer the result is to :func:`merge`,
    the paper's rule. With a tolerance above 1, other masks keep the pixel too
    if their claims are nearly as strong, see :class:`Claims`.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image.
        box_areas (Sequence[float]): (N,) areas of the boxes clipped to the
            image, in square pixels, positive.
        claims (Claims): Claims of the masks to their pixels.

    Returns:
        list[np.ndarray]: N bool arrays of the same shapes, disjoint in the
        image if the tolerance is 1. The input is not changed.

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
            'masks and their probabilities differ in shape or number: '
            f'{len(masks)} masks, {len(probs)} arrays of probabilities'
        )
    merged = list(masks)
    # Relative to the smallest box: a high exponent must not round all to 0.
    factors = (areas / areas.min(initial=np.inf)) ** -claims.exponent
    tolerance = np.float32(claims.tolerance)
    bids: dict[int, np.ndarray] = {}
    for winner, loser, of_winner, of_loser in _meetings(rects, areas):
        for place in (winner, loser):
            if place not in bids:
                bids[place] = _bid(masks[place], probs[place], factors[place])
                merged[place] = masks[place].copy()
        # Pixels that only one mask claims stay with it: the claim of the other
        # is 0, and its mask is False.
        one, other = bids[winner][of_winner], bids[loser][of_loser]
        merged[winner][of_winner] &= tolerance * one >= other
        merged[loser][of_loser] &= tolerance * other > one
    return merged


def _bid(mask: np.ndarray, prob: np.ndarray, factor: float) -> np.ndarray:
    """The claim of a mask to its pixels, float32; 0 outside the mask."""
    bid = np.multiply(prob, mask, dtype=np.float32)
    np.multiply(bid, np.float32(factor), out=bid)
    if factor < 1e-30:
        # Claimed pixels must stay above 0.
        np.maximum(bid, np.finfo(np.float32).tiny, where=mask, out=bid)
    return bid


def _checked(
    masks: Sequence[np.ndarray],
    rects: np.ndarray,
    box_areas: Sequence[float] | np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Checked rectangles, (N, 4) int64, and areas, (N,) float64."""
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
    """Find the pairs of rectangles that intersect.

    Yields:
        tuple[int, int, Window, Window]: Place of the smaller box (of two
        equal ones, the earlier) and of the other; their intersection as a
        window of the one and of the other.
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
