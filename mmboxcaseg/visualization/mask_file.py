"""Pictures of a file of proxy masks."""
import os.path as osp

import numpy as np

from mmboxcaseg.annotations import MaskFile
from mmboxcaseg.masks import decode_rle, pixel_rects
from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR
from .colors import BOX, IGNORED, MASK
from .drawing import draw_box, draw_hatched_mask, draw_mask, fit
from .photos import read_photo
from .pictures import proxy_picture
from .sheet import Cell
from .text import text_strip

# Size of a gallery's pictures, in pixels.
WIDTH, HEIGHT = 280, 210
# What is shown around a box: a share of its longer side, and pixels at least.
CONTEXT, MIN_CONTEXT = 0.35, 10


def image_picture(masks: MaskFile,
                  image: int,
                  img_dir: str,
                  side: int,
                  agreement_thr: float = DEFAULT_AGREEMENT_THR,
                  confidence_thr: float | None = None,
                  with_classes: bool = False) -> Cell:
    """The photo of an image with all its proxy masks.

    Args:
        masks (MaskFile): Proxy masks.
        image (int): Place of the image. Annotations whose box covers nothing
            of it and crowds are not drawn.
        img_dir (str): Folder of the photos.
        side (int): Longer side of the picture in pixels.
        agreement_thr (float): Masks with a lower agreement are ignored: they
            are hatched. Defaults to 0.95.
        confidence_thr (float | None): So are those with a lower confidence.
            Defaults to None.
        with_classes (bool): Whether classes are written before the scores.
            Defaults to False.

    Returns:
        Cell: See :func:`proxy_picture`.

    Raises:
        OSError: If there is no such photo.
        ValueError: If it can't be decoded or is of another size, or as of
            :func:`~mmboxcaseg.thresholds.ignored_masks`.
    """
    boxes = masks.boxes
    name = boxes.file_names[image]
    path = osp.join(img_dir, name)
    photo = read_photo(path)
    height, width = boxes.sizes[image].tolist()
    if photo.shape[:2] != (height, width):
        raise ValueError(
            f'{path} is {photo.shape[1]} x {photo.shape[0]} pixels, its '
            f'masks {width} x {height}')
    places = boxes.usable_places(image)
    classes = [boxes.category_names[i] for i in boxes.category_index[places]]
    return proxy_picture(
        photo,
        boxes.boxes[places],
        [decode_rle(masks.rle(place)) for place in places.tolist()],
        masks.agreement[places],
        agreement_thr,
        name,
        side,
        classes if with_classes else (),
        confidences=None
        if masks.confidence is None else masks.confidence[places],
        confidence_thr=confidence_thr)


def mask_picture(masks: MaskFile, place: int, img_dir: str,
                 ignored: bool) -> np.ndarray:
    """One mask and its box, with some of the photo around them.

    Args:
        masks (MaskFile): Proxy masks.
        place (int): Place of the annotation.
        img_dir (str): Folder of the photos.
        ignored (bool): Whether the mask is ignored: it is hatched in red.

    Returns:
        np.ndarray: RGB, uint8, at most ``HEIGHT`` x ``WIDTH``; a grey picture
        with the reason where the mask can't be shown.
    """
    boxes = masks.boxes
    name = boxes.file_names[boxes.image_index[place]]
    try:
        photo = read_photo(osp.join(img_dir, name))
    except (OSError, ValueError):
        return _note("the photo is missing or can't be read")
    height, width = masks.size(place)
    if photo.shape[:2] != (height, width):
        return _note(f'the photo is {photo.shape[1]} x {photo.shape[0]} '
                     f'pixels, its mask {width} x {height}')
    if not boxes.usable[place]:
        return _note('the box covers nothing of the photo')
    try:
        mask = decode_rle(masks.rle(place))
    except ValueError:
        return _note('the mask is not of the size of its image')
    box = boxes.boxes[place]
    border = max(CONTEXT * (box[2:] - box[:2]).max(), MIN_CONTEXT)
    x0, y0, x1, y1 = pixel_rects([box + (-border, -border, border, border)],
                                 height, width)[0]
    photo, (mask, ), scaled = fit(photo[y0:y1, x0:x1], [mask[y0:y1, x0:x1]],
                                  box - (x0, y0, x0, y0), WIDTH, HEIGHT)
    if ignored:
        drawn = draw_hatched_mask(photo, mask, IGNORED)
    else:
        drawn = draw_mask(photo, mask, MASK)
    return draw_box(drawn, scaled[0], BOX)


def _note(text: str) -> np.ndarray:
    """A grey picture with a text."""
    picture = np.full((HEIGHT, WIDTH, 3), 222, np.uint8)
    strip = text_strip(
        text, WIDTH, 13, background=(222, 222, 222), center=True)
    top = (HEIGHT - len(strip)) // 2
    picture[top:top + len(strip)] = strip
    return picture
