import cv2
import numpy as np
import pytest
from tiny import write_coco

from mmboxcaseg.datasets import (BoxPatchDataset, JointPatchDataset,
                                 PhotoMultiSourceSampler)
from mmboxcaseg.datasets.transforms import (LoadBoxPatch, RandomBoxPatch,
                                            decode_factor)


@pytest.mark.parametrize('sides, factor', [((63, 900), 1), ((64, 64), 2),
                                           ((200, 127), 2), ((128, 130), 4),
                                           ((3000, 2000), 8)])
def test_factor_never_below_the_patch(sides, factor):
    rect = np.array([5, 9, 5 + sides[0], 9 + sides[1]])
    assert decode_factor(rect, 32) == factor


def photo(path, height, width, seed=0):
    """A JPEG with shapes and a little noise, and its item."""
    rng = np.random.default_rng(seed)
    img = cv2.resize(
        rng.integers(0, 256, (5, 7, 3), dtype=np.uint8), (width, height))
    cv2.circle(img, (width // 2, height // 2), height // 4, (20, 200, 90), -1)
    noise = rng.integers(-8, 9, img.shape)
    img = np.clip(img.astype(int) + noise, 0, 255).astype(np.uint8)
    cv2.imwrite(str(path), img)
    return dict(
        img_path=str(path),
        height=height,
        width=width,
        box=[width * 0.2, height * 0.3, width * 0.8, height * 0.7])


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
        full[y0:y1, x0:x1], (size, size), interpolation=cv2.INTER_AREA)
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
    monkeypatch.setattr(cv2, 'imdecode',
                        lambda *args: decoded.append(1) or decode(*args))
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
    with pytest.raises(ValueError, match='b.jpg: no readable picture'):
        LoadBoxPatch()(dict(item, img_path=str(tmp_path / 'b.jpg')))
    with pytest.raises(ValueError, match='kept_photos'):
        LoadBoxPatch(kept_photos=-1)


def joint(root):
    """Eleven boxes on photos of 5, 1, 0, 3 and 2 boxes."""
    boxes = [[(5 + i, 5, 20, 20) for i in range(count)]
             for count in (5, 1, 0, 3, 2)]
    part = dict(
        type='BoxPatchDataset',
        ann_file=write_coco(root, boxes),
        data_prefix=dict(img=str(root / 'img')),
        pipeline=[])
    return JointPatchDataset(box=part)


def photos_of(dataset: BoxPatchDataset, indices: list) -> list:
    return [dataset.get_data_info(index)['img_id'] for index in indices]


@pytest.mark.parametrize('shuffle', [True, False])
def test_groups_of_a_photo_and_every_box_once(tmp_path, shuffle):
    dataset = joint(tmp_path)
    sampler = iter(
        PhotoMultiSourceSampler(
            dataset, 11, [1], boxes_per_photo=2, shuffle=shuffle, seed=3))
    passes = [[next(sampler) for _ in range(11)] for _ in range(3)]
    for indices in passes:
        assert sorted(indices) == list(range(11))
        photos = photos_of(dataset.datasets[0], indices)
        runs = 1 + sum(a != b for a, b in zip(photos, photos[1:]))
        # 3 + 1 + 2 + 1 groups; two of one photo may come to lie together.
        assert runs <= 7
    assert (passes[0] != passes[1]) == shuffle


def test_processes_share_the_groups(tmp_path, monkeypatch):
    dataset = joint(tmp_path)
    seen = []
    for rank in range(2):
        monkeypatch.setattr(
            'mmdet.datasets.samplers.multi_source_sampler.'
            'get_dist_info', lambda: (rank, 2))
        sampler = PhotoMultiSourceSampler(
            dataset, 1, [1], boxes_per_photo=5, seed=3)
        # Five-box groups: four photos a pass, two of them for each process.
        groups = sampler.source2inds[0]
        seen.append([next(groups) for _ in range(30)])
    both = photos_of(dataset.datasets[0], seen[0] + seen[1])
    assert set(both) == {1, 2, 4, 5}


def test_sampler_names_what_is_wrong(tmp_path):
    dataset = joint(tmp_path)
    with pytest.raises(ValueError, match='boxes_per_photo must be at least 1'):
        PhotoMultiSourceSampler(dataset, 4, [1], boxes_per_photo=0)
