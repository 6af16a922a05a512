import cv2
import numpy as np
import pytest
import tiny
from mmcv.transforms import Compose
from mmengine.registry import DefaultScope
from pycocotools import mask as coco_mask

from mmboxcaseg.datasets.transforms import (
    LoadSalientMask,
    RandomBoxPatch,
    RandomObjectPatch,
)
from mmboxcaseg.datasets.transforms.patches import augment_box, paint_box
from mmboxcaseg.prediction.other_boxes import other_box_maps


def test_augmented_box_by_hand():
    box = augment_box(
        np.array([10.0, 20, 30, 60]), np.array([0.25, -0.25]), np.array([0.5, 1.5])
    )
    # Centre (20, 40) moves by (5, -10); sides 20, 40 become 10, 60.
    assert box.tolist() == [20, 0, 30, 60]


def test_painted_box_by_hand():
    # A crop of 10 x 20 pixels becomes 20 x 20: x doubles, y stays.
    label = paint_box(np.array([2.0, 3, 6, 30]), np.array([-1 + 1, 1, 10, 21]), 20)
    expected = np.zeros((20, 20), np.uint8)
    expected[2:20, 4:12] = 1
    assert (label == expected).all()


def random_boxes(rng, count):
    """Size of an image and a box in it, some of them awkward."""
    for index in range(count):
        height, width = rng.integers(1, 60, 2)
        if index % 4 == 0:
            # One pixel, often at a border.
            x = rng.choice([0, width - 1, rng.integers(width)])
            y = rng.choice([0, height - 1, rng.integers(height)])
            box = x, y, x + 1, y + 1
        elif index % 4 == 1:
            # Less than a pixel.
            x, y = rng.uniform(0, width - 0.1), rng.uniform(0, height - 0.1)
            box = (x, y, x + rng.uniform(0.01, 0.9), y + rng.uniform(0.01, 0.9))
        else:
            # Over the borders too.
            x0, x1 = np.sort(rng.uniform(-5, width + 5, 2))
            y0, y1 = np.sort(rng.uniform(-5, height + 5, 2))
            box = x0, y0, x1, y1
        clipped = np.clip(box, 0, [width, height] * 2)
        if (clipped[2:] - clipped[:2] > 1e-6).all():
            yield height, width, np.array(box, np.float64), clipped


