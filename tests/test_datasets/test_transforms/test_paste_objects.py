"""Salient objects pasted over and behind each other."""

import numpy as np
import pytest

from mmboxcaseg.datasets.transforms import PasteSalientObjects
from mmboxcaseg.datasets.transforms.paste_objects import (
    Cutout,
    cut_out,
    paste,
    resize_cutout,
)


def photo(height, width, value):
    return np.full((height, width, 3), value, np.uint8)


def rectangle(height, width, x0, y0, x1, y1):
    mask = np.zeros((height, width), np.uint8)
    mask[y0:y1, x0:x1] = 1
    return mask


def slow_paste(img, mask, cutout, corner, on_top):
    """Pixel by pixel."""
    img, mask, shown = img.copy(), mask.copy(), []
    for row in range(cutout.mask.shape[0]):
        for column in range(cutout.mask.shape[1]):
            x, y = corner[0] + column, corner[1] + row
            inside = 0 <= x < mask.shape[1] and 0 <= y < mask.shape[0]
            if not inside or not cutout.mask[row, column]:
                continue
            if on_top:
                mask[y, x] = 0
            elif mask[y, x]:
                continue
            img[y, x] = cutout.img[row, column]
            shown.append((x, y))
    box = [*np.min(shown, 0), *np.max(shown, 0) + 1] if shown else None
    return img, mask, box


@pytest.mark.parametrize('on_top', [False, True])
def test_against_a_loop_over_pixels(on_top):
    rng = np.random.default_rng(0)
    for _ in range(50):
        height, width, h, w = rng.integers(1, 12, 4)
        img = rng.integers(0, 255, (height, width, 3), np.uint8)
        mask = rng.integers(0, 2, (height, width)).astype(np.uint8)
        cutout = Cutout(
            rng.integers(0, 255, (h, w, 3), np.uint8), rng.random((h, w)) < 0.6
        )
        corner = tuple(rng.integers(-8, 14, 2).tolist())
        before = img.copy(), mask.copy()
        found = paste(img, mask, cutout, corner, on_top)
        expected = slow_paste(img, mask, cutout, corner, on_top)
        assert (found.img == expected[0]).all() and (found.mask == expected[1]).all()
        assert (None if found.box is None else found.box.tolist()) == expected[2]
        assert (img == before[0]).all() and (mask == before[1]).all()


def test_cutout_is_the_tight_box():
    img = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    cutout = cut_out(img, rectangle(4, 5, 1, 2, 4, 4))
    assert (cutout.img == img[2:4, 1:4]).all()
    assert cutout.mask.shape == (2, 3) and cutout.mask.all()


def test_resized_and_mirrored():
    mask = np.array([[True, False], [True, True]])
    cutout = resize_cutout(Cutout(photo(2, 2, 7), mask), 2, flip=True)
    expected = np.kron(mask[:, ::-1], np.ones((2, 2))) > 0
    assert (cutout.mask == expected).all()
    assert cutout.img.shape == (4, 4, 3)
    assert resize_cutout(Cutout(photo(2, 2, 7), mask), 0.1).mask.shape == (1, 1)


class Others(list):
    """A data set whose items are loaded already."""

    get_data_info = list.__getitem__


def results(*others):
    return dict(
        img=photo(40, 40, 1),
        gt_seg_map=rectangle(40, 40, 10, 10, 30, 30),
        dataset=Others(others),
    )


OTHER = dict(img=photo(30, 30, 9), gt_seg_map=rectangle(30, 30, 5, 5, 15, 25))


def test_labels_and_pixels_agree():
    """Where the own object is visible its pixels are, and only there."""
    np.random.seed(0)
    transform = PasteSalientObjects([], prob=1, max_objects=2)
    pasted = covered = 0
    for _ in range(60):
        # The own object is 5, the rest of its photo 1, the others 9.
        given = results(OTHER, OTHER)
        given['img'][given['gt_seg_map'] > 0] = 5
        found = transform(given)
        assert ((found['img'][..., 0] == 5) == (found['gt_seg_map'] > 0)).all()
        assert found['gt_seg_map'].sum() >= 0.3 * 400
        assert found['img'].dtype == found['gt_seg_map'].dtype == np.uint8
        if len(found['other_boxes']) == 1:
            rows, columns = np.nonzero(found['img'][..., 0] == 9)
            tight = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert found['other_boxes'].tolist() == [tight]
        assert len(found['other_boxes']) >= (found['img'] == 9).any()
        pasted += (found['img'] == 9).any()
        covered += found['gt_seg_map'].sum() < 400
    assert pasted > 50 and 10 < covered < pasted


def test_too_much_hidden_is_left_out():
    np.random.seed(0)
    transform = PasteSalientObjects([], prob=1, scale=(3, 3), min_visible=1)
    for _ in range(30):
        assert transform(results(OTHER))['gt_seg_map'].sum() == 400


def test_size_relative_to_the_own_object():
    """Half the scale of 20 x 20 are 100 pixels, whatever the shape."""
    np.random.seed(1)
    transform = PasteSalientObjects([], prob=1, max_objects=1, scale=(0.5, 0.5))
    most = max((transform(results(OTHER))['img'][..., 0] == 9).sum() for _ in range(40))
    assert most == pytest.approx(100, rel=0.1)


def test_how_often_and_how_many():
    np.random.seed(0)
    seen = []

    class Noting(Others):
        def get_data_info(self, place):
            seen[-1].append(place)
            return self[0]

    transform = PasteSalientObjects([])
    for _ in range(1000):
        seen.append([])
        transform(dict(results(), dataset=Noting([OTHER] * 9)))
    counts = np.bincount([len(places) for places in seen], minlength=3)
    assert counts / 1000 == pytest.approx([0.3, 0.35, 0.35], abs=0.05)
    assert {place for places in seen for place in places} == set(range(9))


@pytest.mark.parametrize(
    'words',
    [
        dict(prob=1.5),
        dict(max_objects=0),
        dict(scale=(0, 1)),
        dict(scale=(2, 1)),
        dict(min_visible=0),
    ],
)
def test_bad_settings(words):
    with pytest.raises(ValueError, match=f'{next(iter(words))} must'):
        PasteSalientObjects([], **words)


def test_without_other_images():
    given = results()
    del given['dataset']
    with pytest.raises(ValueError, match='SalientObjectDataset'):
        PasteSalientObjects([])(given)
