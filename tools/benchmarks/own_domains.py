"""Data sets of domains that differ from everyday photos, with boxes only."""

import json
import os
import os.path as osp
from dataclasses import dataclass
from glob import glob

import cv2
import numpy as np

from mmboxcaseg.converters.coco_subset import write_coco
from mmboxcaseg.synthetic.export import coco_annotation

# Width of the blur that imitates a microscope, in pixels.
BLUR = 1.5


@dataclass(frozen=True)
class Domain:
    """A data set: boxes to train on, and others with true masks to score.

    Attributes:
        name (str): Name of the domain.
        train (str): COCO json without masks.
        train_photos (str): Folder of the photos of ``train``.
        val (str): COCO json with true masks.
        val_photos (str): Folder of the photos of ``val``.
        salient (str | None): Folder of salient images, if there are any.
            Defaults to None.
    """

    name: str
    train: str
    train_photos: str
    val: str
    val_photos: str
    salient: str | None = None


def boxes_alone(coco: dict) -> dict:
    """Leave out the masks and the crowds of a COCO json.

    Args:
        coco (dict): Content of the json.

    Returns:
        dict: The content with its other annotations, without
        ``segmentation``.
    """
    anns = [
        {key: value for key, value in ann.items() if key != 'segmentation'}
        for ann in coco['annotations']
        if not ann.get('iscrowd')
    ]
    return dict(coco, annotations=anns)


def without_masks(source: str, out: str) -> str:
    """Copy a COCO json without its masks and crowds.

    Args:
        source (str): The json.
        out (str): Json to write.

    Returns:
        str: ``out``.
    """
    with open(source, encoding='utf-8') as file:
        content = json.load(file)
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    with open(out, 'w', encoding='utf-8') as file:
        json.dump(boxes_alone(content), file)
    return out


def like_a_microscope(photo: np.ndarray) -> np.ndarray:
    """Make a photo look like one of a microscope: grey, inverted and blurred.

    Args:
        photo (np.ndarray): The photo, BGR, uint8, shape (H, W, 3).

    Returns:
        np.ndarray: The new photo, of the same shape, with equal channels.
    """
    grey = 255 - cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
    return np.repeat(cv2.GaussianBlur(grey, (0, 0), BLUR)[..., None], 3, axis=2)


def change_photos(folder: str, out: str) -> str:
    """Write changed photos under their old names.

    Args:
        folder (str): Folder of photos.
        out (str): Folder to write to. Photos that are there are kept.

    Returns:
        str: ``out``.
    """
    os.makedirs(out, exist_ok=True)
    for name in sorted(os.listdir(folder)):
        path = osp.join(out, name)
        if not osp.isfile(path):
            photo = cv2.imread(osp.join(folder, name))
            cv2.imwrite(path, like_a_microscope(photo), [cv2.IMWRITE_JPEG_QUALITY, 95])
    return out


def shapes(out: str, num_train: int = 300, num_val: int = 100) -> Domain:
    """Make the domain of the quickstart's synthetic photos.

    Args:
        out (str): Folder to write to.
        num_train (int): Photos to train on. Defaults to 300.
        num_val (int): Photos to score. Defaults to 100.

    Returns:
        Domain: The domain.
    """
    from mmboxcaseg.synthetic import export

    size = (240, 320)
    coco = osp.join(out, 'coco')
    if not osp.isfile(osp.join(coco, 'boxes.json')):
        export.write_box_split(out, 'train', 0, num_train, size)
        export.write_box_split(out, 'val', 0, num_val, size)
        without_masks(
            osp.join(coco, 'annotations', 'instances_train.json'),
            osp.join(coco, 'boxes.json'),
        )
    return Domain(
        'shapes',
        osp.join(coco, 'boxes.json'),
        osp.join(coco, 'train'),
        osp.join(coco, 'annotations', 'instances_val.json'),
        osp.join(coco, 'val'),
    )


def mini(name: str, data: str, out: str, changed: bool) -> Domain:
    """Make the domain of the mini data, unchanged or like a microscope's.

    Args:
        name (str): Name of the domain.
        data (str): Folder that has ``coco_mini``.
        out (str): Folder to write to.
        changed (bool): Whether its photos look like a microscope's.

    Returns:
        Domain: The domain.
    """
    root = osp.join(data, 'coco_mini')
    photos = [osp.join(root, part) for part in ('train2017', 'val2017')]
    annotations = osp.join(root, 'annotations')
    if changed:
        photos = [
            change_photos(one, osp.join(out, osp.basename(one))) for one in photos
        ]
    boxes = without_masks(
        osp.join(annotations, 'instances_train2017.json'), osp.join(out, 'boxes.json')
    )
    return Domain(
        name,
        boxes,
        photos[0],
        osp.join(annotations, 'instances_val2017.json'),
        photos[1],
    )


def davis(root: str, out: str, step: int = 10) -> Domain:
    """Make the domain of DAVIS 2016: videos of one object each.

    Every second one of the frames that are used is trained on, the others are
    scored: the same objects at other times.

    Args:
        root (str): Folder of DAVIS, with ``JPEGImages/480p/CLIP/*.jpg`` and
            ``Annotations/480p/CLIP/*.png``.
        out (str): Folder to write to.
        step (int): Only frames whose number is a multiple of it are used.
            Defaults to 10.

    Returns:
        Domain: The domain.

    Raises:
        FileNotFoundError: If there is no frame with its mask.
    """
    photos = osp.join(root, 'JPEGImages', '480p')
    masks = sorted(glob(osp.join(root, 'Annotations', '480p', '*', '*.png')))
    parts: dict[str, dict] = {}
    for path in masks:
        clip, name = path.split(os.sep)[-2:]
        number = int(osp.splitext(name)[0])
        photo = f'{clip}/{osp.splitext(name)[0]}.jpg'
        if number % step == 0 and osp.isfile(osp.join(photos, photo)):
            part = 'val' if number // step % 2 else 'train'
            mask = cv2.imread(path, cv2.IMREAD_GRAYSCALE) > 0
            if mask.any():
                _add(parts.setdefault(part, _empty()), photo, mask)
    if len(parts) < 2:
        raise FileNotFoundError(f'{root}: no frames with masks for both parts')
    for part, content in parts.items():
        write_coco(osp.join(out, f'{part}.json'), content)
    boxes = without_masks(osp.join(out, 'train.json'), osp.join(out, 'boxes.json'))
    return Domain('davis', boxes, photos, osp.join(out, 'val.json'), photos)


def _empty() -> dict:
    """A COCO json without photos."""
    return dict(images=[], annotations=[], categories=[dict(id=1, name='object')])


def _add(content: dict, photo: str, mask: np.ndarray) -> None:
    """Add a photo with one object to a COCO json."""
    height, width = mask.shape
    number = len(content['images']) + 1
    content['images'].append(
        dict(id=number, file_name=photo, height=height, width=width)
    )
    content['annotations'].append(coco_annotation(mask, number, number, 1))
