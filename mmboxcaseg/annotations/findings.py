"""Finding oddities in boxes, without reading the photos."""

import posixpath
from collections import Counter
from dataclasses import dataclass

import numpy as np

from mmboxcaseg.masks import clip_boxes

from .box_file import BoxFile

# Two boxes of one class in one photo with a larger IoU are duplicates.
DUPLICATE_IOU = 0.95
# A box whose shorter side has fewer pixels is tiny.
TINY = 8


@dataclass(frozen=True)
class Finding:
    """An oddity and how often it occurs.

    Attributes:
        what (str): What is odd, in words that follow a number, such as
            ``'tiny boxes'``.
        count (int): Number of odd boxes, images or files.
        examples (tuple[str, ...]): Descriptions of the first ones.
        skipped (bool): Whether they are skipped in training and when masks
            are made.
    """

    what: str
    count: int
    examples: tuple[str, ...] = ()
    skipped: bool = False

    def line(self) -> str:
        """Describe the finding in a line of text."""
        examples = f': {"; ".join(self.examples)}' if self.examples else ''
        more = '; ...' if self.count > len(self.examples) > 0 else ''
        return f'{self.count} {self.what}{examples}{more}'


def seem_corners(boxes: BoxFile) -> bool:
    """Whether boxes seem to be corners instead of x, y, width and height.

    Args:
        boxes (BoxFile): Boxes that were read as [x, y, width, height].

    Returns:
        bool: True if all boxes lie in their images when they are taken as
        [x0, y0, x1, y1], but a tenth or more reach out of them as they are.
    """
    if not boxes.usable.any():
        return False
    x0, y0, x1, y1 = boxes.xywh[boxes.usable].T
    height, width = boxes.sizes[boxes.image_index[boxes.usable]].T
    corners = (x1 > x0) & (y1 > y0) & (x1 <= width + 1) & (y1 <= height + 1)
    outside = (x0 + x1 > width + 1) | (y0 + y1 > height + 1)
    return bool(corners.all() and outside.mean() >= 0.1)


def find_oddities(boxes: BoxFile) -> list[Finding]:
    """Find oddities in boxes. The boxes of COCO take about a second.

    Args:
        boxes (BoxFile): The boxes.

    Returns:
        list[Finding]: The oddities that occur, of these: annotation files
        without a photo, boxes that can't be used or seem to be corners,
        images with the same file name, boxes that reach out of their image,
        tiny boxes, and duplicate boxes.
    """
    # ./a.jpg and a.jpg are the same photo.
    names = Counter(map(posixpath.normpath, boxes.file_names))
    twice = [name for name, count in names.items() if count > 1]
    height, width = boxes.sizes[boxes.image_index].T
    usable = boxes.boxes[boxes.usable]
    clipped = clip_boxes(usable, height[boxes.usable], width[boxes.usable])
    places = np.flatnonzero(boxes.usable)
    # Labelling tools round, so one pixel is tolerated.
    outside = places[(np.abs(clipped - usable) > 1).any(axis=1)]
    sides = (clipped[:, 2:] - clipped[:, :2]).min(axis=1, initial=np.inf)
    found = [
        Finding(
            'annotation files without a photo',
            len(boxes.left_out),
            tuple(f'{one.file} ({one.reason})' for one in boxes.left_out[:3]),
            True,
        ),
        Finding(
            'boxes that cover nothing of their image',
            len(boxes.why_not),
            tuple(
                f'annotation {boxes.box_ids[place]}: {reason}'
                for place, reason in list(boxes.why_not.items())[:3]
            ),
            True,
        ),
        Finding(
            'boxes that seem to be corners [x0, y0, x1, y1] instead of '
            '[x, y, width, height]',
            int(boxes.usable.sum()) if seem_corners(boxes) else 0,
        ),
        Finding(
            'images with the file name of another',
            sum(names[name] - 1 for name in twice),
            tuple(twice[:3]),
        ),
        _of_boxes(
            boxes, 'boxes that reach out of their image, by more than a pixel', outside
        ),
        _of_boxes(
            boxes, f'tiny boxes, with a side below {TINY} px', places[sides < TINY]
        ),
        _of_boxes(
            boxes,
            f'duplicate boxes, with the same class and an IoU above {DUPLICATE_IOU}',
            duplicates(boxes),
        ),
    ]
    return [one for one in found if one.count]


def _of_boxes(boxes: BoxFile, what: str, places: np.ndarray) -> Finding:
    examples = tuple(
        f'annotation {boxes.box_ids[place]} of '
        f'{boxes.file_names[boxes.image_index[place]]}'
        for place in places[:3].tolist()
    )
    return Finding(what, len(places), examples)


def duplicates(boxes: BoxFile, iou: float = DUPLICATE_IOU) -> np.ndarray:
    """Find duplicates: usable boxes with nearly the same place and size.

    Args:
        boxes (BoxFile): The boxes.
        iou (float): IoU, from 0.5 to 1, above which two boxes of one class in
            one image are duplicates. Defaults to 0.95.

    Returns:
        np.ndarray: Places of one box of each pair of duplicates, sorted,
        int64.
    """
    places = np.flatnonzero(boxes.usable)
    group = (
        boxes.image_index[places] * max(len(boxes.category_ids), 1)
        + boxes.category_index[places]
    )
    order = np.lexsort((boxes.boxes[places, 0], group))
    places, group = places[order], group[order]
    x0, y0, x1, y1 = boxes.boxes[places].T
    area = (x1 - x0) * (y1 - y0)
    # The left edges of duplicates are close together. So boxes are sorted by
    # their left edges, and each is compared with the following ones within
    # reach.
    reach = x0 + (x1 - x0) * (1 - iou) / iou
    active: np.ndarray = np.arange(len(places))
    found = np.zeros(len(places), dtype=bool)
    step = 0
    while len(active):
        step += 1
        active = active[active + step < len(places)]
        other = active + step
        near = (group[other] == group[active]) & (x0[other] <= reach[active])
        active, other = active[near], other[near]
        width = np.minimum(x1[active], x1[other]) - x0[other]
        height = np.minimum(y1[active], y1[other]) - np.maximum(y0[active], y0[other])
        common = np.maximum(width, 0) * np.maximum(height, 0)
        same = common > iou * (area[active] + area[other] - common)
        found[active[same]] = True
        active = active[~same]
    return np.sort(places[found])
