"""Masks drawn on a part of their photos."""
import os.path as osp
from typing import Any, Dict, Optional

import cv2
import numpy as np

from mmboxcaseg import proxy_masks
from mmboxcaseg import visualization as vis
from mmboxcaseg.visualization.colors import BOX, DROPPED, MASK

WIDTH, HEIGHT = 280, 210
# Of the box's longer side, on each side of it; and pixels at least.
CONTEXT, MIN_CONTEXT = 0.35, 10


def read_photo(path: str) -> Optional[np.ndarray]:
    """A photo as the data sets read it, but RGB.

    Args:
        path (str): Path of the file.

    Returns:
        np.ndarray | None: uint8, shape (H, W, 3); None if it is missing or
        can't be decoded.
    """
    if not osp.isfile(path) or not osp.getsize(path):
        return None
    # It brings torch, which would delay the tool's --help.
    import mmcv
    photo = mmcv.imread(path)
    return None if photo is None else np.ascontiguousarray(photo[..., ::-1])


def draw_mask(img_dir: str, image: Dict[str, Any], ann: Dict[str, Any],
              ignored: bool) -> np.ndarray:
    """One mask and its box, with some of the photo around them.

    Args:
        img_dir (str): Folder of the photos.
        image (dict): Entry of ``images``.
        ann (dict): Its annotation.
        ignored (bool): Whether the mask is ignored: it is hatched in red.

    Returns:
        np.ndarray: RGB, uint8, at most ``HEIGHT`` x ``WIDTH``; a grey picture
        with the reason where the mask can't be shown.
    """
    photo = read_photo(osp.join(img_dir, image['file_name']))
    if photo is None:
        return _note('the photo is missing or can\'t be read')
    size = photo.shape[:2]
    mask = proxy_masks.decode_rle(
        proxy_masks.to_rle(ann['segmentation'], image['height'],
                           image['width']))
    if mask.shape != size:
        return _note(f'the photo is {size[1]} x {size[0]} pixels, its mask '
                     f'{mask.shape[1]} x {mask.shape[0]}')
    x, y, w, h = ann['bbox']
    box = np.array([x, y, x + w, y + h], dtype=np.float64)
    if not proxy_masks.usable_boxes([box], *size)[0]:
        return _note('the box covers nothing of the photo')
    border = max(CONTEXT * max(w, h), MIN_CONTEXT)
    x0, y0, x1, y1 = proxy_masks.pixel_rects(
        [box + (-border, -border, border, border)], *size)[0]
    photo, (mask, ), boxes = vis.fit(photo[y0:y1, x0:x1], [mask[y0:y1, x0:x1]],
                                     box - (x0, y0, x0, y0), WIDTH, HEIGHT)
    if ignored:
        drawn = vis.draw_hatched_mask(photo, mask, DROPPED)
    else:
        drawn = vis.draw_mask(photo, mask, MASK)
    return vis.draw_box(drawn, boxes[0], BOX)


def encode_jpeg(picture: np.ndarray) -> bytes:
    """A picture as the content of a JPEG file.

    Args:
        picture (np.ndarray): RGB, uint8, shape (H, W, 3).

    Returns:
        bytes: The content.
    """
    _, data = cv2.imencode('.jpg', picture[..., ::-1],
                           [cv2.IMWRITE_JPEG_QUALITY, 82])
    return data.tobytes()


def _note(text: str) -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), 222, np.uint8)
    strip = vis.text_strip(
        text, WIDTH, 13, background=(222, 222, 222), center=True)
    top = (HEIGHT - len(strip)) // 2
    picture[top:top + len(strip)] = strip
    return picture
