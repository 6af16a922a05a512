"""Pictures of photos of val2017 with the detections of several detectors."""

import json
import os.path as osp
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmboxcaseg import visualization as vis
from mmboxcaseg.annotations import BoxFile, MaskFile, read_masks
from mmboxcaseg.masks import decode_rle

# Photos with more objects, or with objects of a shorter side in pixels, are not
# drawn.
MOST_OBJECTS = 5
LEAST_SIDE = 40
COUNT = 6
SIDE = 230
LEAST_SCORE = 0.3


def choose(boxes: BoxFile, seed: int) -> list[int]:
    """Choose photos with a few objects that are all large.

    Args:
        boxes (BoxFile): All objects.
        seed (int): Seed of the choice.

    Returns:
        list[int]: Places of at most six images.
    """
    sides = boxes.xywh[:, 2:].min(axis=1)
    clear = [
        image
        for image in range(len(boxes.image_ids))
        if 1 <= len(boxes.places(image)) <= MOST_OBJECTS
        and boxes.usable[boxes.places(image)].all()
        and (sides[boxes.places(image)] >= LEAST_SIDE).all()
    ]
    return np.random.default_rng(seed).permutation(clear)[:COUNT].astype(int).tolist()


@dataclass(frozen=True)
class Objects:
    """Objects of a photo.

    Attributes:
        boxes (list[list[float]]): Boxes as xyxy in pixels.
        masks (list[np.ndarray]): Masks, bool, of the photo's size.
        classes (list[str]): Names of the classes.
        scores (list[float] | None): Scores in [0, 1]; None for the truth.
    """

    boxes: list[list[float]]
    masks: list[np.ndarray]
    classes: list[str]
    scores: list[float] | None


def true_objects(truth: MaskFile, image: int) -> Objects:
    """The true objects of an image, given by its place in the file."""
    boxes, places = truth.boxes, truth.boxes.places(image).tolist()
    return Objects(
        boxes.boxes[places].tolist(),
        [decode_rle(truth.rle(place)).astype(bool) for place in places],
        [boxes.category_names[boxes.category_index[place]] for place in places],
        None,
    )


def found_objects(detections: Sequence[dict], classes: Sequence[str]) -> Objects:
    """Select the detections of a photo with a high score.

    Args:
        detections (Sequence[dict]): Detections in COCO's format, with RLE and
            categories numbered from 0.
        classes (Sequence[str]): Names of the categories.

    Returns:
        Objects: The detections, those with the highest scores first.
    """
    sure = sorted(
        (one for one in detections if one['score'] >= LEAST_SCORE),
        key=lambda one: -one['score'],
    )
    return Objects(
        [[x, y, x + w, y + h] for x, y, w, h in (one['bbox'] for one in sure)],
        [decode_rle(one['segmentation']).astype(bool) for one in sure],
        [classes[one['category_id']] for one in sure],
        [one['score'] for one in sure],
    )


def draw(
    files: Mapping[str, str],
    classes: Sequence[str],
    ann_file: str,
    img_dir: str,
    out: str,
    seed: int = 0,
) -> None:
    """Write a picture with a row for each photo and a column for each method.

    Args:
        files (Mapping[str, str]): JSON of the detections by method, with
            masks, in COCO's format, with categories numbered from 0.
        classes (Sequence[str]): Names of the categories.
        ann_file (str): COCO json of the true masks.
        img_dir (str): Folder of the photos.
        out (str): PNG file to write.
        seed (int): Seed of the choice of photos. Defaults to 0.
    """
    truth = read_masks(ann_file)
    images = choose(truth.boxes, seed)
    found = {method: _by_image(path) for method, path in files.items()}
    rows = []
    for image in images:
        name = truth.boxes.file_names[image]
        photo = vis.read_photo(osp.join(img_dir, name))
        columns = [true_objects(truth, image)]
        columns += [
            found_objects(of_method[truth.boxes.image_ids[image]], classes)
            for of_method in found.values()
        ]
        # A class has the same colour in the whole row.
        names = sorted({one for objects in columns for one in objects.classes})
        rows.append([_cell(photo, objects, names) for objects in columns])
    vis.write_png(
        out,
        vis.make_sheet(
            rows,
            'Detections by method',
            f'with a score of at least {LEAST_SCORE}; photos drawn at random among '
            'those with few and large objects',
            column_titles=['truth', *files],
        ),
    )


def _by_image(path: str) -> Mapping[int, list[dict]]:
    """Detections of a file by image."""
    found: dict[int, list[dict]] = defaultdict(list)
    with open(path, encoding='utf-8') as file:
        for one in json.load(file):
            found[one['image_id']].append(one)
    return found


def _cell(photo: np.ndarray, objects: Objects, names: Sequence[str]) -> vis.Cell:
    """A photo with objects, coloured by the places of their names."""
    boxes = np.reshape(objects.boxes, (-1, 4))
    scaled, masks, boxes = vis.fit(photo, objects.masks, boxes, SIDE, SIDE)
    texts = objects.classes
    if objects.scores is not None:
        texts = [
            f'{name} {vis.rounded_down(score)}'
            for name, score in zip(texts, objects.scores)
        ]
    colors = [vis.color_of(names.index(name)) for name in objects.classes]
    return vis.Cell(vis.draw_instances(scaled, boxes, colors, texts, masks))
