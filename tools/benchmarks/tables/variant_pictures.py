"""Pictures of instances of val2017 with the masks of several variants."""

import os.path as osp
from collections.abc import Mapping

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from mmboxcaseg import visualization as vis
from mmboxcaseg.annotations import BoxFile, MaskFile, read_masks
from mmboxcaseg.evaluation.accumulator import COVERED
from mmboxcaseg.masks import box_rle, covered_shares, decode_rle, pixel_rects

# Boxes with a shorter side, in pixels, are not drawn.
LEAST_SIDE = 32
COUNT = 8
SIDE = 150


def choose(boxes: BoxFile, seed: int, half_covered: bool = False) -> list[int]:
    """Choose instances of different classes that are neither small nor crowds.

    Args:
        boxes (BoxFile): All instances.
        seed (int): Seed of the choice.
        half_covered (bool): Whether other boxes cover at least a fifth of the
            box of every second instance, and less of the others. Defaults to
            False: it does not matter.

    Returns:
        list[int]: Places of at most eight annotations.
    """
    large = boxes.usable & (boxes.xywh[:, 2:].min(axis=1) >= LEAST_SIDE)
    order = np.random.default_rng(seed).permutation(np.flatnonzero(large)).tolist()
    covered = _covered(boxes) if half_covered else np.zeros(len(boxes.boxes), bool)
    chosen: dict[int, int] = {}
    for number in range(COUNT):
        wanted = half_covered and number % 2 == 1
        for place in order:
            category = int(boxes.category_index[place])
            if category not in chosen and covered[place] == wanted:
                chosen[category] = place
                break
    return list(chosen.values())


def _covered(boxes: BoxFile) -> np.ndarray:
    """Whether others cover at least a fifth of each box, (N,) bool."""
    covered = np.zeros(len(boxes.boxes), dtype=bool)
    for image in np.unique(boxes.image_index[boxes.usable]).tolist():
        places = np.flatnonzero(boxes.usable & (boxes.image_index == image))
        rects = pixel_rects(boxes.boxes[places], *boxes.sizes[image])
        covered[places] = covered_shares(rects) >= COVERED
    return covered


def draw(
    files: Mapping[str, str],
    ann_file: str,
    img_dir: str,
    seed: int,
    out: str,
    choice: int = 0,
    half_covered: bool = False,
) -> None:
    """Write a picture with a row for each instance and a column for each variant.

    Args:
        files (Mapping[str, str]): COCO json of the masks by variant.
        ann_file (str): COCO json of the true masks.
        img_dir (str): Folder of the photos.
        seed (int): Seed of the trainings that are shown, for the subtitle.
        out (str): PNG file to write.
        choice (int): Seed of the choice of instances. Defaults to 0.
        half_covered (bool): Whether every second instance is covered by
            others, see :func:`choose`. Defaults to False.
    """
    truth = read_masks(ann_file)
    # The truth and the box have their own columns.
    masks = {
        name: read_masks(path)
        for name, path in files.items()
        if name not in ('box', 'truth')
    }
    rows, labels = [], []
    for place in choose(truth.boxes, choice, half_covered):
        rows.append(_row(truth, place, masks, img_dir))
        _, _, width, height = truth.boxes.xywh[place]
        category = truth.boxes.category_index[place]
        labels.append(
            f'{truth.boxes.category_names[category]}\n{width:.0f} x {height:.0f} px'
        )
    vis.write_png(
        out,
        vis.make_sheet(
            rows,
            'Masks of the true boxes, by variant',
            f'seed {seed}; instances drawn at random, one a class',
            column_titles=['photo', 'truth', *masks],
            row_labels=labels,
        ),
    )


def _row(
    truth: MaskFile, place: int, masks: Mapping[str, MaskFile], img_dir: str
) -> list[vis.Cell]:
    """The pictures of an instance."""
    boxes = truth.boxes
    name = boxes.file_names[boxes.image_index[place]]
    photo = cv2.imread(osp.join(img_dir, name))
    box, true_rle = boxes.boxes[place], truth.rle(place)
    rles = [
        one.rle(one.boxes.box_ids.index(boxes.box_ids[place])) for one in masks.values()
    ]
    ious = coco_mask.iou([box_rle(box, truth.size(place)), *rles], [true_rle], [0])[
        :, 0
    ]
    return vis.comparison_row(
        np.ascontiguousarray(photo[..., ::-1]),
        box,
        ious[0],
        decode_rle(true_rle),
        [decode_rle(rle) for rle in rles],
        ious[1:],
        SIDE,
    )
