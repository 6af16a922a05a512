"""Masks of boxes from any function, such as a network other than BoxCaseg."""

import importlib
import os
import os.path as osp
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmboxcaseg.annotations import BadInputError, BoxFile, MaskFile
from mmboxcaseg.masks import (
    RLE,
    Claims,
    encode_rle,
    pixel_rects,
    proxy_rles,
    rle_area,
)
from mmboxcaseg.prediction.photos import read_photo

# Takes a photo (H, W, 3), uint8, RGB, and boxes (N, 4), float64, xyxy in pixels.
# Returns N masks (H, W), bool or probabilities in [0, 1].
MaskFunction = Callable[[np.ndarray, np.ndarray], Sequence[np.ndarray]]


@dataclass(frozen=True)
class InRects:
    """Masks of the N boxes of an image, each inside its pixel rectangle.

    Attributes:
        masks (list[np.ndarray]): N bool arrays of the size of their
            rectangles.
        claims (Claims | None): Claims of the masks to their pixels, by which
            masks are merged. Defaults to None: the smallest object gets a
            pixel.
    """

    masks: list[np.ndarray]
    claims: Claims | None = None


def load_predictor(name: str) -> MaskFunction:
    """Import a function that makes masks.

    Args:
        name (str): ``'module:function'``. The module may lie in the working
            directory.

    Returns:
        MaskFunction: The function.

    Raises:
        ValueError: If the name has another form, or there is no such module
            or function.
    """
    module, _, function = name.partition(':')
    if not module or not function:
        raise ValueError(
            f'the predictor is {name!r}, but its name must be module:function'
        )
    path = sys.path
    # A command, unlike `python -m`, does not search the working directory.
    sys.path = [os.getcwd(), *path]
    try:
        found = getattr(importlib.import_module(module), function)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ValueError(f'there is no predictor {name}: {error}') from error
    finally:
        sys.path = path
    if not callable(found):
        raise ValueError(f'the predictor {name} is not a function')
    return found


def in_rects(
    outputs: Sequence[np.ndarray],
    rects: np.ndarray,
    shape: tuple[int, int],
    exponent: float | None,
    tolerance: float = 1.0,
) -> InRects:
    """Crop the outputs of a predictor to the boxes and threshold them at 0.5.

    Args:
        outputs (Sequence[np.ndarray]): N arrays of shape (H, W), bool or
            probabilities in [0, 1].
        rects (np.ndarray): (N, 4) int, pixel rectangles of the boxes, x0, y0,
            x1, y1, half-open.
        shape (tuple[int, int]): H and W, the size of the photo in pixels.
        exponent (float | None): Exponent of the claims, see
            :class:`~mmboxcaseg.masks.Claims`; None for no claims.
        tolerance (float): Tolerance of the claims. Defaults to 1.

    Returns:
        InRects: The masks.

    Raises:
        ValueError: If the number of outputs, a shape or a value is wrong.
    """
    if len(outputs) != len(rects):
        raise ValueError(f'it returned {len(outputs)} masks for {len(rects)} boxes')
    probs = []
    for output, (x0, y0, x1, y1) in zip(outputs, rects.tolist()):
        output = np.asarray(output)
        if output.shape != shape:
            raise ValueError(
                f'it returned a mask of shape {output.shape} for a photo of '
                f'shape {shape}'
            )
        prob = output[y0:y1, x0:x1].astype(np.float32)
        # NaN fails this comparison too.
        if prob.size and not (prob.min() >= 0 and prob.max() <= 1):
            raise ValueError(
                'it returned values outside [0, 1]; return bool, or '
                'probabilities and not logits'
            )
        probs.append(prob)
    claims = None if exponent is None else Claims(probs, exponent, tolerance)
    return InRects([prob >= 0.5 for prob in probs], claims)


