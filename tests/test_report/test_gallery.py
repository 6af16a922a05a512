import numpy as np
import pytest

from mmboxcaseg.report import choose
from mmboxcaseg.report.gallery import thirds


@pytest.mark.parametrize(
    'group, expected',
    [
        # One of each class: 3 before 0 for its area, then 1, 5 before 2.
        ('best', [3, 1, 5]),
        # The median is 0.7: 5 and 1 are 0.1 away, 2 is of a class that is
        # there, of class a 3 and 0 are nearest.
        ('median', [5, 1, 3]),
        ('worst', [4, 2, 1]),
    ],
)
def test_choose(group, expected):
    classes = ['a', 'b', 'c', 'a', 'a', 'c']
    scores = np.array([1, 0.8, 0.5, 1, 0.1, 0.6])
    areas = np.array([5, 5, 5, 9, 5, 9])
    assert choose(group, classes, scores, areas, scores < 0.95, 3) == expected


def test_choose_ignored():
    scores = np.array([0.95, 0.2, 0.9, 0.4, 0.94, 1])
    areas = np.ones(6)
    classes = ['a'] * 6
    assert choose('ignored', classes, scores, areas, scores < 0.95, 9) == [4, 2, 3, 1]
    two = choose('ignored', classes, scores, areas, scores < 0.95, 2)
    assert len(two) == 2 and set(two) < {1, 2, 3, 4}
    assert choose('ignored', classes, scores, areas, scores < 0.1, 9) == []
    assert choose('best', classes, scores, areas, scores < 0.95, 9) == [
        5,
        0,
        4,
        2,
        3,
        1,
    ]


@pytest.mark.parametrize(
    'count, best, median, worst',
    [(1, 1, 0, 0), (2, 1, 0, 1), (3, 1, 1, 1), (5, 2, 1, 2), (28, 9, 10, 9)],
)
def test_a_mask_is_in_one_group(count, best, median, worst):
    scores = np.random.default_rng(0).permutation(count) / count
    groups = thirds(scores, np.ones(count))
    sizes = [len(groups[name]) for name in ('best', 'median', 'worst')]
    assert sizes == [best, median, worst]
    together = [scores[place] for one in groups.values() for place in one]
    assert together == sorted(scores.tolist(), reverse=True)
