"""Growth of the time with the number of images.

If the growth is linear, the time for an image is the same at all sizes.
"""

from .coco_scale import make_masks, measure, start_up
from .inputs import Inputs
from .measure import Row


def rows(inputs: Inputs) -> list[Row]:
    """Measure the time for an image with 1 %, 10 % and all of the images."""
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
    # All sizes of a step follow each other.
    return sorted(found, key=lambda row: row.what.split(',')[0])
