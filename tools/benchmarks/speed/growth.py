"""How cost grows with the number of images.

A straight line costs as much an image at any size.
"""

from .coco_scale import make_masks, measure, start_up
from .inputs import Inputs
from .measure import Row


def rows(inputs: Inputs) -> list[Row]:
    """Time an image at a hundredth, at a tenth, and at all of the images."""
    found = []
    for images in (inputs.images // 100, inputs.images // 10, inputs.images):
        steps = dict(
            measure(make_masks, images),
            **{'data-set start-up': measure(start_up, images)},
        )
        found += [
            Row(f'{name}, {images} images', 'ms an image', 1e3 * step.seconds / images)
            for name, step in steps.items()
        ]
    # The sizes of a step beside each other.
    return sorted(found, key=lambda row: row.what.split(',')[0])
