import numpy as np
import pytest
import tiny
import torch
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import Evaluator
from mmengine.registry import DATASETS, DefaultScope
from mmengine.structures import InstanceData
from mmseg.structures import SegDataSample
from pycocotools import mask as coco_mask

from mmboxcaseg.evaluation import summarize_ious
from mmboxcaseg.masks import rect_mask_iou
from mmboxcaseg.registry import METRICS

HEIGHT, WIDTH = 10, 20


def test_iou_by_hand():
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    truth[2:6, 3:9] = 1
    # 4 x 4 pixels of the 24 true ones, and 4 x 1 beside them.
    mask = np.ones((4, 5), bool)
    assert rect_mask_iou(mask, (5, 2, 10, 6), truth) == 16 / 28
    mask[:, -1] = False
    assert rect_mask_iou(mask, (5, 2, 10, 6), truth) == 16 / 24
    assert rect_mask_iou(mask & False, (5, 2, 10, 6), truth) == 0
    assert rect_mask_iou(mask & False, (5, 2, 10, 6), 0 * truth) == 0
    assert rect_mask_iou(np.ones((4, 6), bool), (3, 2, 9, 6), truth) == 1


def test_iou_is_that_of_pycocotools():
    rng = np.random.default_rng(0)
    for _ in range(50):
        x0, x1 = np.sort(rng.choice(WIDTH + 1, 2, replace=False))
        y0, y1 = np.sort(rng.choice(HEIGHT + 1, 2, replace=False))
        mask = rng.random((y1 - y0, x1 - x0)) < 0.5
        truth = (rng.random((HEIGHT, WIDTH)) < 0.5).astype(np.uint8)
        full = np.zeros((HEIGHT, WIDTH), np.uint8)
        full[y0:y1, x0:x1] = mask
        rles = [coco_mask.encode(np.asfortranarray(x)) for x in (full, truth)]
        expected = coco_mask.iou([rles[0]], [rles[1]], [0])[0, 0]
        assert rect_mask_iou(mask, (x0, y0, x1, y1), truth) == pytest.approx(
            expected, abs=1e-12)


def test_summary_by_hand():
    # Class 7: 1 and 0.5; class 2: 0.75, 0.25, 0.7, 0.3.
    ious = np.array([1, 0.75, 0.5, 0.25, 0.7, 0.3])
    result = summarize_ious(ious, np.array([7, 2, 7, 2, 2, 2]))
    assert result['mIoU_star'] == pytest.approx(100 * (0.75 + 0.5) / 2)
    assert result['mIoU'] == pytest.approx(100 * 3.5 / 6)
    # Strictly above: 0.25, 0.5, 0.7 and 0.75 don't count for their own.
    assert result['IoU@25'] == pytest.approx(100 * 5 / 6)
    assert result['IoU@50'] == pytest.approx(100 * 3 / 6)
    assert result['IoU@70'] == pytest.approx(100 * 2 / 6)
    assert result['IoU@75'] == pytest.approx(100 * 1 / 6)
    assert set(result) == {
        'mIoU_star', 'mIoU', 'IoU@25', 'IoU@50', 'IoU@70', 'IoU@75'
    }


def test_no_instances():
    result = summarize_ious(np.zeros(0), np.zeros(0))
    assert len(result) == 6 and all(np.isnan(v) for v in result.values())


def sample(rows):
    """Rows of rectangle, predicted rows of it, true rectangle, class."""
    rects = torch.tensor([row[0] for row in rows])
    element = SegDataSample()
    rles, masks = [], []
    for (x0, y0, x1, y1), height, (tx0, ty0, tx1, ty1), _ in rows:
        mask = np.zeros((y1 - y0, x1 - x0), bool)
        mask[:height] = True
        masks.append(mask)
        truth = np.zeros((HEIGHT, WIDTH), np.uint8, 'F')
        truth[ty0:ty1, tx0:tx1] = 1
        rles.append(coco_mask.encode(truth))
    element.prompt_instances = InstanceData(
        rects=rects,
        labels=torch.tensor([row[3] for row in rows]),
        true_rles=rles)
    element.pred_instances = InstanceData(rects=rects, masks=masks)
    return element


# IoU of the mask and of the box: 1 and 0.5, 0.5 and 1, 0.25 and 0.25.
SAMPLES = [[((0, 0, 4, 4), 2, (0, 0, 4, 2), 0),
            ((2, 2, 6, 6), 2, (2, 2, 6, 6), 0)],
           [((8, 2, 10, 4), 2, (8, 2, 10, 10), 3)]]


