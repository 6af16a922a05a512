"""Numbers are found by key, and what is not there is an error."""

import json

import pytest

from mmboxcaseg.evaluation.mask_scores import MaskScores, ScoreRow
from tools.benchmarks.tables.columns import (
    MASK_RCNN,
    PROXY,
    SPEARMAN,
    Column,
    read_number,
)
from tools.benchmarks.tables.paper import DROPPED, KEPT


@pytest.fixture
def scores(tmp_path):
    rows = [
        ('masks', 'all', None, 100.0, 40.0),
        ('box', 'all', None, 100.0, 30.0),
        ('masks', 'kept', 0.85, 30.0, 65.0),
        ('masks', 'ignored', 0.85, 70.0, None),
    ]
    path = tmp_path / 'scores.json'
    path.write_text(
        json.dumps(
            MaskScores(
                tuple(
                    ScoreRow(of, part, thr, 5, share, dict(mIoU=iou))
                    for of, part, thr, share, iou in rows
                ),
                spearman=0.25,
            ).to_json()
        )
    )
    return str(path)


def test_thresholds(scores):
    assert read_number(KEPT, scores, agreement_thr=0.85) == 65.0
    assert read_number(DROPPED, scores, agreement_thr=0.85) == 70.0
    # Nothing is below a threshold of zero.
    assert read_number(KEPT, scores) == 40.0
    assert read_number(DROPPED, scores) == 0.0
    with pytest.raises(KeyError, match=r"scores\.json.*'kept', 0\.9.*there are.*0\.85"):
        read_number(KEPT, scores, agreement_thr=0.9)


def test_rank_correlations(scores):
    assert read_number(Column('', PROXY, 'spearman', SPEARMAN), scores) == 25.0
    confidence = Column('', PROXY, 'spearman_confidence', SPEARMAN)
    assert read_number(confidence, scores) is None


def test_metrics_by_data_set(tmp_path):
    path = tmp_path / 'metrics.json'
    path.write_text(json.dumps({'AP50': 24.0, 'coco/segm_mAP_50': 0.25}))
    column = Column('AP50', MASK_RCNN, 'AP50', coco_key='coco/segm_mAP_50')
    assert read_number(column, str(path), 'voc') == 24.0
    assert read_number(column, str(path), 'coco') == 25.0
    with pytest.raises(KeyError, match="has no 'AP75', only"):
        read_number(Column('', MASK_RCNN, 'AP75'), str(path))
