"""Writing the synthetic data set in the layouts of COCO and of DUTS."""

import json
import os
import os.path as osp
from collections.abc import Sequence

import cv2
import numpy as np
from pycocotools import mask as mask_utils

from . import scene, shapes

# Keys of the random generators. An image depends only on the seed, its split and
# its number, not on how many others are made.
SPLITS = {'train': 0, 'val': 1, 'salient': 2}
# Outline colours of the preview, RGB.
PREVIEW_COLOURS = (
    (255, 80, 80),
    (80, 255, 80),
    (90, 140, 255),
    (255, 220, 60),
    (80, 240, 240),
)
JPEG_QUALITY = 92


def image_rng(seed: int, split: str, index: int) -> np.random.Generator:
    """Make the random generator of an image.

    Args:
        seed (int): Seed of the data set, at least 0.
        split (str): ``'train'``, ``'val'`` or ``'salient'``.
        index (int): Number of the image in its split, from 0.

    Returns:
        np.random.Generator: The generator.
    """
    return np.random.default_rng([seed, SPLITS[split], index])


def write_image(path: str, image: np.ndarray) -> None:
    """Write an image in the format that the suffix of its file names.

    Args:
        path (str): Path of the file to write.
        image (np.ndarray): The image, (H, W, 3) uint8 RGB, or (H, W) uint8
            grey.

    Raises:
        OSError: If the file can't be written.
    """
    if image.ndim == 3:
        image = image[..., ::-1]
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    if not cv2.imwrite(path, image, quality if path.endswith('.jpg') else []):
        raise OSError(f"{path} can't be written")


def coco_annotation(
    mask: np.ndarray, ann_id: int, image_id: int, category_id: int
) -> dict:
    """Make the COCO annotation of an object.

    Args:
        mask (np.ndarray): (H, W) bool, visible pixels of the object; not
            empty.
        ann_id (int): Id of the annotation.
        image_id (int): Id of its image.
        category_id (int): Id of its category.

    Returns:
        dict: The annotation. ``segmentation`` is a compressed RLE, ``bbox``
        the tight box of the mask as x, y, width, height in pixels.
    """
    rle = mask_utils.encode(np.asfortranarray(mask.astype(np.uint8)))
    return dict(
        id=ann_id,
        image_id=image_id,
        category_id=category_id,
        segmentation=dict(
            size=[int(n) for n in rle['size']], counts=rle['counts'].decode('ascii')
        ),
        bbox=[float(v) for v in cv2.boundingRect(mask.astype(np.uint8))],
        area=int(mask.sum()),
        iscrowd=0,
    )


def write_box_split(
    out: str, split: str, seed: int, count: int, size: tuple[int, int]
) -> dict:
    """Draw and write a split of the box set.

    Args:
        out (str): Root of the data set. ``coco/<split>/`` and
            ``coco/annotations/instances_<split>.json`` are written below it.
        split (str): ``'train'`` or ``'val'``.
        seed (int): Seed of the data set.
        count (int): Number of images.
        size (tuple[int, int]): Height and width of the images in pixels.

    Returns:
        dict: The content of the COCO json.
    """
    folder = osp.join(out, 'coco', split)
    os.makedirs(folder, exist_ok=True)
    os.makedirs(osp.join(out, 'coco', 'annotations'), exist_ok=True)
    images: list[dict] = []
    annotations: list[dict] = []
    for index in range(count):
        rng = image_rng(seed, split, index)
        image, masks, labels = scene.box_scene(rng, *size)
        name = f'{index + 1:06d}.jpg'
        write_image(osp.join(folder, name), image)
        images.append(dict(id=index + 1, file_name=name, height=size[0], width=size[1]))
        for mask, label in zip(masks, labels):
            annotations.append(
                coco_annotation(mask, len(annotations) + 1, index + 1, label + 1)
            )
        report(split, index + 1, count)
    coco = dict(
        info=dict(description=f'synthetic {split} set, seed {seed}'),
        images=images,
        annotations=annotations,
        categories=[dict(id=i, name=name) for i, name in enumerate(shapes.CLASSES, 1)],
    )
    path = osp.join(out, 'coco', 'annotations', f'instances_{split}.json')
    with open(path, 'w') as file:
        json.dump(coco, file)
    return coco


