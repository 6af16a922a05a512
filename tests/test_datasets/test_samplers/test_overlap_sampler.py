import itertools
import json

import numpy as np
import pytest
import tiny
from mmengine.dataset import ConcatDataset
from mmengine.registry import DATASETS, DefaultScope
from mmengine.runner import Runner

from mmboxcaseg.datasets import OverlapMultiSourceSampler, max_overlaps

# xywh: the first two have IoU 90 / 110, the third has 50 / 100 with the
# first and 40 / 110 with the second, and the last two are alone.
BOXES = [
    [(0, 0, 10, 10), (1, 0, 10, 10), (0, 0, 5, 10), (30, 20, 9, 9)],
    [(0, 0, 10, 10)],
]


def iou(one, other):
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (one, other)]
    return width * height / (sum(areas) - width * height)


def max_overlaps_slowly(boxes, image_ids):
    return [
        max(
            (
                iou(boxes[i], boxes[j])
                for j in range(len(boxes))
                if j != i and image_ids[j] == image_ids[i]
            ),
            default=0,
        )
        for i in range(len(boxes))
    ]


def random_boxes(count, rng):
    corners = rng.uniform(-5, 40, (count, 2))
    return np.hstack([corners, corners + rng.uniform(0.5, 30, (count, 2))])


@pytest.mark.parametrize('images', [1, 7, 200])
def test_max_overlaps(images):
    rng = np.random.default_rng(images)
    boxes = random_boxes(120, rng)
    boxes[1] = boxes[0]
    # Ids are in no order and have gaps.
    image_ids = rng.permutation(1000)[:images][rng.integers(0, images, 120)]
    np.testing.assert_allclose(
        max_overlaps(boxes, image_ids),
        max_overlaps_slowly(boxes, image_ids),
        atol=1e-12,
    )


def test_max_overlaps_by_hand():
    boxes = np.array(BOXES[0], dtype=float)
    boxes[:, 2:] += boxes[:, :2]
    assert max_overlaps(boxes, [3, 3, 3, 3]) == pytest.approx(
        [90 / 110, 90 / 110, 0.5, 0]
    )
    assert max_overlaps(boxes, [3, 4, 4, 3]) == pytest.approx(
        [0, 40 / 110, 40 / 110, 0]
    )
    assert max_overlaps(boxes, list('abcd')).tolist() == [0, 0, 0, 0]
    assert max_overlaps(boxes[[0, 0]], [1, 1]).tolist() == [1, 1]
    assert max_overlaps(np.zeros((0, 4)), []).shape == (0,)
    with pytest.raises(ValueError, match='4 boxes, but image ids of shape'):
        max_overlaps(boxes, [1, 2])


def test_max_overlaps_of_as_many_boxes_as_coco_has():
    rng = np.random.default_rng(0)
    count = 860_001
    image_ids = rng.integers(0, 117_266, count)
    boxes = random_boxes(count, rng)
    overlaps = max_overlaps(boxes, image_ids)
    for image in range(5):
        there = np.flatnonzero(image_ids == image)
        np.testing.assert_allclose(
            overlaps[there],
            max_overlaps_slowly(boxes[there], image_ids[there]),
            atol=1e-12,
        )


@pytest.fixture
def joint(tmp_path):
    """Loader config and data set: 5 boxes, two of which overlap; 5 photos."""
    tiny.write_coco(tmp_path / 'coco', BOXES)
    tiny.write_salient(tmp_path / 'salient', 5)
    cfg = tiny.loader_cfg(tmp_path, (3, 1))
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        return cfg, DATASETS.build(cfg['dataset'])


def stream(dataset, count, **kwargs):
    kwargs = dict(batch_size=4, source_ratio=[3, 1], seed=0, **kwargs)
    return list(itertools.islice(OverlapMultiSourceSampler(dataset, **kwargs), count))


def passes(indices):
    """The passes over the boxes; they end where one is drawn again."""
    current = []
    for index in indices:
        if index in current:
            yield current
            current = []
        current.append(index)


