"""The time of a worker for a training patch."""

import itertools
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import cv2
import numpy as np
from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from torch.utils.data import ConcatDataset

from mmboxcaseg.datasets import BoxPatchDataset, PhotoMultiSourceSampler
from mmboxcaseg.registry import DATASETS

from .inputs import Inputs, base_config
from .measure import Row, compare, in_turn

ITEMS, SIZE, RESIZED = 60, 288, 320


def plain_box_patch(info: dict) -> tuple[np.ndarray, np.ndarray]:
    """Decode the whole photo, and resize the crop with scikit-image."""
    from skimage.io import imread
    from skimage.transform import resize

    photo = imread(info['img_path'])
    if photo.ndim == 2:
        photo = np.repeat(photo[..., None], 3, axis=2)
    x0, y0, x1, y1 = crop_of(info)
    patch = resize(photo[y0:y1, x0:x1], (SIZE, SIZE))
    inside = np.zeros((y1 - y0, x1 - x0))
    inside[(y1 - y0) // 4 : -((y1 - y0) // 4) or None] = 1
    return patch, resize(inside, (SIZE, SIZE)) > 0.5


def bare_box_patch(info: dict) -> np.ndarray:
    """Only decode, crop and resize with OpenCV."""
    x0, y0, x1, y1 = crop_of(info)
    photo = cv2.imread(info['img_path'])
    return cv2.resize(photo[y0:y1, x0:x1], (SIZE, SIZE))


def crop_of(info: dict) -> list[int]:
    """The box in whole pixels, with at least one pixel."""
    x0, y0, x1, y1 = (int(side) for side in info['box'])
    x0, y0 = min(x0, info['width'] - 1), min(y0, info['height'] - 1)
    return [x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)]


def plain_salient(info: dict) -> tuple[np.ndarray, np.ndarray]:
    """Read, resize and crop image and mask with scikit-image."""
    from skimage.io import imread
    from skimage.transform import resize

    photo = resize(imread(info['img_path']), (RESIZED, RESIZED))
    mask = resize(imread(info['mask_path'], as_gray=True), (RESIZED, RESIZED), order=0)
    return photo[:SIZE, :SIZE], mask[:SIZE, :SIZE] > 0.5


def bare_salient(info: dict) -> tuple[np.ndarray, np.ndarray]:
    """Only decode and resize image and mask with OpenCV."""
    photo = cv2.imread(info['img_path'])
    mask = cv2.imread(info['mask_path'], cv2.IMREAD_GRAYSCALE)
    size = (RESIZED, RESIZED)
    return (
        cv2.resize(photo, size)[:SIZE, :SIZE],
        cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST),
    )


def loader_config(inputs: Inputs) -> ConfigDict:
    """Config of the stage-1 data loader, with the photos of the run."""
    cfg = base_config('datasets/joint_patches.py').train_dataloader
    cfg.dataset.box.update(
        ann_file=inputs.ann_file, data_prefix=dict(img=inputs.img_dir)
    )
    cfg.dataset.salient.update(
        data_prefix=dict(img=inputs.salient_dir, mask=inputs.mask_dir)
    )
    return cfg


def grouped(dataset: BoxPatchDataset, boxes_per_photo: int) -> list[int]:
    """The first indices of PhotoMultiSourceSampler."""
    sampler = PhotoMultiSourceSampler(
        ConcatDataset([dataset]), ITEMS, [1], boxes_per_photo=boxes_per_photo, seed=0
    )
    return list(itertools.islice(sampler, ITEMS))


def each(function: Callable[[Any], Any], items: Iterable) -> None:
    """Call a function with each item."""
    for item in items:
        function(item)


def rows(inputs: Inputs) -> list[Row]:
    """Measure a patch with a box and a salient patch."""
    cfg = loader_config(inputs).dataset
    with (
        DefaultScope.overwrite_default_scope('mmboxcaseg'),
        tempfile.TemporaryDirectory() as folder,
    ):
        return box_rows(cfg.box) + salient_rows(cfg.salient, folder)


def box_rows(cfg: ConfigDict) -> list[Row]:
    """Measure box patches."""
    two_steps = DATASETS.build(cfg)
    _, patch, *tail = cfg.pipeline
    patch = dict(patch, type='LoadBoxPatch')
    one_step = DATASETS.build(dict(cfg, pipeline=[patch, *tail]))
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(two_steps))[:ITEMS].tolist()
    infos = [two_steps.get_data_info(index) for index in chosen]
    sides = dict(
        plain=partial(each, plain_box_patch, infos),
        bare=partial(each, bare_box_patch, infos),
        two_steps=partial(each, two_steps.__getitem__, chosen),
        one_step=partial(each, one_step.__getitem__, chosen),
    )
    for count in (2, 4):
        group = grouped(one_step, count)
        # Both sides get the same photos, since photos differ in size.
        sides[f'bare {count}'] = partial(
            each, bare_box_patch, [one_step.get_data_info(i) for i in group]
        )
        sides[f'ours {count}'] = partial(each, one_step.__getitem__, group)
    return compare(
        in_turn(sides, 3),
        [
            ("box patch, against the release's way", 'two_steps', 'plain'),
            (
                "box patch, 2 boxes of a photo, against the release's way",
                'ours 2',
                'plain',
            ),
            ('box patch, against decode + crop + resize', 'two_steps', 'bare'),
            ('the same, LoadBoxPatch', 'one_step', 'bare'),
            ('the same, 2 boxes of a photo', 'ours 2', 'bare 2'),
            ('the same, 4 boxes of a photo', 'ours 4', 'bare 4'),
        ],
        len(chosen),
    )


def salient_rows(cfg: ConfigDict, folder: str) -> list[Row]:
    """Measure salient patches with and without a cache in a folder."""
    decoding = DATASETS.build(dict(cfg, indices=ITEMS))
    cached = DATASETS.build(dict(cfg, indices=ITEMS, cache_dir=folder))
    items = range(len(decoding))
    infos = [decoding.get_data_info(i) for i in items]
    sides = dict(
        plain=partial(each, plain_salient, infos),
        bare=partial(each, bare_salient, infos),
        decoding=partial(each, decoding.__getitem__, items),
        cached=partial(each, cached.__getitem__, items),
    )
    return compare(
        in_turn(sides, 3),
        [
            ("salient patch, against the release's way", 'decoding', 'plain'),
            ('salient patch, against decode + resize', 'decoding', 'bare'),
            ('the same, cached', 'cached', 'bare'),
        ],
        len(items),
    )
