"""Pictures of a file of proxy masks."""

import os.path as osp
from dataclasses import dataclass

import numpy as np

from mmboxcaseg.annotations import MaskFile
from mmboxcaseg.masks import decode_rle, pixel_rects
from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR

from .colors import BOX, IGNORED, MASK
from .drawing import draw_box, draw_hatched_mask, draw_mask, fit, resize_image
from .photos import read_photo
from .pictures import proxy_picture
from .sheet import Cell
from .text import text_strip

# Size of the pictures of a gallery in pixels.
WIDTH, HEIGHT = 280, 210
# Border around a box in a gallery: a share of its longer side, but at least so
# many pixels.
CONTEXT, MIN_CONTEXT = 0.35, 10
# The same for a review, and the longest side of the picture in pixels.
WIDE_CONTEXT, MIN_WIDE_CONTEXT, VIEW_SIDE = 0.5, 40, 800


@dataclass(frozen=True, eq=False)
class MaskView:
    """A mask, its box and the part of the photo around them.

    Attributes:
        photo (np.ndarray): The part of the photo, RGB, uint8, scaled down to
            ``VIEW_SIDE`` pixels if it is larger.
        mask (np.ndarray): The mask in pixels of the original photo, (H, W)
            bool.
        box (np.ndarray): The box as xyxy in pixels of ``mask``, (4,) float64.
    """

    photo: np.ndarray
    mask: np.ndarray
    box: np.ndarray


def image_picture(
    masks: MaskFile,
    image: int,
    img_dir: str,
    side: int,
    agreement_thr: float = DEFAULT_AGREEMENT_THR,
    confidence_thr: float | None = None,
    with_classes: bool = False,
) -> Cell:
    """Draw the photo of an image with all its proxy masks.

    Crowds and annotations whose box covers nothing of the image are not
    drawn. Ignored masks are hatched in red: those below a threshold, and
    those that a person rejected.

    Args:
        masks (MaskFile): Proxy masks.
        image (int): Place of the image in the file.
        img_dir (str): Folder of the photos.
        side (int): Longer side of the picture in pixels.
        agreement_thr (float): Threshold of the agreement, in [0, 1]. Defaults
            to 0.95.
        confidence_thr (float | None): Threshold of the confidence, in [0, 1].
            Defaults to None: confidence is not looked at.
        with_classes (bool): Whether classes are written before the scores.
            Defaults to False.

    Returns:
        Cell: The picture, see :func:`proxy_picture`.

    Raises:
        OSError: If the photo does not exist.
        ValueError: If the photo can't be decoded or has another size than its
            masks, a threshold is not in [0, 1], or ``confidence_thr`` is
            given and the masks have no confidence.
    """
    boxes = masks.boxes
    name = boxes.file_names[image]
    path = osp.join(img_dir, name)
    photo = read_photo(path)
    height, width = boxes.sizes[image].tolist()
    if photo.shape[:2] != (height, width):
        raise ValueError(
            f'{path} is {photo.shape[1]} x {photo.shape[0]} pixels, its masks are '
            f'{width} x {height}; give the folder of the photos of {boxes.path}'
        )
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
        confidences=None if masks.confidence is None else masks.confidence[places],
        confidence_thr=confidence_thr,
        rejected=masks.rejected[places],
    )


def mask_picture(
    masks: MaskFile, place: int, img_dir: str, ignored: bool
) -> np.ndarray:
    """Draw a mask and its box on the part of the photo around them.

    Args:
        masks (MaskFile): Proxy masks.
        place (int): Place of the annotation in the file.
        img_dir (str): Folder of the photos.
        ignored (bool): Whether the mask is ignored, and so hatched in red.

    Returns:
        np.ndarray: The picture, RGB, uint8, at most ``HEIGHT`` x ``WIDTH``
        pixels; a grey picture with the reason if the mask can't be shown.
    """
    try:
        part = _cut(masks, place, img_dir, CONTEXT, MIN_CONTEXT)
    except ValueError as error:
        return _note(str(error))
    photo, (mask,), scaled = fit(part.photo, [part.mask], part.box, WIDTH, HEIGHT)
    if ignored:
        drawn = draw_hatched_mask(photo, mask, IGNORED)
    else:
        drawn = draw_mask(photo, mask, MASK)
    return draw_box(drawn, scaled[0], BOX)


def mask_view(masks: MaskFile, place: int, img_dir: str) -> MaskView:
    """Cut out a mask with enough of the photo around it to judge the mask.

    Args:
        masks (MaskFile): Proxy masks.
        place (int): Place of the annotation in the file.
        img_dir (str): Folder of the photos.

    Returns:
        MaskView: Photo, mask and box; nothing is drawn on the photo.

    Raises:
        ValueError: If the mask can't be shown. The message is the reason.
    """
    part = _cut(masks, place, img_dir, WIDE_CONTEXT, MIN_WIDE_CONTEXT)
    height, width = part.mask.shape
    factor = min(VIEW_SIDE / max(height, width), 1)
    if factor == 1:
        return part
    photo = resize_image(
        part.photo, max(round(width * factor), 1), max(round(height * factor), 1)
    )
    return MaskView(photo, part.mask, part.box)


def _cut(
    masks: MaskFile, place: int, img_dir: str, context: float, least: int
) -> MaskView:
    """Cut out a mask with a border: ``context`` times the longer side of its
    box, but at least ``least`` pixels. Raises ValueError if that fails."""
    boxes = masks.boxes
    name = boxes.file_names[boxes.image_index[place]]
    try:
        photo = read_photo(osp.join(img_dir, name))
    except (OSError, ValueError):
        raise ValueError("the photo is missing or can't be read") from None
    height, width = masks.size(place)
    if photo.shape[:2] != (height, width):
        raise ValueError(
            f'the photo is {photo.shape[1]} x {photo.shape[0]} '
            f'pixels, its mask {width} x {height}'
        )
    if not boxes.usable[place]:
        raise ValueError('the box covers nothing of the photo')
    try:
        mask = decode_rle(masks.rle(place))
    except ValueError:
        raise ValueError('the mask has another size than its image') from None
    box = boxes.boxes[place]
    border = max(context * (box[2:] - box[:2]).max(), least)
    x0, y0, x1, y1 = pixel_rects(
        [box + (-border, -border, border, border)], height, width
    )[0]
    return MaskView(photo[y0:y1, x0:x1], mask[y0:y1, x0:x1], box - (x0, y0, x0, y0))


def _note(text: str) -> np.ndarray:
    """Draw a grey picture with a text."""
    picture = np.full((HEIGHT, WIDTH, 3), 222, np.uint8)
    strip = text_strip(text, WIDTH, 13, background=(222, 222, 222), center=True)
    top = (HEIGHT - len(strip)) // 2
    picture[top : top + len(strip)] = strip
    return picture
