import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict

pytest.importorskip('mmcv._ext', reason="mmdet's heads need mmcv's operators")
from mmdet.models.roi_heads.bbox_heads import Shared2FCBBoxHead  # noqa: E402

from mmboxcaseg.models import ExtraClassBBoxHead, without_classes  # noqa: E402

TEST_CFG = ConfigDict(
    score_thr=0.05, nms=dict(type='nms', iou_threshold=0.5), max_per_img=100
)
THIN = dict(in_channels=2, fc_out_channels=4, roi_feat_size=3)


def softmax(row):
    powers = [np.exp(value) for value in row]
    return [power / sum(powers) for power in powers]


@pytest.mark.parametrize('count', [0, 1, 2])
def test_extra_classes_count_as_background(count):
    logits = torch.randn(6, 6, generator=torch.Generator().manual_seed(0)) * 4
    result = without_classes(logits, count).softmax(dim=1).double()
    for row, scores in zip(logits.double().tolist(), result.tolist()):
        expected = softmax(row)
        for place in range(5 - count, 5):
            expected[5] += expected[place]
            expected[place] = 0.0
        assert scores == pytest.approx(expected, abs=1e-6)


def head(**kwargs):
    return ExtraClassBBoxHead(num_shared_fcs=2, num_classes=2, **THIN, **kwargs)


def test_the_layers_are_those_of_mmdet():
    ours = head()
    assert (ours.num_classes, ours.num_extra_classes) == (3, 1)
    theirs = Shared2FCBBoxHead(num_classes=3, **THIN)
    shapes = {name: p.shape for name, p in theirs.named_parameters()}
    assert {name: p.shape for name, p in ours.named_parameters()} == shapes
    assert head(num_extra_classes=0).num_classes == 2


def test_dropped_before_the_best_are_kept():
    """120 surer detections of the extra class don't cost one of the others."""
    corners = torch.arange(240.0) * 20
    rois = torch.stack(
        [
            torch.zeros(240),
            corners,
            torch.zeros(240),
            corners + 15,
            torch.full((240,), 15),
        ],
        dim=1,
    )
    # Of one object each: 120 of the extra class, 110 dogs, 10 of nothing.
    probs = torch.full((240, 4), 0.01)
    probs[:120, 2] = 0.97
    probs[120:230, 1], probs[120:230, 2] = 0.6, 0.38
    probs[230:, 3] = 0.97
    found = head().predict_by_feat(
        rois=(rois,),
        cls_scores=(probs.log(),),
        bbox_preds=(torch.zeros(240, 12),),
        batch_img_metas=[dict(img_shape=(20, 5000), scale_factor=(1, 1))],
        rcnn_test_cfg=TEST_CFG,
    )[0]
    assert len(found) == 100
    assert found.labels.tolist() == [1] * 100
    assert found.scores.tolist() == pytest.approx([0.6] * 100, abs=1e-5)
