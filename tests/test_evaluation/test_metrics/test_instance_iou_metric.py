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

from mmboxcaseg.registry import METRICS

HEIGHT, WIDTH = 10, 20


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
        rects=rects, labels=torch.tensor([row[3] for row in rows]), true_rles=rles
    )
    element.pred_instances = InstanceData(rects=rects, masks=masks)
    return element


# IoU of the mask and of the box: 1 and 0.5, 0.5 and 1, 0.25 and 0.25.
SAMPLES = [
    [((0, 0, 4, 4), 2, (0, 0, 4, 2), 0), ((2, 2, 6, 6), 2, (2, 2, 6, 6), 0)],
    [((8, 2, 10, 4), 2, (8, 2, 10, 10), 3)],
]


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
        METRICS.build(dict(type='InstanceIoUMetric', with_box=False, prefix='val'))
    )
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
                pipeline=tiny.pipelines().prompt,
            )
        )
    results = tiny.model().eval().test_step(pseudo_collate([dataset[0], dataset[1]]))
    evaluator = Evaluator(METRICS.build(dict(type='InstanceIoUMetric')))
    evaluator.process(results)
    metrics = evaluator.evaluate(size=2)
    # The true masks are the boxes: the IoU is the share of pixels found.
    shares = [mask.mean() for result in results for mask in result.pred_instances.masks]
    assert metrics['box_mIoU_star'] == metrics['box_IoU@75'] == 100
    assert metrics['mIoU'] == pytest.approx(100 * np.mean(shares))
    assert metrics['mIoU_star'] == pytest.approx(
        100 * np.mean([np.mean(shares[::2]), shares[1]])
    )


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


def test_free_and_covered_objects_on_request():
    evaluator = Evaluator(
        METRICS.build(dict(type='InstanceIoUMetric', by_overlap=True))
    )
    for rows in SAMPLES:
        evaluator.process([sample(rows)])
    result = evaluator.evaluate(size=2)
    assert len(result) == 2 * 6 * 3
    assert {'free_mIoU', 'covered_mIoU', 'box_free_mIoU'} <= set(result)
