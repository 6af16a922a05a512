"""VOC's average precision of masks: by hand, and against slow loops."""

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from mmboxcaseg.evaluation import (
    average_precision,
    match_detections,
    score_image,
    summarize_ap,
)

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
    return summarize_ap(
        [
            score_image(
                [rle(mask) for mask, _, _ in found],
                np.array([s for _, s, _ in found]),
                np.array([label for _, _, label in found], int),
                [rle(mask) for mask, _ in objects],
                np.array([label for _, label in objects], int),
            )
            for found, objects in zip(detections, truths)
        ]
    )


def slow_ap(detections, truths, thr):
    """The protocol in loops over bitmaps, without anything of ours."""
    results = []
    for label in range(10):
        total = sum(kind == label for image in truths for _, kind in image)
        if not total:
            continue
        everything = [
            (-s, i, j)
            for i, image in enumerate(detections)
            for j, (_, s, kind) in enumerate(image)
            if kind == label
        ]
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
        result[:height, start : start + rng.integers(1, 7)] = True
        return result

    truths = [
        [(mask(), int(rng.integers(0, 3))) for _ in range(rng.integers(0, 5))]
        for _ in range(6)
    ]
    truths[0].append((mask(), 0))
    # The scores differ, so that no order is left to chance.
    scores = iter(rng.permutation(200) / 200)
    detections = [
        [
            (mask(), next(scores), int(rng.integers(0, 4)))
            for _ in range(rng.integers(0, 12))
        ]
        for _ in range(6)
    ]
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
    ious = coco_mask.iou([rle(bar(1, 11))], [rle(t) for t, _ in truths[0]], [0, 0])[0]
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
    for columns, key in ((5, 'AP25'), (10, 'AP50'), (14, 'AP70'), (15, 'AP75')):
        truths = [[(bar(0, 20), 0)]]
        assert score([[(bar(0, columns), 1, 0)]], truths)[key] == 0
        assert score([[(bar(0, columns + 1), 1, 0)]], truths)[key] == 100


def test_scores_are_ranked_over_all_images():
    truths = [[(bar(0, 10), 0)], [(bar(0, 10), 0)], []]
    # In order of score: right, wrong in the image without truth, right.
    found = [[(bar(0, 10), 0.9, 0)], [(bar(0, 10), 0.5, 0)], [(bar(0, 10), 0.7, 0)]]
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
