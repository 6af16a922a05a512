"""VOC's average precision of masks: by hand, and against slow loops."""
import json

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData
from pycocotools import mask as coco_mask

from mmboxcaseg.evaluation import (average_precision, match_detections,
                                   score_image, summarize_ap)
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


def score(detections, truths):
    """Images of (mask, score, label) and of (mask, label)."""
    return summarize_ap([
        score_image([rle(mask) for mask, _, _ in found],
                    np.array([s for _, s, _ in found]),
                    np.array([label for _, _, label in found], int),
                    [rle(mask) for mask, _ in objects],
                    np.array([label for _, label in objects], int))
        for found, objects in zip(detections, truths)
    ])


def slow_ap(detections, truths, thr):
    """The protocol in loops over bitmaps, without anything of ours."""
    results = []
    for label in range(10):
        total = sum(kind == label for image in truths for _, kind in image)
        if not total:
            continue
        everything = [(-s, i, j) for i, image in enumerate(detections)
                      for j, (_, s, kind) in enumerate(image) if kind == label]
        taken, curve, right = set(), [(0, 1)], 0
        for rank, (_, i, j) in enumerate(sorted(everything), start=1):
            mask = detections[i][j][0]
            best, place = -1, None
            for k, (truth, kind) in enumerate(truths[i]):
                if kind != label or (i, k) in taken:
                    continue
                union = np.count_nonzero(mask | truth)
                iou = np.count_nonzero(mask & truth) / union if union else 0
                if iou > best:
                    best, place = iou, k
            if best > thr:
                taken.add((i, place))
                right += 1
            curve.append((right / total, right / rank))
        area = 0
        for i in range(1, len(curve)):
            height = max(precision for _, precision in curve[i:])
            area += (curve[i][0] - curve[i - 1][0]) * height
        results.append(area)
    return 100 * sum(results) / len(results)


@pytest.mark.parametrize('seed', range(12))
def test_against_slow_loops(seed):
    rng = np.random.default_rng(seed)

    def mask():
        # Few rows and columns, so that thresholds are met exactly and
        # objects overlap.
        start = rng.integers(0, 10)
        height = rng.integers(1, 4)
        result = np.zeros((4, 16), bool)
        result[:height, start:start + rng.integers(1, 7)] = True
        return result

    truths = [[(mask(), int(rng.integers(0, 3)))
               for _ in range(rng.integers(0, 5))] for _ in range(6)]
    truths[0].append((mask(), 0))
    # The scores differ, so that no order is left to chance.
    scores = iter(rng.permutation(200) / 200)
    detections = [[(mask(), next(scores), int(rng.integers(0, 4)))
                   for _ in range(rng.integers(0, 12))] for _ in range(6)]
    for image, objects in zip(detections, truths):
        image.extend((m, next(scores), kind) for m, kind in objects)
    result = score(detections, truths)
    for key in KEYS:
        expected = slow_ap(detections, truths, int(key[2:]) / 100)
        assert result[key] == pytest.approx(expected, abs=1e-9), key
    assert 0 < result['AP75'] <= result['AP25'] <= 100


def test_duplicate_is_wrong():
    truths = [[(bar(0, 10), 0), (bar(20, 30), 0)]]
    found = [(bar(0, 10), 0.9, 0), (bar(0, 9), 0.8, 0), (bar(20, 30), 0.7, 0)]
    # Precision 1 at half of the recall, 2/3 at the other half.
    assert score([found], truths)['AP50'] == pytest.approx(100 * 5 / 6)


def test_second_best_truth_is_taken_if_the_best_is_not_free():
    # The second detection has IoU 10/12 with the first object, which is
    # taken, and 9/13 with the other one, which it gets.
    truths = [[(bar(0, 12), 0), (bar(2, 14), 0)]]
    found = [(bar(0, 12), 0.9, 0), (bar(1, 11), 0.8, 0)]
    ious = coco_mask.iou([rle(bar(1, 11))], [rle(t) for t, _ in truths[0]],
                         [0, 0])[0]
    np.testing.assert_allclose(ious, [10 / 12, 9 / 13])
    result = score([found], truths)
    assert result['AP50'] == 100
    # 9/13 is below 0.7: the second detection finds nothing there.
    assert result['AP70'] == 50


