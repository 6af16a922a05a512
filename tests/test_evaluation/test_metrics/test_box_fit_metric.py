"""Masks by their boxes, in a validation."""

import json

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmseg.structures import SegDataSample

from mmboxcaseg.evaluation.metrics import BoxFitMetric


def sample(ann_id, mask, confidence):
    rects = torch.tensor([[2, 1, 6, 5]])
    one = SegDataSample(metainfo=dict(ori_shape=(10, 20)))
    one.prompt_instances = InstanceData(bboxes=rects.double(), ann_ids=[ann_id])
    one.pred_instances = InstanceData(
        rects=rects, masks=[mask], confidence=np.array([confidence])
    )
    return one.to_dict()


@pytest.fixture
def truth(tmp_path):
    ann = dict(image_id=1, category_id=1, bbox=[2, 1, 4, 4])
    # The upper half of its box.
    half = [[2.0, 1.0, 6.0, 1.0, 6.0, 3.0, 2.0, 3.0]]
    path = tmp_path / 'boxes.json'
    content = dict(
        images=[dict(id=1, file_name='a.png', height=10, width=20)],
        annotations=[dict(ann, id=1, segmentation=half), dict(ann, id=2)],
        categories=[dict(id=1, name='x')],
    )
    path.write_text(json.dumps(content))
    return str(path)


def test_numbers_by_hand(truth):
    metric = BoxFitMetric(truth)
    full, half = np.ones((4, 4), bool), np.arange(4)[None].repeat(4, 0) < 2
    metric.process({}, [sample(1, full, 0.8), sample(2, half, 0.6)])
    assert metric.evaluate(2) == pytest.approx(
        dict(agreement=0.75, confidence=0.7, boxes=2, true_masks=1, mIoU=50.0)
    )


def test_without_true_masks(truth):
    metric = BoxFitMetric(truth)
    metric.process({}, [sample(2, np.ones((4, 4), bool), 0.6)])
    assert 'mIoU' not in metric.evaluate(1)