def test_metric_scores_every_instance():
    metric = METRICS.build(dict(type='InstanceIoUMetric'))
    evaluator = Evaluator(metric)
    for rows in SAMPLES:
        evaluator.process([sample(rows)])
    # The size is the number of images, fewer than instances.
    result = evaluator.evaluate(size=2)
    assert result['mIoU_star'] == pytest.approx(100 * (0.75 + 0.25) / 2)
    assert result['mIoU'] == pytest.approx(100 * 1.75 / 3)
    assert result['IoU@50'] == pytest.approx(100 / 3)
    assert result['box_mIoU_star'] == pytest.approx(100 * (0.75 + 0.25) / 2)
    assert result['box_IoU@50'] == pytest.approx(100 / 3)
    assert result['box_IoU@25'] == pytest.approx(200 / 3)
    assert len(result) == 12


def test_images_that_fill_up_the_last_batch_are_not_scored():
    evaluator = Evaluator(METRICS.build(dict(type='InstanceIoUMetric')))
    evaluator.process([sample(rows) for rows in SAMPLES + SAMPLES[:1]])
    assert evaluator.evaluate(size=2)['mIoU'] == pytest.approx(175 / 3)


def test_box_is_optional():
    evaluator = Evaluator(
        METRICS.build(
            dict(type='InstanceIoUMetric', with_box=False, prefix='val')))
    evaluator.process([sample(SAMPLES[0])])
    result = evaluator.evaluate(size=1)
    assert result['val/mIoU'] == pytest.approx(75) and len(result) == 6


def test_true_masks_are_needed():
    metric = METRICS.build(dict(type='InstanceIoUMetric'))
    element = sample(SAMPLES[0])
    del element.prompt_instances.true_rles
    with pytest.raises(ValueError, match='with_mask=True'):
        metric.process({}, [element.to_dict()])


def test_model_and_data_set_go_together(tmp_path):
    boxes = [[(5, 5, 20, 20), (30, 10, 25, 15)], [(0, 0, 60, 40)]]
    ann_file = tiny.write_coco(tmp_path, boxes)
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        dataset = DATASETS.build(
            dict(
                type='BoxPromptDataset',
                ann_file=ann_file,
                data_prefix=dict(img=str(tmp_path / 'img')),
                with_mask=True,
                pipeline=tiny.pipelines().prompt))
    results = tiny.model().eval().test_step(
        pseudo_collate([dataset[0], dataset[1]]))
    evaluator = Evaluator(METRICS.build(dict(type='InstanceIoUMetric')))
    evaluator.process(results)
    metrics = evaluator.evaluate(size=2)
    # The true masks are the boxes: the IoU is the share of pixels found.
    shares = [
        mask.mean() for result in results
        for mask in result.pred_instances.masks
    ]
    assert metrics['box_mIoU_star'] == metrics['box_IoU@75'] == 100
    assert metrics['mIoU'] == pytest.approx(100 * np.mean(shares))
    assert metrics['mIoU_star'] == pytest.approx(
        100 * np.mean([np.mean(shares[::2]), shares[1]]))


def test_options_add_keys():
    options = dict(type='InstanceIoUMetric', by_size=True, with_boundary=True)
    evaluator = Evaluator(METRICS.build(options))
    for rows in SAMPLES:
        evaluator.process([sample(rows)])
    result = evaluator.evaluate(size=2)
    assert len(result) == 2 * 6 * 5
    # True areas of 8, 16 and 16 pixels: all of them are small, and no pixel
    # is further from the outline than the boundary is wide.
    for key in ('mIoU_star', 'mIoU', 'IoU@50'):
        for kind in ('', 'box_'):
            assert result[f'{kind}small_{key}'] == result[f'{kind}{key}']
            assert np.isnan(result[f'{kind}large_{key}'])
            assert np.isnan(result[f'{kind}medium_{key}'])
    # The boundary is one pixel wide, 2 % of the diagonal of 22 pixels: all
    # 8 pixels; 2 rows of 4 pixels with a ring of 12, 4 + 2 in common; 4 of 16.
    expected = np.array([1, 6 / 14, 4 / 16])
    assert result['boundary_mIoU'] == pytest.approx(100 * expected.mean())
