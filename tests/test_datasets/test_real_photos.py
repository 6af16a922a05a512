"""Stage 1's data sets on real photos."""

import json
import os

import cv2
import numpy as np
import pytest
import tiny
from mmengine.registry import DATASETS, DefaultScope
from pycocotools import mask as coco_mask

from mmboxcaseg.datasets.salient_mask import count_objects, read_mask

# A grey photo; val2017's only one has no boxes.
GREY = 86


def build(data, split, **kwargs):
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        return DATASETS.build(
            dict(
                data_root=str(data / 'coco_mini'),
                ann_file=f'annotations/instances_{split}.json',
                data_prefix=dict(img=split),
                **kwargs,
            )
        )


def annotations(data, split):
    """The annotations of a split that are no crowds, and its images."""
    path = data / 'coco_mini' / 'annotations' / f'instances_{split}.json'
    with open(path) as file:
        coco = json.load(file)
    return (
        [ann for ann in coco['annotations'] if not ann['iscrowd']],
        {image['id']: image for image in coco['images']},
    )


@pytest.mark.parametrize('split, count', [('train2017', 2945), ('val2017', 1765)])
def test_box_patches(shared_data, split, count):
    dataset = build(
        shared_data, split, type='BoxPatchDataset', pipeline=tiny.pipelines(64).box
    )
    anns, _ = annotations(shared_data, split)
    assert len(anns) == len(dataset) == count
    infos = [dataset.get_data_info(i) for i in range(count)]
    assert [info['ann_id'] for info in infos] == [
        ann['id'] for ann in sorted_by_image(anns, infos)
    ]
    grey = [i for i in range(count) if infos[i]['img_id'] == GREY]
    assert bool(grey) == (split == 'train2017')
    for index in (*range(0, count, 50), *grey):
        item = dataset[index]
        label = item['data_samples'].gt_sem_seg.data
        assert item['inputs'].shape == (3, 64, 64)
        assert item['data_samples'].supervision == 'box'
        assert label.shape == (1, 64, 64) and label.any()
        if infos[index]['img_id'] == GREY:
            blue, green, red = item['inputs']
            assert (blue == green).all() and (green == red).all()


def sorted_by_image(anns, infos):
    """Annotations in the order of the images, then of the file."""
    order = {}
    for info in infos:
        order.setdefault(info['img_id'], len(order))
    return sorted(anns, key=lambda ann: order[ann['image_id']])


@pytest.mark.parametrize('split', ['train2017', 'val2017'])
def test_prompts_of_every_photo(shared_data, split):
    dataset = build(
        shared_data,
        split,
        type='BoxPromptDataset',
        with_mask=True,
        pipeline=tiny.pipelines(32).prompt,
    )
    anns, images = annotations(shared_data, split)
    assert sum(
        len(dataset.get_data_info(i)['boxes']) for i in range(len(dataset))
    ) == len(anns)
    by_id = {ann['id']: ann for ann in anns}
    ids = [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]
    assert set(ids) == {ann['image_id'] for ann in anns}
    grey = [ids.index(GREY)] if split == 'train2017' else []
    for index in (*range(0, len(dataset), 15), *grey):
        item = dataset[index]
        sample = item['data_samples']
        prompts, image = sample.prompt_instances, images[sample.img_id]
        height, width = image['height'], image['width']
        assert sample.ori_shape == (height, width)
        assert len(item['inputs']) == len(prompts) > 0
        for ann_id, rect, rle in zip(
            prompts.ann_ids, prompts.rects.tolist(), prompts.true_rles
        ):
            x, y, w, h = by_id[ann_id]['bbox']
            exact = np.clip([x, y, x + w, y + h], 0, [width, height] * 2)
            assert np.abs(rect - exact).max() <= 1
            assert 0 <= rect[0] < rect[2] <= width
            assert 0 <= rect[1] < rect[3] <= height
            # The area COCO gives is that of the polygon, not of the pixels.
            area = by_id[ann_id]['area']
            assert abs(coco_mask.area(rle) - area) <= 0.1 * area + 30


def test_salient_photos(shared_data):
    root = shared_data / 'duts_tr_mini'
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        dataset = DATASETS.build(
            dict(
                type='SalientObjectDataset',
                data_root=str(root),
                data_prefix=dict(img='DUTS-TR-Image', mask='DUTS-TR-Mask'),
                pipeline=tiny.pipelines(64).salient,
            )
        )
    assert len(dataset) == len(os.listdir(root / 'DUTS-TR-Mask')) == 2000
    for index in range(0, 2000, 100):
        item = dataset[index]
        label = item['data_samples'].gt_sem_seg.data
        assert item['inputs'].shape == (3, 64, 64)
        assert set(label.unique().tolist()) <= {0, 1}


def test_mask_in_colour(shared_data):
    folder = shared_data / 'duts_tr_mini' / 'DUTS-TR-Mask'
    # The 26th byte of a PNG is its colour type; 0 is grey.
    coloured = [path for path in sorted(folder.iterdir()) if path.read_bytes()[25] != 0]
    assert len(coloured) == 1
    mask = read_mask(str(coloured[0]))
    channels = cv2.imread(str(coloured[0]), cv2.IMREAD_UNCHANGED)
    assert channels.ndim == 3 and mask.shape == channels.shape[:2]
    assert (mask == (channels[..., :3].mean(axis=2) > 127.5)).mean() > 0.999
    assert 0 < mask.mean() < 1 and count_objects(mask, 8) >= 1
