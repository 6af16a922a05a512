import json

import numpy as np
import pytest
from report_files import rows_rle, write_report_files

from mmboxcaseg.annotations import read_masks, read_proxy_masks
from mmboxcaseg.evaluation import mask_ious
from mmboxcaseg.report import (
    PAPER_IGNORED,
    class_rows,
    histogram,
    iou_bands,
    report_masks,
    report_numbers,
    share_ignored,
)
from mmboxcaseg.report.page import make_notes


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


def test_skipped_boxes_are_in_no_number(tmp_path):
    """As in the summary of the command; worked out from the json alone."""
    anns = write_report_files(tmp_path, with_confidence=True)
    path = tmp_path / 'masks.json'
    content = json.loads(path.read_text())
    # All boxes of a photo, and a box of the others.
    skipped = {100, 101, 102, 103, 104, 117}
    for ann in content['annotations']:
        if ann['id'] != 1:
            ann['proxy_iou'] = 0.5 + ann['proxy_agreement'] / 4
        if ann['id'] in skipped:
            ann.update(
                proxy_skipped='no such file',
                proxy_agreement=0.0,
                proxy_confidence=0.0,
                proxy_iou=0.0,
                segmentation=rows_rle(0, 0, 10, 0),
            )
    path.write_text(json.dumps(content))
    left = [ann for ann in anns if ann['id'] not in skipped]
    file = read_proxy_masks(str(path))
    truth = read_masks(str(tmp_path / 'true.json'))
    masks = report_masks(file, mask_ious(file, truth), agreement_thr=0.8)
    numbers = report_numbers(masks)
    assert (numbers.images, numbers.masks, numbers.skipped) == (5, 24, 6)
    assert (numbers.crowds, numbers.empty, numbers.scored) == (1, 0, 24)
    for score in numbers.scores:
        values = [ann[f'proxy_{score.name}'] for ann in left]
        assert score.mean == pytest.approx(sum(values) / 24)
        assert score.median == pytest.approx(np.median(values))
        assert score.kept.sum() + score.ignored.sum() == 24
    agreements = [ann['proxy_agreement'] for ann in left]
    below = sum(value < 0.8 for value in agreements) / 24
    assert numbers.ignored == pytest.approx(below)
    assert numbers.shares[80] == pytest.approx(below)
    assert numbers.expected.mean == pytest.approx(0.5 + sum(agreements) / 24 / 4)
    # A mask is the first rows of its box, a true mask one row more.
    ious = []
    for ann in left:
        side = ann['bbox'][3]
        rows = round(ann['proxy_agreement'] * side)
        ious.append(rows / min(rows + 1, side))
    assert numbers.mean_iou == pytest.approx(sum(ious) / 24)
    # 117 is the only one of its class.
    assert [row.place for row in numbers.classes] == [0, 1]
    for row, category in zip(numbers.classes, (3, 7)):
        own = [a['proxy_agreement'] for a in left if a['category_id'] == category]
        assert (row.count, row.agreement) == (len(own), pytest.approx(np.mean(own)))
    (note,) = [note for note in make_notes(numbers) if 'skipped' in note]
    assert note.startswith('6 boxes were skipped, because they or their photo could')
    for ann in content['annotations']:
        ann['proxy_skipped'] = 'no such file'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r'no annotation has a mask \(30 boxes were'):
        report_masks(read_proxy_masks(str(path)))


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
