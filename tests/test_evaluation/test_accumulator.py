import numpy as np
import pytest
from mask_files import SIZE, make_files, rle

from mmboxcaseg.annotations import read_masks
from mmboxcaseg.evaluation import (
    MaskScoreAccumulator,
    image_ious,
    mask_ious,
    summarize_masks,
)


def test_numbers_worked_out_by_hand(tmp_path):
    ious = mask_ious(*map(read_masks, make_files(tmp_path)))
    scores = summarize_masks(ious, agreement_thrs=(0.75, 0.85, 0.9, 0.95), unusable=1)
    assert [row.name for row in scores.rows] == [
        'masks',
        'filled box',
        'agreement >= 0.75 (kept)',
        'agreement < 0.75 (ignored)',
        'agreement >= 0.85 (kept)',
        'agreement < 0.85 (ignored)',
        'agreement >= 0.9 (kept)',
        'agreement < 0.9 (ignored)',
        'agreement >= 0.95 (kept)',
        'agreement < 0.95 (ignored)',
    ]
    masks = scores.row()
    assert masks.instances == 5 and masks.share == 100
    # Cats: 1, 0.5, 0.3; dogs: 0, 0.6.
    assert masks.metrics['mIoU_star'] == pytest.approx(100 * (0.6 + 0.3) / 2)
    assert masks.metrics['mIoU'] == pytest.approx(48)
    # 0.5 is not above 0.5.
    assert [masks.metrics[f'IoU@{k}'] for k in (25, 50, 70, 75)] == [80, 40, 20, 20]
    box = scores.row('box').metrics
    assert box['mIoU_star'] == pytest.approx(100 * (2 / 3 + 0.625) / 2)
    assert box['mIoU'] == pytest.approx(65)
    kept, ignored = (
        scores.row(part=part, agreement_thr=0.9) for part in ('kept', 'ignored')
    )
    assert (kept.instances, kept.share) == (2, 40)
    assert kept.metrics['mIoU'] == pytest.approx(75)
    assert ignored.metrics['mIoU'] == pytest.approx(30)
    at = {thr: scores.row(part='kept', agreement_thr=thr) for thr in (0.75, 0.85, 0.95)}
    assert at[0.75].instances == 3 and at[0.85].instances == 2
    assert at[0.95].metrics['mIoU'] == pytest.approx(50)
    # Ranks of agreement 4 5 2 1 3, of IoU 5 3 2 1 4: 1 - 6 * 6 / (5 * 24).
    assert scores.spearman == pytest.approx(0.7)
    assert scores.spearman_confidence is None and scores.unusable == 1


def pair(agreement=None, confidence=None):
    """IoUs of 1 and 0, masks of 25 pixels in boxes of 50."""
    rles = [rle(0, 0, 5, 5), rle(20, 0, 25, 5)]
    rects = np.array([[0, 0, 10, 5], [10, 0, 20, 5]])
    truths = [rle(0, 0, 5, 5), rle(10, 0, 15, 5)]
    return rles, rects, truths, np.array([3, 3]), agreement, confidence


def test_images_are_put_together():
    accumulator = MaskScoreAccumulator()
    accumulator.update(*pair(np.array([0.9, 0.2]), np.array([0.1, 0.8])))
    accumulator.update(*pair(np.array([0.7, 0.7]), np.array([0.6, 0.6])))
    assert accumulator.ious().ious.tolist() == [1, 0, 1, 0]
    scores = accumulator.compute(agreement_thrs=(0, 0.7), confidence_thrs=(0.6,))
    assert scores.row().instances == 4
    assert scores.row().metrics['mIoU'] == 50
    # Nothing is ignored at 0; what is at the threshold is kept.
    assert scores.row(part='kept', agreement_thr=0).instances == 4
    nobody = scores.row(part='ignored', agreement_thr=0)
    assert nobody.instances == 0 and nobody.metrics['mIoU'] is None
    kept = scores.row(part='kept', agreement_thr=0.7)
    assert kept.instances == 3
    assert kept.metrics['mIoU'] == pytest.approx(200 / 3)
    kept = scores.row(part='kept', confidence_thr=0.6)
    assert kept.name == 'confidence >= 0.6 (kept)' and kept.instances == 3
    assert kept.metrics['mIoU'] == pytest.approx(100 / 3)
    assert scores.row(part='ignored', confidence_thr=0.6).share == 25
    # Columns of one process come to another one as they are.
    again = MaskScoreAccumulator(images=[accumulator.ious()])
    assert again.compute().rows == scores.rows[:2]