def test_only_the_best_free_truth_counts():
    ious = np.array([[0.8, 0.6], [0.9, 0.7], [0.5, 0.5]])
    assert match_detections(ious, 0.5).tolist() == [True, True, False]
    assert match_detections(ious, 0.75).tolist() == [True, False, False]
    assert match_detections(ious[:, :0], 0.5).tolist() == [False] * 3


def test_iou_at_the_threshold_is_wrong():
    # IoU of n columns out of 20 with an object of 20.
    for columns, key in ((5, 'AP25'), (10, 'AP50'), (14, 'AP70'), (15,
                                                                   'AP75')):
        truths = [[(bar(0, 20), 0)]]
        assert score([[(bar(0, columns), 1, 0)]], truths)[key] == 0
        assert score([[(bar(0, columns + 1), 1, 0)]], truths)[key] == 100


def test_scores_are_ranked_over_all_images():
    truths = [[(bar(0, 10), 0)], [(bar(0, 10), 0)], []]
    # In order of score: right, wrong in the image without truth, right.
    found = [[(bar(0, 10), 0.9, 0)], [(bar(0, 10), 0.5, 0)],
             [(bar(0, 10), 0.7, 0)]]
    assert score(found, truths)['AP50'] == pytest.approx(100 * (1 + 2 / 3) / 2)


def test_curve_is_made_monotone():
    # Precision 0, 1/2, 2/3, 2/4, 3/5; its maxima to the right are 2/3, 2/3,
    # 2/3, 3/5, 3/5. One of four objects is not found.
    hits = np.array([False, True, True, False, True])
    expected = (2 / 3 + 2 / 3 + 3 / 5) / 4
    assert average_precision(hits, 4) == pytest.approx(expected)


def test_class_without_truth_is_left_out():
    truths = [[(bar(0, 10), 0)]]
    found = [[(bar(0, 10), 0.5, 0), (bar(0, 10), 0.9, 7)]]
    assert score(found, truths)['AP75'] == 100
    # A class without detections is not: its average precision is 0.
    truths[0].append((bar(20, 30), 3))
    assert score(found, truths)['AP75'] == 50


def test_no_detections_and_no_truth():
    assert score([[]], [[(bar(0, 10), 0)]]) == dict.fromkeys(KEYS, 0)
    for images in ([], [[]], [[(bar(0, 10), 1, 0)]]):
        result = score(images, [[]] * len(images))
        assert list(result) == KEYS
        assert all(np.isnan(value) for value in result.values())


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
            **kwargs)

    anns = []
    encoded = rle(bar(0, 10))
    encoded['counts'] = encoded['counts'].decode()
    anns.append(ann(11, 7, encoded))
    anns.append(
        ann(11, 3, [[20, 0, 30, 0, 30, HEIGHT, 20, HEIGHT]], difficult=1))
    counts = [0, 10 * HEIGHT, (WIDTH - 10) * HEIGHT]
    anns.append(ann(5, 3, dict(size=[HEIGHT, WIDTH], counts=counts)))
    crowd = ann(5, 7, dict(size=[HEIGHT, WIDTH], counts=[HEIGHT * WIDTH]))
    anns.append(dict(crowd, iscrowd=1))
    anns.append(ann(8, 9, encoded))
    path.write_text(
        json.dumps(
            dict(
                images=[
                    dict(
                        id=i, file_name=f'{i}.jpg', height=HEIGHT, width=WIDTH)
                    for i in (11, 5, 8, 2)
                ],
                annotations=anns,
                categories=[dict(id=i, name=name) for i, name in categories])))
    return str(path)


def sample(img_id, found, kind):
    """mmdet's result of (mask, score, label), masks in one of its forms."""
    masks = np.array([mask for mask, _, _ in found]).reshape(-1, HEIGHT, WIDTH)
    forms = dict(
        tensor=torch.from_numpy(masks),
        array=masks,
        bytes=torch.from_numpy(masks.astype(np.uint8)),
        rle=[rle(mask) for mask in masks])
    result = DetDataSample(metainfo=dict(img_id=img_id))
    result.pred_instances = InstanceData(
        masks=forms[kind],
        scores=torch.tensor([s for _, s, _ in found]),
        labels=torch.tensor([label for _, _, label in found],
                            dtype=torch.int64))
    return result


