"""Boxes and salient images in the training set of a detector."""

import cv2
import numpy as np
import pytest
import slow
import tiny
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from mmboxcaseg.datasets import JointInstanceDataset

BOXES = [[(5, 5, 20, 20), (30, 10, 25, 15)], [(0, 0, 60, 40)], [(10, 4, 21, 30)]]
STEPS = [
    dict(type='mmdet.Resize', scale=(90, 60), keep_ratio=True),
    dict(type='mmdet.RandomCrop', crop_size=(30, 40)),
    dict(type='mmdet.RandomFlip', prob=0.5),
    dict(type='mmboxcaseg.PackProxyDetInputs'),
]


def config(root, **kwargs):
    load = dict(type='LoadImageFromFile')
    return dict(
        dict(
            type='JointInstanceDataset',
            box=dict(
                type='COCOInstanceDataset',
                metainfo=dict(classes=('cat', 'dog')),
                ann_file=str(root / 'coco' / 'boxes.json'),
                data_prefix=dict(img=str(root / 'coco' / 'img')),
                pipeline=[
                    load,
                    dict(type='mmdet.LoadAnnotations', with_bbox=True),
                    dict(type='BoxesAsMasks', weight=0.0),
                    *STEPS,
                ],
            ),
            salient=dict(
                type='SalientInstanceDataset',
                data_prefix=dict(
                    img=str(root / 'salient' / 'img'),
                    mask=str(root / 'salient' / 'mask'),
                ),
                pipeline=[load, dict(type='LoadSalientInstance'), *STEPS],
            ),
        ),
        **kwargs,
    )


def build(root, **kwargs):
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        cfg = config(root, **kwargs)
        cfg.pop('type')
        return JointInstanceDataset(**cfg)


@pytest.fixture
def root(tmp_path):
    tiny.write_coco(tmp_path / 'coco', BOXES)
    tiny.write_salient(tmp_path / 'salient', 5)
    return tmp_path


def test_the_extra_class_is_the_last(root):
    dataset = build(root)
    assert dataset.cumulative_sizes == [3, 8]
    assert dataset.metainfo['classes'] == ('cat', 'dog')
    assert dataset.metainfo['extra_classes'] == ('salient',)
    assert dataset.get_data_info(3)['bbox_label'] == 2
    # By which batches are grouped.
    for index in range(8):
        info = dataset.get_data_info(index)
        assert (info['height'], info['width']) == (40, 60)
    named = build(root, extra_class='thing').metainfo
    assert named['extra_classes'] == ('thing',)
    with pytest.raises(ValueError, match="extra_class='dog'.*another name"):
        build(root, extra_class='dog')


def test_only_masks_of_salient_images_are_valid(root):
    """Through transforms that resize, crop, flip and lose objects."""
    dataset = build(root)
    lost = 0
    for index in range(8):
        for _ in range(4):
            sample = dataset[index]['data_samples']
            objects = sample.gt_instances
            salient = index >= 3
            assert sample.metainfo.get('supervision') == ('mask' if salient else None)
            assert objects.mask_weights.tolist() == [float(salient)] * len(objects)
            if salient:
                assert objects.labels.tolist() == [2]
            else:
                lost += len(objects) < len(BOXES[index])
                assert set(objects.labels.tolist()) <= {0, 1}
            assert len(objects.masks) == len(objects)
    assert lost > 0


def test_a_salient_object_is_its_mask(root):
    dataset = build(root)
    for part in dataset.datasets:
        part.pipeline.transforms = [
            step
            for step in part.pipeline.transforms
            if type(step).__name__ not in ('RandomCrop', 'RandomFlip', 'Resize')
        ]
    for index in range(5):
        objects = dataset[3 + index]['data_samples'].gt_instances
        path = dataset.get_data_info(3 + index)['mask_path']
        mask = cv2.imread(path, cv2.IMREAD_GRAYSCALE) > 127
        assert (objects.masks.masks[0] == mask).all()
        assert objects.bboxes.numpy().tolist() == [list(slow.tight_box(mask))]


def sources(root, sampler, count, batch_sampler=None):
    """How many images of the first ``count`` batches are salient, by batch."""
    cfg = dict(
        batch_size=4,
        num_workers=0,
        sampler=sampler,
        batch_sampler=batch_sampler,
        collate_fn=dict(type='pseudo_collate'),
        dataset=config(root),
    )
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        loader = Runner.build_dataloader(cfg, seed=0)
    return [
        sum('supervision' in sample for sample in batch['data_samples'])
        for _, batch in zip(range(count), loader)
    ]


def test_ratio_by_the_sampler(root):
    ratio = dict(type='mmdet.MultiSourceSampler', batch_size=4, source_ratio=[3, 1])
    assert sources(root, ratio, 6) == [1] * 6
    # All images are landscape: they are grouped as they come.
    grouped = dict(type='mmdet.AspectRatioBatchSampler')
    assert sources(root, ratio, 6, grouped) == [1] * 6


def test_union_by_default(root):
    drawn = sources(root, dict(type='InfiniteSampler', shuffle=True), 6)
    # 24 images are three times the 8, five of which are salient.
    assert sum(drawn) == 15
    assert np.ptp(drawn) > 0
