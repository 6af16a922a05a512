"""Other looks of a patch."""

import numpy as np
import pytest

from mmboxcaseg.datasets.transforms import RandomLook


@pytest.fixture
def patch():
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def look(patch, **kwargs):
    options = dict(grey=0, invert=0, blur=0)
    transform = RandomLook(**dict(options, **kwargs))
    return transform.transform(dict(img=patch.copy()))['img']


def test_nothing_is_changed_where_nothing_is_asked_for(patch):
    assert (look(patch) == patch).all()


def test_grey_by_hand(patch):
    patch[0, 0] = (10, 100, 200)
    grey = look(patch, grey=1)
    # 0.114 B + 0.587 G + 0.299 R.
    assert grey[0, 0].tolist() == [round(1.14 + 58.7 + 59.8)] * 3
    assert (grey[..., 0] == grey[..., 1]).all() and (grey[..., 1] == grey[..., 2]).all()


def test_inverted_twice_is_the_same(patch):
    inverted = look(patch, invert=1)
    assert (inverted.astype(int) + patch == 255).all()


def test_maps_of_other_boxes_stay_as_they_are(patch):
    maps = np.random.default_rng(1).integers(0, 2, (64, 64, 2), dtype=np.uint8) * 255
    options = dict(grey=1, invert=1, blur=1)
    np.random.seed(0)
    expected = look(patch, **options)
    np.random.seed(0)
    found = look(np.concatenate([patch, maps], 2), **options)
    assert (found[..., :3] == expected).all() and (found[..., 3:] == maps).all()


def test_blur_evens_out_and_keeps_the_mean(patch):
    np.random.seed(0)
    blurred = look(patch, blur=1, sigma=0.1)
    assert blurred.std() < 0.5 * patch.std()
    assert blurred.mean() == pytest.approx(patch.mean(), abs=2)


def test_a_share_of_patches(patch):
    np.random.seed(0)
    transform = RandomLook(grey=0, invert=0.25, blur=0)
    count = sum(
        (transform.transform(dict(img=patch))['img'] != patch).any() for _ in range(400)
    )
    # Four standard deviations of a binomial distribution.
    assert abs(count - 100) < 4 * (400 * 0.25 * 0.75) ** 0.5


@pytest.mark.parametrize('kwargs', [dict(grey=1.5), dict(blur=-0.1), dict(sigma=0)])
def test_numbers_out_of_range(kwargs):
    with pytest.raises(ValueError, match=f'RandomLook: {next(iter(kwargs))}='):
        RandomLook(**kwargs)
