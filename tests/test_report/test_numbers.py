import numpy as np
import pytest
from report_files import write_report_files

from mmboxcaseg.annotations import read_proxy_masks
from mmboxcaseg.report import (
    PAPER_IGNORED,
    class_rows,
    histogram,
    iou_bands,
    report_masks,
    report_numbers,
    share_ignored,
)


def test_histogram():
    values = np.array([0, 0.024, 0.025, 0.5, 0.9499, 0.95, 0.95, 0.99, 1])
    counts = histogram(values)
    expected = np.zeros(40, int)
    for value in values:
        # Whole numbers of 1/40, so that no bound is a rounding error away.
        expected[min(int(round(value * 10000)) // 250, 39)] += 1
    assert counts.tolist() == expected.tolist()
    assert histogram(np.zeros(0)).tolist() == [0] * 40


def test_share_ignored():
    values = np.array([0.2, 0.75, 0.75, 0.9, 1])
    shares = share_ignored(values, [0, 0.2, 0.21, 0.75, 0.95, 1])
    assert shares.tolist() == [0, 0, 0.2, 0.2, 0.8, 0.8]
    assert list(PAPER_IGNORED.items()) == [
        (0.75, 0.27),
        (0.85, 0.49),
        (0.9, 0.64),
        (0.95, 0.8),
    ]


def test_class_rows():
    agreement = np.array([0.5, 0.9, 0.96, 0.3])
    most, least = class_rows(
        np.array([5, 2, 2, 2]),
        agreement,
        agreement < 0.95,
        np.array([0.1, 0.2, 0.3, 0.7]),
        np.array([np.nan, 0.5, np.nan, 1]),
    )
    assert (most.place, most.count, most.median) == (2, 3, 0.9)
    assert most.agreement == pytest.approx(0.72)
    assert most.confidence == pytest.approx(0.4)
    assert most.ignored == pytest.approx(2 / 3)
    assert most.iou == pytest.approx(0.75)
    assert (least.place, least.count, least.iou) == (5, 1, None)
    (row,) = class_rows(np.zeros(4, int), agreement, agreement < 0.95)
    assert row.confidence is None and row.iou is None


def test_classes_with_as_many_masks_stay_in_order():
    rows = class_rows(np.array([3, 1, 3, 1, 0]), np.ones(5), np.zeros(5, bool))
    assert [row.place for row in rows] == [1, 3, 0]


def test_iou_bands():
    bands = iou_bands(np.array([0.95, 1, 0.96, 0.949]), np.array([0.2, 0.4, 0.9, 1]))
    assert [(band.low, band.high, band.count) for band in bands] == [
        (pytest.approx(0.9), pytest.approx(0.95), 1),
        (pytest.approx(0.95), 1, 3),
    ]
    assert bands[1].mean == pytest.approx(0.5)
    assert (bands[1].q25, bands[1].q75) == pytest.approx((0.3, 0.65))


def test_both_scores(tmp_path):
    anns = write_report_files(tmp_path, with_confidence=True)
    file = read_proxy_masks(str(tmp_path / 'masks.json'))
    masks = report_masks(file, agreement_thr=0.7, confidence_thr=0.5)
    numbers = report_numbers(masks)
    ignored = [
        ann['proxy_agreement'] < 0.7 or ann['proxy_confidence'] < 0.5 for ann in anns
    ]
    assert masks.order_by == 'confidence'
    assert numbers.ignored == pytest.approx(np.mean(ignored))
    assert (numbers.images, numbers.masks, numbers.crowds) == (6, 30, 1)
    for score in numbers.scores:
        values = [ann[f'proxy_{score.name}'] for ann in anns]
        assert score.mean == pytest.approx(np.mean(values))
        assert score.median == pytest.approx(np.median(values))
        assert score.ignored.sum() == sum(ignored)
        assert (score.kept + score.ignored).tolist() == histogram(
            np.array(values)
        ).tolist()
        assert score.spearman is None and score.bands == ()


def test_files_without_masks(tmp_path):
    write_report_files(tmp_path)
    file = read_proxy_masks(str(tmp_path / 'masks.json'))
    assert report_masks(file).order_by == 'agreement'
    with pytest.raises(ValueError, match='no confidence'):
        report_masks(file, confidence_thr=0.5)
    with pytest.raises(ValueError, match='no annotation has a mask'):
        report_masks(
            file.__class__(
                file.boxes.select_categories(['rare']).select_images(['1']),
                None,
                None,
                {},
            )
        )
