"""Training patches: items a second of one worker."""
import itertools
import os
import tempfile
from typing import Callable, Dict, List

import cv2
import numpy as np
from measure import Row, in_turn, speedup
from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from photos import Photos

from mmboxcaseg.datasets import (BoxPatchDataset, JointPatchDataset,
                                 PhotoMultiSourceSampler, SalientObjectDataset)

ITEMS, SIZE, RESIZED = 60, 288, 320
TAIL = [dict(type='RandomFlip', prob=0.5), dict(type='PackPatch')]


def plain_box_patch(info: dict) -> np.ndarray:
    """Decode the whole photo, resize the crop with scikit-image."""
    from skimage.io import imread
    from skimage.transform import resize
    photo = imread(info['img_path'])
    if photo.ndim == 2:
        photo = np.repeat(photo[..., None], 3, axis=2)
    x0, y0, x1, y1 = crop_of(info)
    patch = resize(photo[y0:y1, x0:x1], (SIZE, SIZE))
    inside = np.zeros((y1 - y0, x1 - x0))
    inside[(y1 - y0) // 4:-((y1 - y0) // 4) or None] = 1
    return patch, resize(inside, (SIZE, SIZE)) > 0.5


def bare_box_patch(info: dict) -> np.ndarray:
    """Decode, crop and resize with OpenCV, nothing else."""
    x0, y0, x1, y1 = crop_of(info)
    photo = cv2.imread(info['img_path'])
    return cv2.resize(photo[y0:y1, x0:x1], (SIZE, SIZE))


def crop_of(info: dict) -> List[int]:
    """The box in whole pixels, at least one."""
    x0, y0, x1, y1 = (int(side) for side in info['box'])
    x0, y0 = min(x0, info['width'] - 1), min(y0, info['height'] - 1)
    return [x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)]


def plain_salient(info: dict) -> tuple:
    """Image and mask read and resized with scikit-image, then cropped."""
    from skimage.io import imread
    from skimage.transform import resize
    photo = resize(imread(info['img_path']), (RESIZED, RESIZED))
    mask = resize(
        imread(info['mask_path'], as_gray=True), (RESIZED, RESIZED), order=0)
    return photo[:SIZE, :SIZE], mask[:SIZE, :SIZE] > 0.5


def bare_salient(info: dict) -> tuple:
    """Image and mask decoded and resized with OpenCV, nothing else."""
    photo = cv2.imread(info['img_path'])
    mask = cv2.imread(info['mask_path'], cv2.IMREAD_GRAYSCALE)
    size = (RESIZED, RESIZED)
    return (cv2.resize(photo, size)[:SIZE, :SIZE],
            cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST))


def box_dataset(photos: Photos, one_step: bool) -> BoxPatchDataset:
    """Box patches, by two steps as configured or by LoadBoxPatch."""
    head = [dict(type='LoadBoxPatch', size=SIZE)] if one_step else [
        dict(type='LoadImageFromFile'),
        dict(type='RandomBoxPatch', size=SIZE)
    ]
    return BoxPatchDataset(
        ann_file=photos.ann_file,
        data_prefix=dict(img=photos.img_dir),
        pipeline=[ConfigDict(step) for step in head + TAIL])


def salient_dataset(photos: Photos,
                    names: str,
                    cache_dir: str = None) -> SalientObjectDataset:
    """Salient patches of the listed images, with a cache or without."""
    steps = [
        dict(type='LoadImageFromFile'),
        dict(type='LoadSalientMask'),
        dict(type='Resize', scale=(RESIZED, RESIZED), keep_ratio=False),
        dict(type='mmseg.RandomCrop', crop_size=SIZE), *TAIL
    ]
    return SalientObjectDataset(
        ann_file=names,
        data_prefix=dict(img=photos.salient_dir, mask=photos.mask_dir),
        pipeline=steps,
        cache_dir=cache_dir)


