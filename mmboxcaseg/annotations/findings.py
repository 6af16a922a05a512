"""What is odd about boxes, without a look at the photos."""

import posixpath
from collections import Counter
from dataclasses import dataclass

import numpy as np

from mmboxcaseg.masks import clip_boxes

from .box_file import BoxFile

# Boxes of one class of one photo that overlap more are one object twice.
DUPLICATE_IOU = 0.95
# The shorter side in pixels from which on a box shows something.
TINY = 8


@dataclass(frozen=True)
class Finding:
    """Something odd, as often as it occurs.

    Attributes:
        what (str): What it is.
        count (int): How many boxes, images or files.
        examples (tuple[str, ...]): The first of them.
        skipped (bool): Whether they are skipped when masks are made and in
            training.
    """

    what: str
    count: int
    examples: tuple[str, ...] = ()
    skipped: bool = False

    def line(self) -> str:
        """The finding in words."""
        examples = f': {"; ".join(self.examples)}' if self.examples else ''
        more = '; ...' if self.count > len(self.examples) > 0 else ''
        return f'{self.count} {self.what}{examples}{more}'


def seem_corners(boxes: BoxFile) -> bool:
    """Whether boxes seem to be [x0, y0, x1, y1], and not [x, y, width,
    height].

    Args:
        boxes (BoxFile): The boxes.

    Returns:
        bool: True if as corners all lie in their images, and a tenth
        do not otherwise.
    """
    if not boxes.usable.any():
        return False
    x0, y0, x1, y1 = boxes.xywh[boxes.usable].T
    height, width = boxes.sizes[boxes.image_index[boxes.usable]].T
    corners = (x1 > x0) & (y1 > y0) & (x1 <= width + 1) & (y1 <= height + 1)
    outside = (x0 + x1 > width + 1) | (y0 + y1 > height + 1)
    return bool(corners.all() and outside.mean() >= 0.1)


def find_oddities(boxes: BoxFile) -> list[Finding]:
    """What is odd about boxes; takes a second for those of COCO.

    Args:
        boxes (BoxFile): The boxes.

    Returns:
        list[Finding]: What there is of: files without a photo, boxes that
        can't be used or seem to be corners, images named twice, boxes that
        reach out of their image, tiny boxes, boxes that are there twice.
    """
    # ./a.jpg is a.jpg.
    names = Counter(map(posixpath.normpath, boxes.file_names))
    twice = [name for name, count in names.items() if count > 1]
    height, width = boxes.sizes[boxes.image_index].T
    usable = boxes.boxes[boxes.usable]
    clipped = clip_boxes(usable, height[boxes.usable], width[boxes.usable])
    places = np.flatnonzero(boxes.usable)
    # Labelling tools round; a pixel says nothing.
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
            'boxes that seem to be corners [x0, y0, x1, y1], where COCO has '
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
            'boxes that are there twice, with the same class and an '
            f'IoU above {DUPLICATE_IOU}',
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
    """Usable boxes that nearly cover another of their class and image.

    Args:
        boxes (BoxFile): The boxes.
        iou (float): Overlap above which two boxes are one object, from 0.5 to
            1. Defaults to 0.95.

    Returns:
        np.ndarray: Places of one box of each such pair, ascending, int64.
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
    # Two such boxes begin within a part of their width from one another, so
    # each box is compared with the next ones, as far as that.
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
