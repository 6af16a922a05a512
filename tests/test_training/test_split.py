"""Which photos are kept aside."""

import numpy as np
import pytest

from mmboxcaseg.training import keep_aside

NAMES = [f'{number:04d}.jpg' for number in range(400)]


def test_share_and_limit():
    counts = np.full(400, 2)
    aside = keep_aside(NAMES, counts, share=0.15, most=1000)
    assert counts[aside].sum() == 120
    assert keep_aside(NAMES, counts, share=0.15, most=50).sum() == 25


def test_the_same_whatever_the_order():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 9, 400)
    order = rng.permutation(400)
    aside = keep_aside(NAMES, counts)
    again = keep_aside([NAMES[one] for one in order], counts[order])
    assert (aside[order] == again).all()


def test_photos_stay_where_they_were_when_others_are_added():
    counts = np.ones(400, dtype=int)
    before = keep_aside(NAMES[:360], counts[:360], most=1000)
    after = keep_aside(NAMES, counts, most=1000)[:360]
    # 54 of 360, then 60 of 400: of the first few leave.
    assert before.sum() == 54
    assert (before & ~after).sum() <= 10


def test_photos_without_boxes_are_not_kept():
    counts = np.zeros(400, dtype=int)
    counts[[3, 5, 8]] = 10
    aside = keep_aside(NAMES, counts)
    # No photo is as small as the share: the smallest has to do.
    assert aside.sum() == 1 and counts[aside].all()


def test_never_all_photos():
    assert keep_aside(['a', 'b'], np.array([30, 1])).tolist() == [False, True]


def test_one_photo_is_refused():
    with pytest.raises(ValueError, match='1 photos have boxes'):
        keep_aside(['a', 'b'], np.array([30, 0]))
