"""Outlines of masks as closed lines: fewer points, several in one.

A ring is a float64 array (P, 2) of x, y; its last point is joined to its
first.
"""

from collections.abc import Sequence

import cv2
import numpy as np


def edge_rings(mask: np.ndarray, holes: bool = False) -> list[np.ndarray]:
    """The outlines of a mask's parts along the edges of its pixels.

    The pixel in column 0 and row 0 is the square from 0 to 1. Filled, they
    give the mask back to the pixel, but for its holes; with those, by the
    even-odd rule, wholly.

    Args:
        mask (np.ndarray): (H, W) bool.
        holes (bool): Whether holes have rings too. Defaults to False.

    Returns:
        list[np.ndarray]: A ring for each part, (P, 2) in pixels, with the
        points at which it turns; pixels that touch at a corner are of one
        part.
    """
    # OpenCV walks through the centres of the border's pixels, which would
    # make the object half a pixel smaller all around. Of a mask of twice the
    # size, the centres round to the edges: columns 2i and 2j + 1 of a run of
    # pixels i..j to i and j + 1. The line around a hole goes through pixels
    # of the mask, and so rounds to edges too.
    double = mask.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    mode = cv2.RETR_CCOMP if holes else cv2.RETR_EXTERNAL
    return [corners((ring + 1) // 2) for ring in _walk(double, mode)]


def centre_rings(mask: np.ndarray) -> list[np.ndarray]:
    """The outlines of a mask's parts through the pixels of their border.

    Drawn by ``cv2.fillPoly``, which takes the pixels on the line for the
    object's, they give the mask back to the pixel, but for its holes.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        list[np.ndarray]: A ring for each part, (P, 2): column and row of
        every pixel on its way; a part of one pixel has one point.
    """
    rings = _walk(mask.astype(np.uint8), cv2.RETR_EXTERNAL)
    return [ring.astype(np.float64) for ring in rings]


def _walk(mask: np.ndarray, mode: int) -> list[np.ndarray]:
    """What OpenCV finds, (P, 2) int32 each."""
    rings, _ = cv2.findContours(mask, mode, cv2.CHAIN_APPROX_NONE)
    return [ring[:, 0] for ring in rings]


def corners(ring: np.ndarray) -> np.ndarray:
    """The points of a ring at which it turns.

    Args:
        ring (np.ndarray): (P, 2).

    Returns:
        np.ndarray: (Q, 2) float64, without points that are there twice in
        turn or lie on the way straight on; at least one.
    """
    other = ring[(ring != np.roll(ring, 1, axis=0)).any(axis=1)]
    ring = (other if len(other) else ring[:1]).astype(np.float64)
    before = ring - np.roll(ring, 1, axis=0)
    after = np.roll(ring, -1, axis=0) - ring
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    # Straight back is a turn as well.
    turns = (abs(cross) > 1e-9) | ((before * after).sum(axis=1) <= 0)
    return ring[turns]


def simplify(ring: np.ndarray, distance: float) -> np.ndarray:
    """A ring with fewer points, after Douglas and Peucker.

    Neither has a point that is farther than ``distance`` from the other.
    (``cv2.approxPolyDP`` does not promise that: it takes out more points in a
    last step.)

    Args:
        ring (np.ndarray): (P, 2) float64.
        distance (float): In pixels, 0 or more.

    Returns:
        np.ndarray: (Q, 2), some of the points in their order; three at least
        where there are three.
    """
    if len(ring) <= 3:
        return ring
    # Two points that surely stay: the first one's farthest, and its farthest.
    start = _farthest(ring, ring[0])
    ring = np.roll(ring, -start, axis=0)
    middle = _farthest(ring, ring[0])
    closed = np.concatenate([ring, ring[:1]])
    stays = np.zeros(len(closed), dtype=bool)
    stays[[0, middle, -1]] = True
    spans = [(0, middle), (middle, len(ring))]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        away = _from_segment(closed[first + 1 : last], closed[first], closed[last])
        place = first + 1 + int(away.argmax())
        if away.max() > distance:
            stays[place] = True
            spans += [(first, place), (place, last)]
    kept = np.flatnonzero(stays[:-1])
    if len(kept) < 3:
        # A line has no inside.
        away = _from_segment(ring, ring[0], ring[middle])
        kept = np.unique([*kept.tolist(), int(away.argmax())])
    return ring[kept]


def _farthest(ring: np.ndarray, point: np.ndarray) -> int:
    return int(((ring - point) ** 2).sum(axis=1).argmax())


def _from_segment(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Distances of points from a straight piece, (P,)."""
    along = end - start
    length = max(float(along @ along), 1e-12)
    share = ((points - start) @ along / length).clip(0, 1)
    nearest = start + share[:, None] * along
    return np.hypot(*(points - nearest).T)


def join_rings(rings: Sequence[np.ndarray]) -> np.ndarray:
    """One ring of several, by bridges of no width.

    A bridge is a straight piece that is walked there and back, between the
    points of two rings that are nearest to each other; the first ring gets
    the nearest of the others, and so on.

    Args:
        rings (Sequence[np.ndarray]): One or more, (P, 2) each.

    Returns:
        np.ndarray: (Q, 2), without points on the way straight on.
    """
    if len(rings) == 1:
        return corners(rings[0])
    joined = _dense(rings[0])
    left = [_dense(ring) for ring in rings[1:]]
    # Squared distance of each ring that is left to what is joined, and where
    # both are.
    gaps = [_gap(joined, ring) for ring in left]
    while left:
        nearest = min(range(len(left)), key=lambda place: gaps[place][0])
        ring, (_, start, end) = left.pop(nearest), gaps.pop(nearest)
        place = np.flatnonzero((joined == start).all(axis=1))[0]
        turn = np.flatnonzero((ring == end).all(axis=1))[0]
        there = np.roll(ring, -turn, axis=0)
        joined = np.concatenate([joined[: place + 1], there, there[:1], joined[place:]])
        for other, gap in enumerate(gaps):
            gaps[other] = min(gap, _gap(ring, left[other]), key=lambda g: g[0])
    return corners(joined)


def _gap(one: np.ndarray, other: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Smallest squared distance of the points of two rings, and where."""
    best = (np.inf, one[0], other[0])
    # In blocks, so that long outlines don't fill the memory.
    for block in np.array_split(one, 1 + len(one) // 500):
        squares = ((block[:, None] - other[None]) ** 2).sum(axis=2)
        place, turn = np.unravel_index(squares.argmin(), squares.shape)
        if squares[place, turn] < best[0]:
            best = (float(squares[place, turn]), block[place], other[turn])
    return best


def _dense(ring: np.ndarray) -> np.ndarray:
    """A ring with a point a pixel at least, so that bridges are short."""
    step = np.roll(ring, -1, axis=0) - ring
    counts = np.maximum(np.ceil(abs(step).max(axis=1)), 1).astype(int)
    starts = counts.cumsum() - counts
    shares = np.arange(counts.sum()) - starts.repeat(counts)
    shares = shares / counts.repeat(counts)
    return ring.repeat(counts, axis=0) + step.repeat(counts, axis=0) * shares[:, None]