def write_salient_split(out: str, seed: int, count: int, size: tuple[int, int]) -> None:
    """Draw and write the salient set.

    Args:
        out (str): Root of the data set. ``duts/DUTS-TR-Image/*.jpg`` and
            ``duts/DUTS-TR-Mask/*.png`` (grey, 0 and 255) are written below
            it.
        seed (int): Seed of the data set.
        count (int): Number of images.
        size (tuple[int, int]): Height and width of the images in pixels.
    """
    image_dir = osp.join(out, 'duts', 'DUTS-TR-Image')
    mask_dir = osp.join(out, 'duts', 'DUTS-TR-Mask')
    os.makedirs(image_dir, exist_ok=True)
    os.makedirs(mask_dir, exist_ok=True)
    for index in range(count):
        image, mask = scene.salient_scene(image_rng(seed, 'salient', index), *size)
        name = f'salient_{index + 1:06d}'
        write_image(osp.join(image_dir, f'{name}.jpg'), image)
        write_image(osp.join(mask_dir, f'{name}.png'), mask.astype(np.uint8) * 255)
        report('salient', index + 1, count)


def report(split: str, done: int, count: int) -> None:
    """Print the progress of a split, in about ten lines.

    Args:
        split (str): Name of the split.
        done (int): Number of images that are written.
        count (int): Number of images of the split.
    """
    if done == count or done % max(count // 10, 1) == 0:
        print(f'{split}: {done}/{count} images', flush=True)


def box_iou_by_class(coco: dict) -> dict[str, float]:
    """Compute how well filled boxes match the masks of each category.

    Args:
        coco (dict): Content of a COCO json with tight boxes.

    Returns:
        dict[str, float]: Mean IoU of the filled boxes and the masks, in
        [0, 1], by the name of the category; only categories with objects.
    """
    fills: dict[int, list[float]] = {}
    for ann in coco['annotations']:
        _, _, w, h = ann['bbox']
        fills.setdefault(ann['category_id'], []).append(ann['area'] / (w * h))
    return {
        category['name']: float(np.mean(fills[category['id']]))
        for category in coco['categories']
        if category['id'] in fills
    }


def _outlined(image: np.ndarray, masks: Sequence[np.ndarray]) -> np.ndarray:
    """Draw masks and their boxes on a copy of an image."""
    image = image.copy()
    for i, mask in enumerate(masks):
        colour = PREVIEW_COLOURS[i % len(PREVIEW_COLOURS)]
        image[mask] = (0.55 * image[mask] + 0.45 * np.array(colour)).astype(np.uint8)
        mask = mask.astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(image, contours, -1, colour, 2)
        x, y, w, h = cv2.boundingRect(mask)
        cv2.rectangle(image, (x, y), (x + w - 1, y + h - 1), colour, 1)
    return image


def write_preview(
    path: str, seed: int, size: tuple[int, int], columns: int = 5
) -> None:
    """Write a contact sheet of images with their masks below.

    Args:
        path (str): Path of the PNG file to write.
        seed (int): Seed of the data set.
        size (tuple[int, int]): Height and width of the images in pixels.
        columns (int): Number of images in a row. Defaults to 5.
    """
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for index in range(2 * columns):
        rng = image_rng(seed, 'val', index)
        image, masks, _ = scene.box_scene(rng, *size)
        pairs.append((image, _outlined(image, masks)))
    for index in range(columns):
        rng = image_rng(seed, 'salient', index)
        image, mask = scene.salient_scene(rng, *size)
        mask = np.repeat(mask[..., None].astype(np.uint8) * 255, 3, axis=2)
        pairs.append((image, mask))
    rows = []
    for start in range(0, len(pairs), columns):
        for part in zip(*pairs[start : start + columns]):
            framed = [
                np.pad(tile, ((3, 3), (3, 3), (0, 0)), constant_values=255)
                for tile in part
            ]
            rows.append(np.concatenate(framed, axis=1))
    write_image(path, np.concatenate(rows, axis=0))