@pytest.mark.parametrize('shift, scale', [(0.25, (0.5, 1.5)), (0.49, (0.05, 3.0))])
def test_crop_meets_the_box_and_carries_it_along(shift, scale):
    transform = RandomBoxPatch(size=24, shift=shift, scale=scale)
    rng = np.random.default_rng(0)
    seen = 0
    for height, width, box, clipped in random_boxes(rng, 2600):
        img = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        results = transform(dict(img=img, box=box.tolist(), height=height, width=width))
        x0, y0, x1, y1 = results['patch_rect']
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
        # Overlap of box and crop is more than a touch.
        assert max(x0, clipped[0]) < min(x1, clipped[2])
        assert max(y0, clipped[1]) < min(y1, clipped[3])
        assert results['img'].shape == (24, 24, 3)
        assert results['img_shape'] == (24, 24)
        label = results['gt_seg_map']
        assert label.shape == (24, 24) and label.dtype == np.uint8
        rows, columns = np.nonzero(label)
        assert len(rows) > 0
        painted = np.array(
            [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        )
        # A filled rectangle, within a pixel of the box in the patch.
        assert label.sum() == (painted[2:] - painted[:2]).prod()
        factor = np.array([24 / (x1 - x0), 24 / (y1 - y0)] * 2)
        exact = (clipped - [x0, y0, x0, y0]) * factor
        assert (np.abs(painted - np.clip(exact, 0, 24)) <= 1).all()
        seen += 1
    assert seen >= 2000


def test_mask_of_a_box_is_cropped_with_it():
    # Without shift and scale the crop is the box: rows 4..9, columns 2..13.
    mask = np.zeros((20, 30), np.uint8)
    mask[4:10, 8:14] = 1
    photo = np.repeat(mask[..., None] * 200, 3, axis=2)
    code = coco_mask.encode(np.asfortranarray(mask))
    results = RandomBoxPatch(size=12, shift=0, scale=(1, 1))(
        dict(img=photo, box=[2, 4, 14, 10], segmentation=code)
    )
    expected = np.zeros((12, 12), np.uint8)
    expected[:, 6:] = 1
    assert (results['gt_seg_map'] == expected).all()
    # A mask of polygons stays with its pixels wherever the crop goes.
    polygon = [[8, 4, 14, 4, 14, 10, 8, 10]]
    for _ in range(20):
        results = RandomBoxPatch(size=40)(
            dict(img=photo, box=[2, 4, 14, 10], segmentation=polygon)
        )
        seen = results['img'][..., 0] > 100
        assert (results['gt_seg_map'] != seen).mean() < 0.15


def test_shift_and_scale_are_uniform():
    transform = RandomBoxPatch(size=4)
    np.random.seed(0)
    img = np.zeros((4000, 4000, 1), np.uint8)
    box = np.array([1500.0, 1400, 2500, 2600])
    rects = np.array(
        [transform(dict(img=img, box=box))['patch_rect'] for _ in range(4000)],
        np.float64,
    )
    side = box[2:] - box[:2]
    shifts = ((rects[:, :2] + rects[:, 2:]) / 2 - (box[:2] + box[2:]) / 2) / side
    scales = (rects[:, 2:] - rects[:, :2]) / side
    for factors, low, high in ((shifts, -0.25, 0.25), (scales, 0.5, 1.5)):
        assert (factors > low - 1e-3).all() and (factors < high + 1e-3).all()
        # Deciles of a uniform distribution; their standard error is 0.005.
        deciles = np.quantile(factors, np.linspace(0.1, 0.9, 9), axis=0)
        expected = np.linspace(low, high, 11)[1:-1, None]
        assert np.abs(deciles - expected).max() < 0.025 * (high - low)
    table = np.concatenate([shifts, scales], axis=1)
    correlation = np.corrcoef(table.T) - np.eye(4)
    assert np.abs(correlation).max() < 0.08


def test_patch_shows_the_crop():
    img = np.zeros((50, 50, 3), np.uint8)
    img[..., 0] = np.arange(50) * 5
    img[..., 1] = np.arange(50)[:, None] * 5
    transform = RandomBoxPatch(size=32)
    for _ in range(20):
        results = transform(dict(img=img, box=[12, 10, 38, 44]))
        x0, y0, x1, y1 = results['patch_rect']
        columns = (np.arange(32) + 0.5) * (x1 - x0) / 32 - 0.5
        columns = np.clip(columns, 0, x1 - x0 - 1) + x0
        rows = (np.arange(32) + 0.5) * (y1 - y0) / 32 - 0.5
        rows = np.clip(rows, 0, y1 - y0 - 1) + y0
        assert np.abs(results['img'][..., 0] - 5 * columns).max() <= 1
        assert np.abs(results['img'][..., 1] - 5 * rows[:, None]).max() <= 1


def edge(label):
    """Pixels within one of the outline."""
    kernel = np.ones((3, 3), np.uint8)
    return cv2.dilate(label, kernel) != cv2.erode(label, kernel)


def run(pipeline, item):
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        packed = Compose(pipeline)(item)
    img, sample = packed['inputs'].numpy(), packed['data_samples']
    return img, sample, sample.gt_sem_seg.data[0].numpy().astype(np.uint8)


def test_box_pipeline_keeps_image_and_label_together(tmp_path):
    path = str(tmp_path / 'photo.png')
    photo = np.zeros((70, 90, 3), np.uint8)
    photo[20:50, 30:80] = (255, 255, 255)
    # Tells a flipped patch from another.
    photo[20:50, 30:55, 0] = 0
    cv2.imwrite(path, photo)
    pipeline = tiny.pipelines(48).box
    flipped, count = 0, 300
    for _ in range(count):
        img, sample, label = run(
            pipeline, dict(img_path=path, box=[30, 20, 80, 50], supervision='box')
        )
        assert img.shape == (3, 48, 48) and img.dtype == np.uint8
        assert sample.supervision == 'box'
        assert sample.img_path == path and sample.ori_shape == (70, 90)
        wrong = (img[1] > 127) != (label > 0)
        assert not (wrong & ~edge(label)).any()
        blue = np.nonzero((img[0] > 127).any(axis=0))[0]
        green = np.nonzero((img[1] > 127).any(axis=0))[0]
        flipped += bool(len(blue)) and blue.mean() < green.mean() - 0.5
    # Some crops show one half only and don't tell.
    assert 0.35 < flipped / count < 0.6


def test_salient_pipeline_keeps_image_and_mask_together(tmp_path):
    img_path, mask_path = str(tmp_path / 'a.png'), str(tmp_path / 'm.png')
    mask = np.zeros((100, 140), np.uint8)
    cv2.ellipse(mask, (60, 40), (40, 25), 20, 0, 360, 255, -1)
    cv2.imwrite(mask_path, mask)
    cv2.imwrite(img_path, np.repeat(mask[..., None], 3, axis=2))
    pipeline = tiny.pipelines(72).salient
    left = []
    for _ in range(300):
        img, sample, label = run(
            pipeline, dict(img_path=img_path, mask_path=mask_path, supervision='mask')
        )
        assert img.shape == (3, 72, 72) and sample.supervision == 'mask'
        wrong = (img[0] > 127) != (label > 0)
        assert not (wrong & ~edge(label)).any()
        left.append(np.nonzero(label)[1].mean() < 35.5)
    # The object lies left of the middle unless the photo is flipped.
    assert 0.4 < np.mean(left) < 0.6


def test_salient_crops_cover_the_resized_photo(tmp_path):
    img_path, mask_path = str(tmp_path / 'a.png'), str(tmp_path / 'm.png')
    photo = np.zeros((80, 80, 3), np.uint8)
    photo[..., 0] = np.arange(80)
    photo[..., 1] = np.arange(80)[:, None]
    cv2.imwrite(img_path, photo)
    cv2.imwrite(mask_path, photo[..., 0])
    steps = [s for s in tiny.pipelines(72).salient if s.type != 'RandomFlip']
    corners = set()
    for _ in range(400):
        img, _, _ = run(steps, dict(img_path=img_path, mask_path=mask_path))
        corners.add((int(img[0, 0, 0]), int(img[1, 0, 0])))
    # 80 - 72 = 8: offsets 0..8 either way, each as likely.
    assert {x for x, _ in corners} == {y for _, y in corners} == set(range(9))
    assert len(corners) > 70


def test_mask_is_loaded_as_foreground_or_not(tmp_path):
    path = str(tmp_path / 'mask.png')
    grey = np.array([[0, 1, 126, 127], [128, 129, 254, 255]], np.uint8)
    cv2.imwrite(path, grey)
    results = LoadSalientMask()(dict(mask_path=path, img=np.zeros((2, 4, 3), np.uint8)))
    assert results['gt_seg_map'].tolist() == [[0, 0, 0, 0], [1, 1, 1, 1]]
    assert results['gt_seg_map'].dtype == np.uint8
    with pytest.raises(ValueError, match=r'mask.png.*\(2, 4\).*\(3, 4\)'):
        LoadSalientMask()(dict(mask_path=path, img=np.zeros((3, 4, 3), np.uint8)))


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match='shift .* is 0.5'):
        RandomBoxPatch(shift=0.5)
    for scale in ((0, 1), (1.5, 0.5)):
        with pytest.raises(ValueError, match='scale must be'):
            RandomBoxPatch(scale=scale)


