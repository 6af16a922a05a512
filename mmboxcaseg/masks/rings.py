"""Outlines of masks as rings: tracing, simplifying and joining them.

A ring is a closed line, stored as a float64 array (P, 2) of x, y in pixels.
Its last point is connected to its first.
"""

from collections.abc import Sequence

import cv2
import numpy as np


def edge_rings(mask: np.ndarray, holes: bool = False) -> list[np.ndarray]:
    """Trace the outlines of a mask's parts along the edges of its pixels.

    The pixel in column 0 and row 0 is the square from 0 to 1. Filled, the
    rings reproduce the mask except for its holes. With the rings of the holes
    and the even-odd rule they reproduce it exactly.

    Args:
        mask (np.ndarray): (H, W) bool.
        holes (bool): Whether holes have rings too. Defaults to False.

    Returns:
        list[np.ndarray]: A ring for each 8-connected part, (P, 2) in pixels,
        whose points are the corners.
    """
    # OpenCV traces the centres of the border's pixels, which would make the
    # object half a pixel smaller on each side. In a mask of twice the size the
    # centres can be rounded to edges: for a run of pixels i..j, the columns 2i
    # and 2j + 1 become i and j + 1. The contour of a hole consists of pixels of
    # the mask as well, so the same rounding holds for it.
    double = mask.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    mode = cv2.RETR_CCOMP if holes else cv2.RETR_EXTERNAL
    return [corners((ring + 1) // 2) for ring in _walk(double, mode)]


def centre_rings(mask: np.ndarray) -> list[np.ndarray]:
    """Trace the outlines of a mask's parts through the centres of pixels.

    Drawn by ``cv2.fillPoly``, which also fills the pixels on the line, the
    rings reproduce the mask except for its holes.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        list[np.ndarray]: A ring for each 8-connected part, (P, 2): column and
        row of every pixel of its border. A part of one pixel has one point.
    """
    rings = _walk(mask.astype(np.uint8), cv2.RETR_EXTERNAL)
    return [ring.astype(np.float64) for ring in rings]


def _walk(mask: np.ndarray, mode: int) -> list[np.ndarray]:
    """The contours that OpenCV finds, (P, 2) int32 each."""
    rings, _ = cv2.findContours(mask, mode, cv2.CHAIN_APPROX_NONE)
    return [ring[:, 0] for ring in rings]


def corners(ring: np.ndarray) -> np.ndarray:
    """Keep only the points of a ring at which it turns.

    Args:
        ring (np.ndarray): (P, 2).

    Returns:
        np.ndarray: (Q, 2) float64, without repeated points and without points
        on a straight line; Q is at least 1.
    """
    other = ring[(ring != np.roll(ring, 1, axis=0)).any(axis=1)]
    ring = (other if len(other) else ring[:1]).astype(np.float64)
    before = ring - np.roll(ring, 1, axis=0)
    after = np.roll(ring, -1, axis=0) - ring
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    # Going straight back is a turn too.
    turns = (abs(cross) > 1e-9) | ((before * after).sum(axis=1) <= 0)
    return ring[turns]


def simplify(ring: np.ndarray, distance: float) -> np.ndarray:
    """Reduce the points of a ring by the algorithm of Douglas and Peucker.

    No point of either ring is farther than ``distance`` from the other ring.
    (``cv2.approxPolyDP`` does not guarantee that, as it removes more points in
    a last step.)

    Args:
        ring (np.ndarray): (P, 2) float64.
        distance (float): Largest distance between the rings in pixels, 0 or
            more.

    Returns:
        np.ndarray: (Q, 2), some of the points in their order; Q is at least 3
        if P is.
    """
    if len(ring) <= 3:
        return ring
    # Two points are kept in any case: the farthest from the first point, and
    # the farthest from that one.
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
        # A ring of two points has no area.
        away = _from_segment(ring, ring[0], ring[middle])
        kept = np.unique([*kept.tolist(), int(away.argmax())])
    return ring[kept]


def _farthest(ring: np.ndarray, point: np.ndarray) -> int:
    return int(((ring - point) ** 2).sum(axis=1).argmax())


def _from_segment(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Distances of points from a line segment, (P,)."""
    along = end - start
    length = max(float(along @ along), 1e-12)
    share = ((points - start) @ along / length).clip(0, 1)
    nearest = start + share[:, None] * along
    return np.hypot(*(points - nearest).T)


def join_rings(rings: Sequence[np.ndarray]) -> np.ndarray:
    """Join several rings into one by bridges without width.

    A bridge is a line segment that the ring passes in both directions. It
    connects the two nearest points of two rings. The rings are joined to the
    first one in the order of their distance.

    Args:
        rings (Sequence[np.ndarray]): One or more rings, (P, 2) each.

    Returns:
        np.ndarray: (Q, 2), the joined ring, without points on a straight
        line.
    """
    if len(rings) == 1:
        return corners(rings[0])
    joined = _dense(rings[0])
    left = [_dense(ring) for ring in rings[1:]]
    # Squared distance of each ring that is left from the joined one, with the
    # two nearest points.
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
    """Smallest squared distance of points of two rings, and these points."""
    best = (np.inf, one[0], other[0])
    # In blocks, to limit the memory for long outlines.
    for block in np.array_split(one, 1 + len(one) // 500):
        squares = ((block[:, None] - other[None]) ** 2).sum(axis=2)
        place, turn = np.unravel_index(squares.argmin(), squares.shape)
        if squares[place, turn] < best[0]:
            best = (float(squares[place, turn]), block[place], other[turn])
    return best


def _dense(ring: np.ndarray) -> np.ndarray:
    """A ring with points at most a pixel apart, so that bridges are short."""
    step = np.roll(ring, -1, axis=0) - ring
    counts = np.maximum(np.ceil(abs(step).max(axis=1)), 1).astype(int)
    starts = counts.cumsum() - counts
    shares = np.arange(counts.sum()) - starts.repeat(counts)
    shares = shares / counts.repeat(counts)
    return ring.repeat(counts, axis=0) + step.repeat(counts, axis=0) * shares[:, None]
