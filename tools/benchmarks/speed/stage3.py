"""Loading proxy masks, compared with mmdet's loading of masks."""

import os
import tempfile
from dataclasses import replace

from mmdet.datasets import CocoDataset
from mmengine.registry import DefaultScope

from mmboxcaseg.annotations import read_masks
from mmboxcaseg.datasets import ProxyMaskDataset
from mmboxcaseg.proxy_masks import write_json
from mmboxcaseg.proxy_masks.baselines import baseline_masks

from .inputs import Inputs, base_config
from .measure import Row, compare, in_turn

IMAGES = 30


def write_proxy_masks(ann_file: str, path: str) -> tuple[str, ...]:
    """Write the masks of a file's first images as proxy masks; returns the names
    of the categories."""
    masks = read_masks(ann_file)
    boxes = masks.boxes.select_images(map(str, masks.boxes.image_ids[:IMAGES]))
    write_json(path, baseline_masks(replace(masks, boxes=boxes), 'truth'))
    return boxes.category_names


def rows(inputs: Inputs) -> list[Row]:
    """Measure loading an image with its masks."""
    steps = base_config('datasets/coco_proxy_instance.py').train_pipeline
    plain_steps = [
        step for step in steps[:-1] if step.type != 'mmboxcaseg.MarkIgnoredMasks'
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        DefaultScope.overwrite_default_scope('mmdet'),
    ):
        path = os.path.join(folder, 'masks.json')
        names = write_proxy_masks(inputs.ann_file, path)
        common = dict(
            ann_file=path,
            data_prefix=dict(img=inputs.img_dir),
            metainfo=dict(classes=names),
        )
        plain = CocoDataset(
            pipeline=[*plain_steps, dict(type='PackDetInputs')], **common
        )
        # With this threshold all masks are ignored, which is more work.
        ours = ProxyMaskDataset(pipeline=steps, agreement_thr=1, **common)
        ms = in_turn(
            dict(
                plain=lambda: [plain[i] for i in range(len(plain))],
                ours=lambda: [ours[i] for i in range(len(ours))],
            )
        )
    what = 'stage 3, loading an image with its masks'
    return compare(ms, [(what, 'ours', 'plain')], len(plain))