def test_photo_of_another_size_is_refused():
    img = np.zeros((30, 20, 3), np.uint8)
    with pytest.raises(ValueError, match='a.jpg.* 20 x 30 .* 30 x 20'):
        RandomBoxPatch()(
            dict(img=img, box=[1, 1, 9, 9], img_path='a.jpg', height=20, width=30)
        )


def test_object_patch_is_a_box_patch_of_the_object():
    # In two pieces: the box is that of both.
    mask = np.zeros((40, 60), np.uint8)
    mask[10:20, 15:25] = 1
    mask[25:30, 30:45] = 1
    img = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    seen = []
    for seed in range(30):
        np.random.seed(seed)
        ours = RandomObjectPatch(size=32)(dict(img=img, gt_seg_map=mask))
        np.random.seed(seed)
        box = RandomBoxPatch(size=32)(dict(img=img, box=[15, 10, 45, 30]))
        assert ours['patch_rect'] == box['patch_rect']
        assert (ours['img'] == box['img']).all()
        # The label is the mask inside the crop: pixel (i, j) of the patch
        # is that of the photo under its upper left corner.
        x0, y0, x1, y1 = ours['patch_rect']
        rows = y0 + np.arange(32) * (y1 - y0) // 32
        columns = x0 + np.arange(32) * (x1 - x0) // 32
        assert (ours['gt_seg_map'] == mask[np.ix_(rows, columns)]).all()
        seen.append(ours['gt_seg_map'].mean())
    assert len(set(seen)) > 20


def test_object_patch_without_an_object_is_refused():
    results = dict(
        img=np.zeros((8, 8, 3), np.uint8),
        gt_seg_map=np.zeros((8, 8), np.uint8),
        mask_path='a.png',
    )
    with pytest.raises(ValueError, match='a.png: the mask is empty'):
        RandomObjectPatch(size=4)(results)


@pytest.mark.parametrize('kind', [RandomBoxPatch, RandomObjectPatch])
def test_maps_of_other_boxes_belong_to_the_crop(kind):
    rng = np.random.default_rng(0)
    img = rng.integers(0, 256, (60, 80, 3), np.uint8)
    mask = np.zeros((60, 80), np.uint8)
    mask[15:45, 20:60] = 1
    others = np.array([(10, 10, 40, 30), (30, 20, 75, 58), (0, 0, 5, 5)], np.float32)
    given = dict(
        img=img, gt_seg_map=mask, box=[20, 15, 60, 45], other_boxes=others, height=60
    )
    np.random.seed(0)
    plain = kind(size=16)(dict(given, width=80))
    np.random.seed(0)
    found = kind(size=16, other_boxes=True)(dict(given, width=80))
    assert (found['img'][..., :3] == plain['img']).all()
    rect = np.array(found['patch_rect'])
    maps = other_box_maps(np.array([20, 15, 60, 45]), others, rect, 16)
    assert maps.any() and (found['img'][..., 3:] == maps).all()


def test_maps_need_the_other_boxes():
    given = dict(img=np.zeros((9, 9, 3), np.uint8), box=[1, 1, 5, 5], img_path='a.jpg')
    with pytest.raises(ValueError, match='a.jpg: .* set with_other_boxes of BoxPatch'):
        RandomBoxPatch(size=8, other_boxes=True)(given)