def grouped(dataset: BoxPatchDataset, boxes_per_photo: int) -> List[int]:
    """The first indices that PhotoMultiSourceSampler gives."""
    joint = JointPatchDataset.__new__(JointPatchDataset)
    joint.datasets, joint.cumulative_sizes = [dataset], [len(dataset)]
    sampler = PhotoMultiSourceSampler(
        joint, ITEMS, [1], boxes_per_photo=boxes_per_photo, seed=0)
    return list(itertools.islice(sampler, ITEMS))


def over(function: Callable, items: list) -> Callable[[], None]:
    """Function that calls ``function`` with each item."""

    def run() -> None:
        for item in items:
            function(item)

    return run


def rows(photos: Photos) -> List[Row]:
    """Item 2."""
    with DefaultScope.overwrite_default_scope(
            'mmboxcaseg'), tempfile.TemporaryDirectory() as folder:
        return box_rows(photos) + salient_rows(photos, folder)


def box_rows(photos: Photos) -> List[Row]:
    """Rows of the box patches."""
    two_steps, one_step = (box_dataset(photos,
                                       False), box_dataset(photos, True))
    indices = np.random.default_rng(0).permutation(len(two_steps))[:ITEMS]
    infos = [two_steps.get_data_info(int(index)) for index in indices]
    by_photo: Dict[int, List[int]] = {
        count: grouped(one_step, count)
        for count in (2, 4)
    }
    # The photos of the groups, for the bare way as well: photos differ in
    # size.
    bare = {
        f'bare {count}':
        over(bare_box_patch, [one_step.get_data_info(i) for i in group])
        for count, group in by_photo.items()
    }
    ours = {
        f'ours {count}': over(one_step.__getitem__, group)
        for count, group in by_photo.items()
    }
    taken = in_turn(
        dict(
            plain=over(plain_box_patch, infos),
            bare=over(bare_box_patch, infos),
            two_steps=over(two_steps.__getitem__, indices.tolist()),
            one_step=over(one_step.__getitem__, indices.tolist()),
            **bare,
            **ours), 3)
    ms = {name: 1e3 * seconds / ITEMS for name, seconds in taken.items()}
    found = [
        speedup('box patch, against the release\'s way', 'ms', ms['plain'],
                ms['two_steps'], 8),
        speedup('box patch, 2 boxes of a photo, against the release\'s way',
                'ms', ms['plain'], ms['ours 2'], 8),
        speedup('box patch, against decode + crop + resize', 'ms', ms['bare'],
                ms['two_steps'], 1),
        speedup('the same, LoadBoxPatch', 'ms', ms['bare'], ms['one_step'], 1)
    ]
    return found + [
        speedup(f'the same, {count} boxes of a photo', 'ms',
                ms[f'bare {count}'], ms[f'ours {count}'], 1)
        for count in by_photo
    ]


def list_salient(photos: Photos, folder: str) -> str:
    """File with the names of some salient images, written to a folder."""
    names = os.path.join(folder, 'names.txt')
    with open(names, 'w', encoding='utf-8') as file:
        for name in sorted(os.listdir(photos.salient_dir))[:ITEMS]:
            file.write(os.path.splitext(name)[0] + '\n')
    return names


def salient_rows(photos: Photos, folder: str) -> List[Row]:
    """Rows of the salient patches."""
    names = list_salient(photos, folder)
    decoding = salient_dataset(photos, names)
    cached = salient_dataset(photos, names, os.path.join(folder, 'cache'))
    infos = [decoding.get_data_info(i) for i in range(len(decoding))]
    taken = in_turn(
        dict(
            plain=over(plain_salient, infos),
            bare=over(bare_salient, infos),
            decoding=over(decoding.__getitem__, range(len(infos))),
            cached=over(cached.__getitem__, range(len(infos)))), 3)
    ms = {name: 1e3 * seconds / len(infos) for name, seconds in taken.items()}
    return [
        speedup('salient patch, against the release\'s way', 'ms', ms['plain'],
                ms['decoding'], 8),
        speedup('salient patch, against decode + resize', 'ms', ms['bare'],
                ms['decoding']),
        speedup('the same, cached', 'ms', ms['bare'], ms['cached'])
    ]