def test_overlapping_boxes_are_rarer(joint):
    _, dataset = joint
    drawn = stream(dataset, 40_000)
    assert all(
        max(batch[:3]) < 5 <= batch[3]
        for batch in zip(*(drawn[i::4] for i in range(4)))
    )
    boxes = np.array(drawn).reshape(-1, 4)[:, :3].ravel()
    counts = np.bincount(boxes, minlength=5)
    rounds = counts[4]
    # Exactly 0.5 is not above 0.5, so box 2 is in every pass.
    assert np.ptp(counts[2:]) <= 1
    for index in (0, 1):
        spread = np.sqrt(0.25 * 0.75 / rounds)
        assert abs(counts[index] / rounds - 0.25) < 5 * spread
    photos = np.bincount(np.array(drawn)[3::4], minlength=10)[5:]
    assert np.ptp(photos) <= 1


def test_passes(joint):
    _, dataset = joint
    # Not shuffled, the last box ends a pass.
    drawn = [i for i in stream(dataset, 8000, shuffle=False) if i < 5]
    starts = [0, *(np.flatnonzero(np.array(drawn) == 4) + 1)]
    rounds = [tuple(drawn[a:b]) for a, b in itertools.pairwise(starts)]
    share = {kept: rounds.count(kept) / len(rounds) for kept in set(rounds)}
    # The two are drawn for independently.
    assert share == pytest.approx(
        {
            (2, 3, 4): 9 / 16,
            (0, 2, 3, 4): 3 / 16,
            (1, 2, 3, 4): 3 / 16,
            (0, 1, 2, 3, 4): 1 / 16,
        },
        abs=0.05,
    )


@pytest.mark.parametrize(
    'iou_thr, drop_prob, kept',
    [
        (0.5, 1, {2, 3, 4}),
        (0.4, 1, {3, 4}),
        (0.9, 1, set(range(5))),
        (0.5, 0, set(range(5))),
    ],
)
def test_settings(joint, iou_thr, drop_prob, kept):
    _, dataset = joint
    drawn = stream(dataset, 120, iou_thr=iou_thr, drop_prob=drop_prob)
    boxes = [index for index in drawn if index < 5]
    rounds = list(passes(boxes))
    assert rounds and all(set(one) == kept for one in rounds)
    assert len(set(map(tuple, rounds))) > 1, 'passes must be shuffled'


def test_processes_share_a_pass(joint, monkeypatch):
    _, dataset = joint
    alone = stream(dataset, 400)
    of_rank = []
    for rank in (0, 1):
        monkeypatch.setattr(
            'mmdet.datasets.samplers.multi_source_sampler.get_dist_info',
            lambda rank=rank: (rank, 2),
        )
        of_rank.append(stream(dataset, 200))
    for is_box in (True, False):
        parts = [[i for i in part if (i < 5) == is_box] for part in of_rank]
        together = list(itertools.chain(*zip(*parts)))
        assert together == [i for i in alone if (i < 5) == is_box]


def test_in_a_loader(joint):
    cfg, _ = joint
    cfg['sampler']['type'] = 'OverlapMultiSourceSampler'
    cfg['num_workers'] = 2
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        log, loader = tiny.log_of(lambda: Runner.build_dataloader(cfg, seed=0))
    assert '2 of 5 boxes overlap another one with an IoU above 0.5' in log
    for _, batch in zip(range(5), loader):
        kinds = [sample.supervision for sample in batch['data_samples']]
        assert sorted(kinds) == ['box'] * 3 + ['mask']


def test_impossible_settings(joint, tmp_path):
    _, dataset = joint
    with pytest.raises(ValueError, match=r'iou_thr must lie in .* but is 1$'):
        stream(dataset, 1, iou_thr=1)
    with pytest.raises(ValueError, match='drop_prob must lie .* but is 1.5'):
        stream(dataset, 1, drop_prob=1.5)
    photos = ConcatDataset(dataset.datasets[1:])
    with pytest.raises(ValueError, match=r"\['SalientObjectDataset'\]"):
        OverlapMultiSourceSampler(photos, 4, [1])
    ann_file = tmp_path / 'coco' / 'boxes.json'
    coco = json.loads(ann_file.read_text())
    coco['annotations'] = coco['annotations'][:2]
    ann_file.write_text(json.dumps(coco))
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        dataset = DATASETS.build(joint[0]['dataset'])
    with pytest.raises(ValueError, match='boxes.json: every box overlaps'):
        stream(dataset, 1, drop_prob=1)
    assert {i for i in stream(dataset, 100) if i < 2} == {0, 1}
