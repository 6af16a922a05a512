"""How cost grows with the number of images."""
from typing import List

from coco_scale import SIZES, make_masks, start_up
from measure import Row
from photos import Photos

# A straight line costs as much an image at any size; what is left over is
# the cost of beginning, and what the machine does beside.
MOST = 1.5


def rows(photos: Photos) -> List[Row]:
    """Item 7: time an image, at the most images against the middle size."""
    found = []
    for name in ('data-set start-up', 'merging and writing', 'joining'):
        each = []
        for images in SIZES:
            if name == 'data-set start-up':
                seconds = start_up(images)['seconds']
            else:
                key = 'joining' if name == 'joining' else 'merging'
                seconds = make_masks(photos.ann_file, images)[key]
            each.append(1e3 * seconds / images)
            found.append(
                Row(f'{name}, {images} images', 'ms an image', None, each[-1]))
        ratio = each[-1] / each[1]
        last = found[-1]
        last.plain, last.ratio = each[1], ratio
        last.goal, last.met = f'at most {MOST:g}', ratio <= MOST
    return found
