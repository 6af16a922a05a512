"""The same instances of val2017 as every variant sees them."""
import os
import os.path as osp
from typing import Dict, List, Sequence

import cv2
import numpy as np
from pycocotools import mask as mask_utils

from mmboxcaseg import proxy_masks
from mmboxcaseg import visualization as vis
from . import mini

# Boxes with shorter sides show nothing, in pixels.
LEAST_SIDE = 32
COUNT = 8
SIDE = 150


def choose(truth: dict, seed: int) -> List[dict]:
    """Instances of different classes that are neither small nor crowds.

    Args:
        truth (dict): Content of a COCO json.
        seed (int): Which ones.

    Returns:
        list[dict]: At most eight annotations.
    """
    unusable = proxy_masks.unusable_annotations(truth)
    anns = [
        ann for ann in truth['annotations'] if not proxy_masks.is_crowd(ann)
        and ann['id'] not in unusable and min(ann['bbox'][2:]) >= LEAST_SIDE
    ]
    chosen: Dict[int, dict] = {}
    for index in np.random.default_rng(seed).permutation(len(anns)):
        chosen.setdefault(anns[index]['category_id'], anns[index])
    return list(chosen.values())[:COUNT]


def draw(variants: Sequence[str],
         planner: mini.Planner,
         seed: int,
         out: str,
         choice: int = 0) -> None:
    """Write a picture with a row for each instance, a column a variant.

    Args:
        variants (Sequence[str]): Their names; their masks have been made.
        planner (Planner): Knows where.
        seed (int): Whose trainings are shown.
        out (str): PNG file to write.
        choice (int): Seed of the choice of instances. Defaults to 0.
    """
    ann_file, img_dir = planner.data[mini.VAL]
    truth = proxy_masks.load_coco(ann_file)
    images = {image['id']: image for image in truth['images']}
    names = {cat['id']: cat['name'] for cat in truth['categories']}
    # The truth has a column of its own.
    variants = [name for name in variants if name not in ('box', 'truth')]
    masks = [{
        ann['id']: ann['segmentation']
        for ann in proxy_masks.load_coco(
            planner.masks(variant, seed, mini.VAL))['annotations']
    } for variant in variants]
    rows, labels = [], []
    for ann in choose(truth, choice):
        image = images[ann['image_id']]
        size = image['height'], image['width']
        photo = cv2.imread(osp.join(img_dir, image['file_name']))
        true_rle = proxy_masks.to_rle(ann['segmentation'], *size)
        x, y, w, h = ann['bbox']
        box = np.array([x, y, x + w, y + h], dtype=np.float64)
        rect = proxy_masks.pixel_rects(box[None], *size)[0]
        filled = proxy_masks.encode_rle(
            np.ones(np.diff(rect.reshape(2, 2)[:, ::-1], axis=0)[0], bool),
            rect, *size)
        rles = [
            proxy_masks.to_rle(of_variant[ann['id']], *size)
            for of_variant in masks
        ]
        ious = mask_utils.iou([filled, *rles], [true_rle], [0])[:, 0]
        rows.append(
            vis.comparison_row(
                np.ascontiguousarray(photo[..., ::-1]), box, ious[0],
                proxy_masks.decode_rle(true_rle),
                [proxy_masks.decode_rle(rle) for rle in rles], ious[1:], SIDE))
        labels.append(f'{names[ann["category_id"]]}\n{w:.0f} x {h:.0f} px')
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    vis.write_png(
        out,
        vis.make_sheet(
            rows,
            'Masks of the true boxes, by variant',
            f'seed {seed}; instances drawn at random, one a class',
            column_titles=['photo', 'truth', *variants],
            row_labels=labels))
