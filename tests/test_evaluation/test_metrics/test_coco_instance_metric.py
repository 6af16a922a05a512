"""AP by names: perfect detections have 1, whatever the file's order."""

import json

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.registry import METRICS
from mmengine.structures import InstanceData

import mmboxcaseg.evaluation.metrics  # noqa: F401

CLASSES = ('cat', 'dog', 'cow')


def write(path, **extra):
    """A dog and a cat; the names stand in another order, cow is missing."""
    common = dict(image_id=1, **extra)
    path.write_text(
        json.dumps(
            dict(
                images=[dict(id=1, file_name='a.jpg', height=80, width=90)],
                annotations=[
                    dict(common, id=0, category_id=5, bbox=[0, 0, 40, 50]),
                    dict(common, id=1, category_id=9, bbox=[50, 10, 35, 40]),
                    dict(common, id=2, category_id=6, bbox=[1, 1, 9, 9]),
                ],
                categories=[
                    dict(id=5, name='dog'),
                    dict(id=6, name='horse'),
                    dict(id=9, name='cat'),
                ],
            )
        )
    )
    return str(path)


def evaluate(path, labels, classes=CLASSES, **kwargs):
    evaluator = Evaluator(
        [dict(type='mmboxcaseg.COCOInstanceMetric', ann_file=path, **kwargs)]
    )
    evaluator.dataset_meta = dict(classes=classes)
    sample = DetDataSample(metainfo=dict(img_id=1, ori_shape=(80, 90)))
    sample.pred_instances = InstanceData(
        bboxes=torch.tensor([[0.0, 0, 40, 50], [50, 10, 85, 50]]),
        scores=torch.tensor([0.9, 0.8]),
        labels=torch.tensor(labels),
    )
    evaluator.process([sample])
    return evaluator.evaluate(size=1)


@pytest.mark.parametrize('extra', [{}, dict(area=1400, iscrowd=0)])
def test_labels_are_those_of_the_names(tmp_path, extra):
    path = write(tmp_path / 'val.json', **extra)
    assert evaluate(path, [1, 0])['coco/bbox_mAP'] == 1
    assert evaluate(path, [0, 1])['coco/bbox_mAP'] == 0
    # The cat alone: one of the two classes that are there.
    assert evaluate(path, [2, 0])['coco/bbox_mAP'] == 0.5


def test_masks_are_asked_for_before_training(tmp_path):
    path = write(tmp_path / 'val.json')
    with pytest.raises(ValueError, match="score boxes with metric='bbox'"):
        evaluate(path, [1, 0], metric=['bbox', 'segm'])


def test_images_of_another_file_are_named(tmp_path):
    """As where the evaluator has the file of another data set."""
    path = write(tmp_path / 'val.json')
    metric = METRICS.build(dict(type='mmboxcaseg.COCOInstanceMetric', ann_file=path))
    metric.check_images([1, 1])
    with pytest.raises(ValueError, match='val.json has no image 7, which'):
        metric.check_images([1, 7])


def test_accents_of_names_may_be_written_in_two_ways(tmp_path):
    path = write(tmp_path / 'val.json')
    text = (tmp_path / 'val.json').read_text()
    for name in ('caf\u00e9', 'cafe\u0301'):
        (tmp_path / 'val.json').write_text(
            json.dumps(json.loads(text.replace('"cat"', json.dumps(name))))
        )
        for classes in (('caf\u00e9', 'dog'), ('cafe\u0301', 'dog')):
            assert evaluate(path, [1, 0], classes)['coco/bbox_mAP'] == 1
            # Its only object is missed; it would not count if not known.
            assert evaluate(path, [1, 1], classes)['coco/bbox_mAP'] == 0.5
