"""VOC's average precision as a metric of mmengine."""

import json

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData
from pycocotools import mask as coco_mask

from mmboxcaseg.registry import METRICS

HEIGHT, WIDTH = 6, 40
KEYS = ['AP25', 'AP50', 'AP70', 'AP75']


def bar(start, stop):
    """A mask of the columns from start to stop, all rows."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[:, start:stop] = True
    return mask


def rle(mask):
    return coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))


CLASSES = ('cat', 'dog')


def write_truth(path, categories=((7, 'cat'), (9, 'cow'), (3, 'dog'))):
    """Four images: a cat and a difficult dog, a dog and a crowd of cats, a
    cow and nothing, nothing."""

    def ann(image, category, segmentation, **kwargs):
        return dict(
            id=len(anns) + 1,
            image_id=image,
            category_id=category,
            bbox=[0, 0, 10, HEIGHT],
            segmentation=segmentation,
            area=10 * HEIGHT,
            iscrowd=0,
            **kwargs,
        )

    anns = []
    encoded = rle(bar(0, 10))
    encoded['counts'] = encoded['counts'].decode()
    anns.append(ann(11, 7, encoded))
    anns.append(ann(11, 3, [[20, 0, 30, 0, 30, HEIGHT, 20, HEIGHT]], difficult=1))
    counts = [0, 10 * HEIGHT, (WIDTH - 10) * HEIGHT]
    anns.append(ann(5, 3, dict(size=[HEIGHT, WIDTH], counts=counts)))
    crowd = ann(5, 7, dict(size=[HEIGHT, WIDTH], counts=[HEIGHT * WIDTH]))
    anns.append(dict(crowd, iscrowd=1))
    anns.append(ann(8, 9, encoded))
    path.write_text(
        json.dumps(
            dict(
                images=[
                    dict(id=i, file_name=f'{i}.jpg', height=HEIGHT, width=WIDTH)
                    for i in (11, 5, 8, 2)
                ],
                annotations=anns,
                categories=[dict(id=i, name=name) for i, name in categories],
            )
        )
    )
    return str(path)


def sample(img_id, found, kind):
    """mmdet's result of (mask, score, label), masks in one of its forms."""
    masks = np.array([mask for mask, _, _ in found]).reshape(-1, HEIGHT, WIDTH)
    forms = dict(
        tensor=torch.from_numpy(masks),
        array=masks,
        bytes=torch.from_numpy(masks.astype(np.uint8)),
        rle=[rle(mask) for mask in masks],
    )
    result = DetDataSample(metainfo=dict(img_id=img_id))
    result.pred_instances = InstanceData(
        masks=forms[kind],
        scores=torch.tensor([s for _, s, _ in found]),
        labels=torch.tensor([label for _, _, label in found], dtype=torch.int64),
    )
    return result


def build(path, **kwargs):
    metric = METRICS.build(dict(type='VOCInstanceMetric', ann_file=path, **kwargs))
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = dict(classes=CLASSES)
    return evaluator


@pytest.mark.parametrize('kind', ['tensor', 'array', 'bytes', 'rle'])
def test_metric_reads_truth_from_the_file(tmp_path, kind):
    evaluator = build(write_truth(tmp_path / 'ann.json'))
    evaluator.process(
        [
            sample(11, [(bar(0, 10), 0.9, 0), (bar(20, 26), 0.8, 1)], kind),
            sample(5, [(bar(0, 10), 0.6, 1)], kind),
        ]
    )
    evaluator.process(
        [
            sample(8, [(bar(0, 10), 0.7, 1)], kind),
            sample(2, [], kind),
        ]
    )
    result = evaluator.evaluate(size=4)
    assert list(result) == KEYS
    # Cats: one, found. Dogs: the difficult one with an IoU of 0.6 (it
    # counts), a wrong one on the cow, and one right.
    assert result['AP50'] == pytest.approx(100 * (1 + (1 + 2 / 3) / 2) / 2)
    assert result['AP70'] == pytest.approx(100 * (1 + 1 / 3 / 2) / 2)


def test_difficult_object_that_is_missed_costs_recall(tmp_path):
    evaluator = build(write_truth(tmp_path / 'ann.json'), prefix='voc')
    evaluator.process(
        [
            sample(11, [(bar(0, 10), 0.9, 0)], 'rle'),
            sample(5, [(bar(0, 10), 0.6, 1)], 'rle'),
        ]
    )
    result = evaluator.evaluate(size=2)
    assert result['voc/AP75'] == pytest.approx(100 * (1 + 1 / 2) / 2)


