import cv2
import numpy as np
import pytest

from mmboxcaseg.datasets.transforms import LoadBoxPatch, RandomBoxPatch, decode_factor
from mmboxcaseg.prediction.other_boxes import other_box_maps


@pytest.mark.parametrize(
    'sides, factor',
    [
        ((63, 900), 1),
        ((64, 64), 2),
        ((200, 127), 2),
        ((128, 130), 4),
        ((3000, 2000), 8),
    ],
)
def test_factor_never_below_the_patch(sides, factor):
    rect = np.array([5, 9, 5 + sides[0], 9 + sides[1]])
    assert decode_factor(rect, 32) == factor


def photo(path, height, width, seed=0):
    """A JPEG with shapes and a little noise, and its item."""
    rng = np.random.default_rng(seed)
    img = cv2.resize(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8), (width, height))
    cv2.circle(img, (width // 2, height // 2), height // 4, (20, 200, 90), -1)
    noise = rng.integers(-8, 9, img.shape)
    img = np.clip(img.astype(int) + noise, 0, 255).astype(np.uint8)
    cv2.imwrite(str(path), img)
    return dict(
        img_path=str(path),
        height=height,
        width=width,
        box=[width * 0.2, height * 0.3, width * 0.8, height * 0.7],
    )


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_same_as_loading_and_cropping(tmp_path, suffix):
    item = photo(tmp_path / f'a{suffix}', 60, 90)
    for seed in range(5):
        np.random.seed(seed)
        ours = LoadBoxPatch(size=64)(dict(item))
        np.random.seed(seed)
        img = cv2.imread(item['img_path'])
        expected = RandomBoxPatch(size=64)(dict(item, img=img))
        assert ours['patch_rect'] == expected['patch_rect']
        assert (ours['img'] == expected['img']).all()
        assert (ours['gt_seg_map'] == expected['gt_seg_map']).all()


@pytest.mark.parametrize('size', [64, 10])
def test_maps_of_other_boxes(tmp_path, size):
    item = photo(tmp_path / 'a.jpg', 61, 91)
    item['other_boxes'] = np.array([[10, 10, 40, 60], [30, 20, 50, 30]], np.float32)
    np.random.seed(0)
    plain = LoadBoxPatch(size=size)(dict(item))
    np.random.seed(0)
    found = LoadBoxPatch(size=size, other_boxes=True)(dict(item))
    assert (found['img'][..., :3] == plain['img']).all()
    # The part that is shown, which grows where the photo is decoded smaller.
    rect = np.array(found['patch_rect'])
    maps = other_box_maps(np.array(item['box']), item['other_boxes'], rect, size)
    assert maps.any((0, 1)).all() and (found['img'][..., 3:] == maps).all()


@pytest.mark.parametrize('size, factor', [(100, 2), (60, 4), (30, 8)])
def test_reduced_decoding_stays_near_full_decoding(tmp_path, size, factor):
    # Sides that no factor divides, and a box that reaches the border.
    item = photo(tmp_path / 'a.jpg', 331, 437)
    item['box'] = [120.5, 40.2, 437, 331]
    transform = LoadBoxPatch(size=size, shift=0, scale=(1, 1))
    ours = transform(item)
    x0, y0, x1, y1 = ours['patch_rect']
    assert decode_factor(np.array([x0, y0, x1, y1]), size) == factor
    assert (x0 % factor, y0 % factor, x1, y1) == (0, 0, 437, 331)
    assert 121 - factor < x0 <= 121 and 40 - factor < y0 <= 40
    full = cv2.imread(item['img_path'])
    # Averages over the pixels that each one of the patch stands for.
    expected = cv2.resize(
        full[y0:y1, x0:x1], (size, size), interpolation=cv2.INTER_AREA
    )
    error = np.abs(ours['img'].astype(int) - expected)
    # What the documentation states: 3 grey levels on average.
    assert error.mean() < 3
    # The label lies where the crop puts the box, to a pixel of the patch.
    rows, columns = np.nonzero(ours['gt_seg_map'])
    assert columns.min() == round((120.5 - x0) * size / (x1 - x0))
    assert rows.min() == round((40.2 - y0) * size / (y1 - y0))
    assert columns.max() == rows.max() == size - 1


def test_png_is_decoded_in_full(tmp_path):
    item = photo(tmp_path / 'a.png', 200, 300)
    np.random.seed(1)
    ours = LoadBoxPatch(size=16)(dict(item))
    np.random.seed(1)
    full = LoadBoxPatch(size=16, reduced=False)(dict(item))
    assert ours['patch_rect'] == full['patch_rect']
    assert (ours['img'] == full['img']).all()


def test_photo_is_decoded_once_for_its_boxes(tmp_path, monkeypatch):
    first = photo(tmp_path / 'a.jpg', 60, 90)
    second = photo(tmp_path / 'b.jpg', 60, 90, seed=1)
    decoded = []
    decode = cv2.imdecode
    monkeypatch.setattr(
        cv2, 'imdecode', lambda *args: decoded.append(1) or decode(*args)
    )
    transform = LoadBoxPatch(size=64)
    for item in (first, first, second, second, first):
        transform(dict(item))
    assert len(decoded) == 3
    with_two, decoded[:] = LoadBoxPatch(size=64, kept_photos=2), []
    for item in (first, first, second, second, first):
        with_two(dict(item))
    assert len(decoded) == 2


def test_what_is_wrong_is_named(tmp_path):
    item = photo(tmp_path / 'a.jpg', 60, 90)
    with pytest.raises(ValueError, match='a.jpg.* 90 x 60 .*91 x 60'):
        LoadBoxPatch(size=64)(dict(item, width=91))
    (tmp_path / 'b.jpg').write_bytes(b'')
    with pytest.raises(ValueError, match='b.jpg is not a readable photo'):
        LoadBoxPatch()(dict(item, img_path=str(tmp_path / 'b.jpg')))
    with pytest.raises(ValueError, match='kept_photos'):
        LoadBoxPatch(kept_photos=-1)
