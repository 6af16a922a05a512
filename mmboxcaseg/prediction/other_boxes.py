"""The other boxes of a photo as further channels of a crop; not in the paper."""

import numpy as np

from mmboxcaseg.masks import areas

# Channels of a photo, and of the maps of its other boxes.
COLOURS, MAPS = 3, 2


def other_box_maps(
    box: np.ndarray, others: np.ndarray, shown: np.ndarray, size: int
) -> np.ndarray:
    """Draw where the other boxes of a photo are in the crop of a box.

    Args:
        box (np.ndarray): The box of the crop, xyxy in pixels of the photo,
            shape (4,).
        others (np.ndarray): The other K boxes of the photo, alike, shape
            (K, 4).
        shown (np.ndarray): Part of the photo that the crop shows, x0, y0, x1,
            y1 in pixels, half-open, (4,) int.
        size (int): Side S of the crop in pixels.

    Returns:
        np.ndarray: (S, S, 2) uint8, 255 where there is another box and 0
        elsewhere: boxes with a smaller area than this one in the first map, all
        others in the second one.

    Example:
        >>> box, others = np.array([0, 0, 4, 4]), np.array([[2, 0, 4, 2]])
        >>> other_box_maps(box, others, box, 2)[..., 0].tolist()
        [[0, 255], [0, 0]]
    """
    maps = np.zeros((size, size, MAPS), dtype=np.uint8)
    others = np.asarray(others, dtype=np.float64).reshape(-1, 4)
    origin, extent = np.asarray(shown[:2]), np.asarray(shown[2:]) - shown[:2]
    corners = (others.reshape(-1, 2, 2) - origin) * (size / extent)
    rects = np.floor(corners + 0.5).clip(0, size).astype(np.int64).reshape(-1, 4)
    is_smaller = areas(others) < areas(np.asarray(box, dtype=np.float64)[None])
    shows = (rects[:, :2] < rects[:, 2:]).all(axis=1)
    rects, is_smaller = rects[shows], is_smaller[shows]
    for (x0, y0, x1, y1), smaller in zip(rects.tolist(), is_smaller.tolist()):
        maps[y0:y1, x0:x1, 0 if smaller else 1] = 255
    return maps
