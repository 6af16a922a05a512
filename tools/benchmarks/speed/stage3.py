"""Loading proxy masks against loading any masks."""
import json
import os
import tempfile
from typing import List

from measure import Row, cost, in_turn
from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from photos import Photos

from mmboxcaseg import proxy_masks

IMAGES = 30
SCALE = (1333, 800)


def write_proxy_masks(ann_file: str, path: str) -> None:
    """The masks of the first images as a file of proxy masks."""
    coco = proxy_masks.load_coco(ann_file)
    coco['images'] = coco['images'][:IMAGES]
    sizes = {
        img['id']: (img['height'], img['width'])
        for img in coco['images']
    }
    anns = []
    for place, ann in enumerate(coco['annotations']):
        if ann['image_id'] in sizes and not proxy_masks.is_crowd(ann):
            rle = proxy_masks.to_rle(ann['segmentation'],
                                     *sizes[ann['image_id']])
            if isinstance(rle['counts'], bytes):
                rle = dict(rle, counts=rle['counts'].decode())
            anns.append(
                dict(ann, segmentation=rle, proxy_agreement=place % 100 / 100))
    coco['annotations'] = anns
    with open(path, 'w', encoding='ascii') as file:
        json.dump(coco, file)


def rows(photos: Photos) -> List[Row]:
    """Item 6."""
    from mmdet.datasets import CocoDataset

    from mmboxcaseg.datasets import ProxyMaskDataset
    steps = [
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
        dict(type='Resize', scale=SCALE, keep_ratio=True),
        dict(type='RandomFlip', prob=0.5),
        dict(type='PackDetInputs')
    ]
    marking = [
        *steps[:2],
        dict(type='mmboxcaseg.MarkIgnoredMasks'), *steps[2:4],
        dict(type='mmboxcaseg.PackProxyDetInputs')
    ]
    with tempfile.TemporaryDirectory() as folder, \
            DefaultScope.overwrite_default_scope('mmdet'):
        path = os.path.join(folder, 'masks.json')
        write_proxy_masks(photos.ann_file, path)
        with open(path, encoding='ascii') as file:
            names = tuple(cat['name'] for cat in json.load(file)['categories'])
        common = dict(
            ann_file=path,
            data_prefix=dict(img=photos.img_dir),
            metainfo=dict(classes=names))
        plain = CocoDataset(
            pipeline=[ConfigDict(step) for step in steps], **common)
        ours = ProxyMaskDataset(
            pipeline=[ConfigDict(step) for step in marking], **common)
        taken = in_turn(
            dict(
                plain=lambda: [plain[i] for i in range(len(plain))],
                ours=lambda: [ours[i] for i in range(len(ours))]), 5)
        each = 1e3 / len(plain)
        return [
            cost('stage 3, loading an image with its masks', 'ms',
                 each * taken['plain'], each * taken['ours'], 1.05)
        ]