def test_thresholds_are_shares():
    ious = image_ious(*pair()[:4], agreement=np.array([0.5, 1.0]))
    with pytest.raises(ValueError, match='from 0 to 1, not 95'):
        summarize_masks(ious, agreement_thrs=[95])


def test_sizes_and_boundaries_on_request():
    accumulator = MaskScoreAccumulator(boundary=True)
    whole = rle(0, 0, SIZE[1], SIZE[0])
    rects = np.array([[0, 0, SIZE[1], SIZE[0]]])
    accumulator.update([whole], rects, [whole], np.array([0]))
    accumulator.update(*pair()[:4])
    scores = accumulator.compute(by_size=True)
    assert [row.name for row in scores.rows] == [
        'masks',
        'masks, small',
        'masks, medium',
        'masks, large',
        'filled box',
        'filled box, small',
        'filled box, medium',
        'filled box, large',
    ]
    # 2000 pixels are medium.
    assert [
        scores.row(part=part).instances for part in ('small', 'medium', 'large')
    ] == [2, 1, 0]
    medium = scores.row(part='medium').metrics
    assert medium['mIoU'] == medium['boundary_mIoU'] == 100
    assert scores.row(part='large').metrics['boundary_mIoU'] is None


def test_no_image_and_images_without_instances():
    nothing = [], np.zeros((0, 4)), [], np.zeros(0)
    for count in (0, 1, 2):
        accumulator = MaskScoreAccumulator(boundary=True)
        for _ in range(count):
            accumulator.update(*nothing)
        row, box = accumulator.compute().rows
        assert row.instances == 0 and row.share == 0
        assert set(row.metrics.values()) == {None}
        assert len(row.metrics) == len(box.metrics) == 12


def test_as_many_masks_as_true_ones():
    rles, rects, truths, labels = pair()[:4]
    with pytest.raises(ValueError):
        image_ious(rles, rects, truths[:1], labels)


def test_free_and_covered_objects():
    accumulator = MaskScoreAccumulator()
    # Of 10 x 10 px each: the second lies on a fifth of the first, so both are
    # covered; the third on a tenth of a larger one, which is free.
    rects = np.array([[0, 0, 10, 10], [8, 0, 18, 10], [20, 0, 30, 10], [29, 0, 49, 10]])
    truths = [rle(*rect) for rect in rects.tolist()]
    found = [truths[0], rle(8, 0, 13, 10), truths[2], rle(29, 0, 44, 10)]
    accumulator.update(found, rects, truths, np.zeros(4, int))
    # In an image of its own nothing covers it.
    accumulator.update(found[1:2], rects[1:2], truths[1:2], np.zeros(1, int))
    scores = accumulator.compute(by_overlap=True)
    assert [row.name for row in scores.rows[:3]] == [
        'masks',
        'masks, free',
        'masks, covered',
    ]
    free, covered = (scores.row(part=part) for part in ('free', 'covered'))
    assert (free.instances, covered.instances) == (3, 2)
    assert covered.metrics['mIoU'] == pytest.approx(75)
    assert free.metrics['mIoU'] == pytest.approx((100 + 75 + 50) / 3)
    assert scores.row('box', 'covered').metrics['mIoU'] == 100
