"""Random instances, and their masks slowly on the full canvas."""

import numpy as np


def random_instances(
    rng: np.random.Generator, count: int, height: int, width: int
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Masks in rectangles, the rectangles, and float boxes near them."""
    low = rng.integers(0, [width, height], (count, 2))
    high = rng.integers(low + 1, [width + 1, height + 1])
    rects = np.concatenate([low, high], axis=1)
    masks = [
        rng.random((y1 - y0, x1 - x0)) < rng.choice([0, 0.1, 0.6, 1])
        for x0, y0, x1, y1 in rects
    ]
    return masks, rects, rects + rng.uniform(-0.4, 0.4, rects.shape)


def on_canvas(
    mask: np.ndarray, rect: np.ndarray, height: int, width: int, dtype: type = bool
) -> np.ndarray:
    """The mask on the full canvas, pixel by pixel."""
    canvas = np.zeros((height, width), dtype=dtype)
    for y in range(rect[1], rect[3]):
        for x in range(rect[0], rect[2]):
            canvas[y, x] = mask[y - rect[1], x - rect[0]]
    return canvas


def merge_slowly(canvases: list[np.ndarray], areas: np.ndarray) -> list[np.ndarray]:
    """For each pixel: of all masks that claim it, keep the smallest box."""
    merged = [np.zeros_like(canvas) for canvas in canvases]
    height, width = canvases[0].shape
    for y in range(height):
        for x in range(width):
            claims = [i for i, c in enumerate(canvases) if c[y, x]]
            if claims:
                winner = min(claims, key=lambda i: (areas[i], i))
                merged[winner][y, x] = True
    return merged


def merge_by_probability_slowly(
    canvases: list[np.ndarray],
    probs: list[np.ndarray],
    areas: np.ndarray,
    exponent: float,
) -> list[np.ndarray]:
    """For each pixel: of all masks that claim it, keep the one with the
    highest prob * area^-exponent, then the smallest box, then the first."""
    merged = [np.zeros_like(canvas) for canvas in canvases]
    bids = [prob * area**-exponent for prob, area in zip(probs, areas)]
    height, width = canvases[0].shape
    for y in range(height):
        for x in range(width):
            claims = [i for i, c in enumerate(canvases) if c[y, x]]
            if claims:
                winner = min(claims, key=lambda i: (-bids[i][y, x], areas[i], i))
                merged[winner][y, x] = True
    return merged