def build(path, **kwargs):
    metric = METRICS.build(
        dict(type='VOCInstanceMetric', ann_file=path, **kwargs))
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = dict(classes=CLASSES)
    return evaluator


@pytest.mark.parametrize('kind', ['tensor', 'array', 'bytes', 'rle'])
def test_metric_reads_truth_from_the_file(tmp_path, kind):
    evaluator = build(write_truth(tmp_path / 'ann.json'))
    evaluator.process([
        sample(11, [(bar(0, 10), 0.9, 0), (bar(20, 26), 0.8, 1)], kind),
        sample(5, [(bar(0, 10), 0.6, 1)], kind)
    ])
    evaluator.process([
        sample(8, [(bar(0, 10), 0.7, 1)], kind),
        sample(2, [], kind),
    ])
    result = evaluator.evaluate(size=4)
    assert list(result) == KEYS
    # Cats: one, found. Dogs: the difficult one with an IoU of 0.6 (it
    # counts), a wrong one on the cow, and one right.
    assert result['AP50'] == pytest.approx(100 * (1 + (1 + 2 / 3) / 2) / 2)
    assert result['AP70'] == pytest.approx(100 * (1 + 1 / 3 / 2) / 2)


def test_difficult_object_that_is_missed_costs_recall(tmp_path):
    evaluator = build(write_truth(tmp_path / 'ann.json'), prefix='voc')
    evaluator.process([
        sample(11, [(bar(0, 10), 0.9, 0)], 'rle'),
        sample(5, [(bar(0, 10), 0.6, 1)], 'rle')
    ])
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
    kept, = evaluator.metrics[0].results
    assert {
        key: value.shape
        for key, value in kept.items()
    } == dict(
        scores=(3, ), labels=(3, ), hits=(3, 4), truth_labels=(1, ))


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
        labels=torch.zeros(1, dtype=torch.int64))
    with pytest.raises(ValueError, match=r'is \[6, 40\].*is \[6, 41\]'):
        build(path).process([element])
    with pytest.raises(ValueError, match=r"has \['zebra'\], and none"):
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
    evaluator = Evaluator([
        dict(type='mmdet.CocoMetric', ann_file=path, metric='segm'),
        dict(type='mmboxcaseg.VOCInstanceMetric', ann_file=path)
    ])
    evaluator.dataset_meta = dict(classes=CLASSES)
    samples = [
        sample(11, [(bar(0, 10), 0.9, 0), (bar(20, 30), 0.8, 1)], 'tensor'),
        sample(5, [(bar(0, 10), 0.7, 1)], 'tensor'),
        sample(8, [], 'tensor'),
        sample(2, [], 'tensor')
    ]
    for element in samples:
        element.pred_instances.bboxes = torch.zeros(
            len(element.pred_instances), 4)
        element.gt_instances = InstanceData()
        element.set_metainfo(dict(ori_shape=(HEIGHT, WIDTH)))
    evaluator.process(samples)
    result = evaluator.evaluate(size=4)
    assert {key: result[key] for key in KEYS} == dict.fromkeys(KEYS, 100)
    assert result['coco/segm_mAP'] == 1


@pytest.mark.parametrize('name', [
    'mask-rcnn_r50_fpn_voc.py', 'mask-rcnn_r101_fpn_voc.py',
    'mini/mask-rcnn_mobilenetv2_fpn_coco-mini.py',
    'mini/mask-rcnn_resnet18_fpn_synthetic.py'
])
def test_configs_have_both_metrics_on_the_same_truth(repo_root, name):
    cfg = Config.fromfile(repo_root / 'configs/proxy_mask_rcnn' / name)
    dataset = cfg.val_dataloader.dataset
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        assert [metric.type for metric in evaluator
                ] == ['CocoMetric', 'mmboxcaseg.VOCInstanceMetric']
        assert 'segm' in evaluator[0].metric
        assert {metric.ann_file
                for metric in evaluator
                } == {dataset.data_root + dataset.ann_file}