def test_crowds_are_no_truth(tmp_path):
    evaluator = build(write_truth(tmp_path / 'ann.json'))
    evaluator.process([sample(5, [(bar(0, WIDTH), 0.9, 0)], 'tensor')])
    assert evaluator.evaluate(size=1)['AP25'] == 0


def test_images_that_fill_up_the_last_batch_are_not_scored(tmp_path):
    evaluator = build(write_truth(tmp_path / 'ann.json'))
    right = sample(5, [(bar(0, 10), 0.6, 1)], 'tensor')
    evaluator.process([right, sample(5, [], 'tensor')])
    assert evaluator.evaluate(size=1)['AP75'] == 100


def test_nothing_of_the_size_of_an_image_is_kept(tmp_path):
    evaluator = build(write_truth(tmp_path / 'ann.json'))
    evaluator.process([sample(5, [(bar(0, 10), 0.6, 1)] * 3, 'tensor')])
    (kept,) = evaluator.metrics[0].results
    assert {key: value.shape for key, value in vars(kept).items()} == dict(
        scores=(3,), labels=(3,), hits=(3, 4), truth_labels=(1,)
    )


def test_errors_name_the_cause(tmp_path):
    path = write_truth(tmp_path / 'ann.json')
    element = sample(5, [], 'tensor')
    with pytest.raises(ValueError, match='has no image 77'):
        build(path).process([sample(77, [], 'tensor')])
    del element.pred_instances.masks
    with pytest.raises(ValueError, match='mask head'):
        build(path).process([element])
    element.pred_instances = InstanceData(
        masks=torch.zeros(1, HEIGHT, WIDTH + 1, dtype=torch.bool),
        scores=torch.ones(1),
        labels=torch.zeros(1, dtype=torch.int64),
    )
    with pytest.raises(ValueError, match=r'is \[6, 40\].*is \[6, 41\]'):
        build(path).process([element])
    with pytest.raises(ValueError, match=r"has \['zebra'\], but none"):
        other = json.loads((tmp_path / 'ann.json').read_text())
        other['categories'] = [dict(id=i, name='zebra') for i in (3, 7, 9)][:1]
        other['annotations'] = []
        (tmp_path / 'zebra.json').write_text(json.dumps(other))
        build(str(tmp_path / 'zebra.json')).process([sample(5, [], 'tensor')])
    other = json.loads((tmp_path / 'ann.json').read_text())
    other['annotations'][0]['segmentation'] = []
    (tmp_path / 'boxes.json').write_text(json.dumps(other))
    with pytest.raises(ValueError, match=r'annotation 1 has segmentation=\[]'):
        build(str(tmp_path / 'boxes.json')).process([sample(11, [], 'tensor')])


def test_together_with_coco_metric(tmp_path):
    """Both in one evaluator, as the configs have them, on perfect masks."""
    path = write_truth(tmp_path / 'ann.json')
    evaluator = Evaluator(
        [
            dict(type='mmdet.CocoMetric', ann_file=path, metric='segm'),
            dict(type='mmboxcaseg.VOCInstanceMetric', ann_file=path),
        ]
    )
    evaluator.dataset_meta = dict(classes=CLASSES)
    samples = [
        sample(11, [(bar(0, 10), 0.9, 0), (bar(20, 30), 0.8, 1)], 'tensor'),
        sample(5, [(bar(0, 10), 0.7, 1)], 'tensor'),
        sample(8, [], 'tensor'),
        sample(2, [], 'tensor'),
    ]
    for element in samples:
        element.pred_instances.bboxes = torch.zeros(len(element.pred_instances), 4)
        element.gt_instances = InstanceData()
        element.set_metainfo(dict(ori_shape=(HEIGHT, WIDTH)))
    evaluator.process(samples)
    result = evaluator.evaluate(size=4)
    assert {key: result[key] for key in KEYS} == dict.fromkeys(KEYS, 100)
    assert result['coco/segm_mAP'] == 1


@pytest.mark.parametrize(
    'name',
    [
        'mask-rcnn_r50_fpn_voc.py',
        'mask-rcnn_r101_fpn_voc.py',
        'mini/mask-rcnn_mobilenetv2_fpn_coco-mini.py',
        'mini/mask-rcnn_mobilenetv2_fpn_synthetic.py',
    ],
)
def test_configs_have_both_metrics_on_the_same_truth(repo_root, name):
    cfg = Config.fromfile(repo_root / 'configs/proxy_mask_rcnn' / name)
    dataset = cfg.val_dataloader.dataset
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        assert [metric.type for metric in evaluator] == [
            'mmboxcaseg.COCOInstanceMetric',
            'mmboxcaseg.VOCInstanceMetric',
        ]
        assert 'segm' in evaluator[0].metric
        assert {metric.ann_file for metric in evaluator} == {
            dataset.data_root + dataset.ann_file
        }