def predictor_masks(
    truth: MaskFile,
    predictor: MaskFunction,
    img_dir: str,
    *,
    merge: bool = True,
    merge_exponent: float | None = None,
    merge_tolerance: float = 1.0,
    on_image: Callable[[int], None] = lambda instances: None,
) -> tuple[dict[str, Any], float]:
    """Make masks of all boxes of a file with a function.

    Args:
        truth (MaskFile): File that has the boxes.
        predictor (MaskFunction): The function.
        img_dir (str): Folder of the photos.
        merge (bool): Whether the masks of a photo are merged. Defaults to
            True.
        merge_exponent (float, optional): A pixel goes to the mask with the
            highest probability * (box area)^-merge_exponent, see
            :class:`~mmboxcaseg.masks.Claims`. Defaults to None: it goes to
            the smallest object.
        merge_tolerance (float): With an exponent, the tolerance of the
            claims. Defaults to 1.
        on_image (Callable[[int], None]): Function that is called after each
            image of ``truth.boxes.wanted`` with the number of its masks.
            Defaults to one that does nothing.

    Returns:
        tuple[dict, float]: Content of a proxy-mask file, as json values, and
        the time that all calls of the function took, in seconds.

    Raises:
        ValueError: If a photo can't be read or has another size than the file
            says, the function does not return one mask for each box, or a
            number of the merging is out of its range or has no effect.
    """
    if merge_exponent is None and merge_tolerance != 1:
        raise ValueError(
            f'merge_tolerance is {merge_tolerance!r}, which needs merge_exponent; '
            'set it too'
        )
    # Otherwise its errors would seem to be those of the function.
    Claims((), merge_exponent or 0, merge_tolerance)
    boxes = truth.boxes
    spent = 0.0

    def predict(image: int, places: np.ndarray, rects: np.ndarray) -> InRects:
        nonlocal spent
        photo = photo_of(boxes, image, img_dir)[..., ::-1]
        begin = time.perf_counter()
        outputs = predictor(np.ascontiguousarray(photo), boxes.boxes[places])
        spent += time.perf_counter() - begin
        try:
            height, width = photo.shape[:2]
            return in_rects(
                outputs, rects, (height, width), merge_exponent, merge_tolerance
            )
        except ValueError as error:
            raise ValueError(
                f'the predictor, on {boxes.file_names[image]}: {error}'
            ) from error

    name = getattr(predictor, '__name__', type(predictor).__name__)
    made = dict(
        method=name,
        merge=merge,
        merge_exponent=merge_exponent,
        merge_tolerance=merge_tolerance,
    )
    return masks_of_images(truth, predict, made, on_image), spent


def masks_of_images(
    truth: MaskFile,
    predict: Callable[[int, np.ndarray, np.ndarray], InRects],
    made: dict[str, Any],
    on_image: Callable[[int], None] = lambda instances: None,
) -> dict[str, Any]:
    """Make masks of all boxes of a file, image by image.

    Args:
        truth (MaskFile): File that has the boxes.
        predict (Callable[[int, np.ndarray, np.ndarray], InRects]): Function
            that takes the place of an image, the places of its N usable boxes
            and their pixel rectangles, (N, 4) int, and returns their masks.
        made (dict): Settings for ``info.proxy_masks`` of the file, json
            values. ``merge`` says whether masks are merged.
        on_image (Callable[[int], None]): See :func:`predictor_masks`.

    Returns:
        dict: Content of a proxy-mask file, as json values. Crowds are not
        changed; a box that covers nothing of its image has an empty mask.
    """
    boxes = truth.boxes
    anns = [boxes.annotation(place) for place in range(len(boxes))]
    for place in boxes.why_not:
        nothing = encode_rle(np.zeros((0, 0), bool), [0, 0, 0, 0], *truth.size(place))
        anns[place] = _with_mask(anns[place], nothing, 0.0)
    for image in boxes.wanted.tolist():
        places = boxes.usable_places(image)
        size = boxes.sizes[image].tolist()
        rects = pixel_rects(boxes.boxes[places], *size)
        found = predict(image, places, rects)
        rles, agreement = proxy_rles(
            found.masks,
            rects,
            boxes.boxes[places],
            size[0],
            size[1],
            made['merge'],
            found.claims,
        )
        for place, rle, score in zip(places.tolist(), rles, agreement):
            anns[place] = _with_mask(anns[place], rle, float(score))
        on_image(len(places))
    content = boxes.content
    return dict(
        content, info=dict(content.get('info', {}), proxy_masks=made), annotations=anns
    )


def _with_mask(ann: dict, rle: RLE, agreement: float) -> dict:
    """An annotation with its mask and its agreement."""
    return dict(ann, segmentation=rle, area=rle_area(rle), proxy_agreement=agreement)


def photo_of(boxes: BoxFile, image: int, img_dir: str | None) -> np.ndarray:
    """Read the photo of an image.

    Args:
        boxes (BoxFile): The file that has the image.
        image (int): Place of the image in the file.
        img_dir (str | None): Folder of the photos. None: the working
            directory.

    Returns:
        np.ndarray: The photo, BGR, uint8, shape (H, W, 3).

    Raises:
        BadInputError: If it can't be read, or has another size than the file
            says.
    """
    path = osp.join(img_dir or '', boxes.file_names[image])
    height, width = boxes.sizes[image].tolist()
    try:
        return read_photo(path, height, width, stretch_16bit=False).image
    except BadInputError as error:
        raise BadInputError(f'{path}: {error}') from error
