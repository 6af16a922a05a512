import random

import numpy as np
import pycocotools.mask as mask_utils
import pytest
from mmdet.datasets import MultiImageMixDataset
from mmdet.registry import TRANSFORMS as MMDET_TRANSFORMS
from mmdet.structures.mask import PolygonMasks
from mmengine.dataset import BaseDataset

from mmboxcaseg.datasets.transforms import (
    MarkIgnoredMasks,
    PackProxyDetInputs,
    decode_weights,
    encode_weights,
)

SIZE = 96
CELL = 32
BACKGROUND = 114
NUM_IMAGES = 6
# Every other instance or so has a mask to be ignored.
WEIGHTS = [((i + 1) / 31 if i * 5 % 7 < 4 else 0.0) for i in range(30)]


def colour(tag):
    return (8 * (tag + 1), 255 - 8 * (tag + 1), 40)


def rle(mask):
    encoded = mask_utils.encode(np.asfortranarray(mask.astype(np.uint8)))
    return dict(size=encoded['size'], counts=encoded['counts'].decode())


def make_image(index):
    """An image of 5 boxes of one colour each, which is the instance's tag.

    The tag is its label too; the masks are the boxes; its aspect ratio is
    told by the tag.
    """
    rng = np.random.default_rng(index)
    img = np.full((SIZE, SIZE, 3), BACKGROUND, np.uint8)
    instances = []
    for k, cell in enumerate(rng.permutation(9)[:5]):
        tag = 5 * index + k
        w, h = ratio_size(tag)
        y, x = np.array(divmod(cell, 3)) * CELL + rng.integers(0, 4, 2)
        mask = np.zeros((SIZE, SIZE), bool)
        mask[y : y + h, x : x + w] = True
        img[mask] = colour(tag)
        instances.append(
            dict(
                bbox=[x, y, x + w, y + h],
                bbox_label=tag,
                ignore_flag=0,
                mask=rle(mask),
                mask_weight=WEIGHTS[tag],
            )
        )
    return dict(
        img=img,
        img_id=index,
        img_path=f'{index}.png',
        img_shape=img.shape[:2],
        ori_shape=img.shape[:2],
        height=SIZE,
        width=SIZE,
        instances=instances,
    )


def ratio_size(tag):
    return 8 + tag % 6 * 4, 8 + tag // 6 * 4


def load(index, with_mask=True):
    results = make_image(index)
    for cfg in (
        dict(type='mmdet.LoadAnnotations', with_bbox=True, with_mask=with_mask),
        dict(type='mmboxcaseg.MarkIgnoredMasks'),
    ):
        results = MMDET_TRANSFORMS.build(cfg)(results)
    return results


def check_pairing(packed, by_colour=True):
    """Each mark is the mark of the tag, and box, mask and pixels are of the
    instance with the tag.  Returns the marks."""
    gt = packed['data_samples'].gt_instances
    img = packed['inputs'].permute(1, 2, 0).numpy()
    tags = gt.labels.numpy()
    assert len(gt.mask_weights) == len(gt.bboxes) == len(tags)
    for i, tag in enumerate(tags):
        assert gt.mask_weights[i].item() == (
            WEIGHTS[tag] and pytest.approx(WEIGHTS[tag], abs=1e-4)
        )
        x1, y1, x2, y2 = gt.bboxes[i].tensor[0].round().int().tolist()
        if (x2 - x1) * (y2 - y1) < 36:  # a sliver has no clean pixels
            continue
        region = np.zeros(img.shape[:2], bool)
        region[max(y1, 0) : y2, max(x1, 0) : x2] = True
        if 'masks' in gt:
            region = gt.masks.masks[i].astype(bool)
            ys, xs = np.nonzero(region)
            tight = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
            assert np.abs(np.subtract(tight, [x1, y1, x2, y2])).max() <= 2
        if by_colour:
            counts = [
                (img[region] == colour(t)).all(1).sum() for t in range(len(WEIGHTS))
            ]
            if max(counts):
                assert np.argmax(counts) == tag
        else:
            inside = x1 > 0 and y1 > 0 and x2 < SIZE and y2 < SIZE
            w, h = ratio_size(tag)
            if inside:
                assert (x2 - x1) / (y2 - y1) == pytest.approx(w / h, rel=0.35)
    return (gt.mask_weights == 0).tolist()


@pytest.mark.parametrize(
    'cfg',
    [
        dict(type='mmdet.Resize', scale=(140, 110), keep_ratio=False),
        dict(type='mmdet.RandomFlip', prob=0.5, direction=['horizontal', 'vertical']),
        dict(type='mmdet.RandomCrop', crop_size=(56, 60)),
        dict(type='mmdet.RandomCrop', crop_size=(56, 60), recompute_bbox=True),
        dict(type='mmdet.FilterAnnotations', min_gt_bbox_wh=(15, 13)),
        dict(
            type='mmdet.FilterAnnotations',
            by_mask=True,
            min_gt_mask_area=250,
            keep_empty=False,
        ),
        dict(type='mmdet.RandomAffine', max_rotate_degree=8.0),
        dict(type='mmdet.CachedMosaic', img_scale=(SIZE, SIZE), pad_val=114.0),
        # Beyond a ratio of 1 it cuts masks off before it moves them.
        dict(type='mmdet.CachedMixUp', img_scale=(SIZE, SIZE), ratio_range=(0.5, 1.0)),
        dict(type='mmdet.CopyPaste', mask_occluded_thr=30),
    ],
    ids=lambda cfg: cfg['type'],
)
def test_marks_stay_with_their_instances(cfg):
    transform = MMDET_TRANSFORMS.build(cfg)
    with_mask = cfg['type'] != 'mmdet.RandomAffine'  # it takes no masks
    pack = PackProxyDetInputs()
    marks, numbers = [], set()
    for seed in range(30):
        random.seed(seed)
        np.random.seed(seed)
        results = load(seed % NUM_IMAGES, with_mask)
        if cfg['type'] == 'mmdet.CopyPaste':
            results['mix_results'] = [load((seed * 5 + 1) % NUM_IMAGES)]
        results = transform(results)
        if results is None:  # a crop without a box
            continue
        marked = check_pairing(
            pack(results), by_colour=cfg['type'] != 'mmdet.CachedMixUp'
        )
        marks += marked
        numbers.add(len(marked))
    assert len(marks) > 50 and set(marks) == {True, False}
    if cfg['type'] not in ('mmdet.Resize', 'mmdet.RandomFlip'):
        assert len(numbers) > 1  # instances came or went


def test_marks_through_multi_image_mix_dataset():
    """A chain of transforms, on the wrapper that mixes images."""

    class Images(BaseDataset):
        def load_data_list(self):
            return [dict(index=index) for index in range(NUM_IMAGES)]

        def __getitem__(self, index):
            # CopyPaste draws from 0 up to and including the length.
            return load(index % NUM_IMAGES)

    cfgs = [
        dict(type='mmdet.CopyPaste', mask_occluded_thr=30),
        dict(type='mmdet.RandomFlip', prob=0.5),
        dict(
            type='mmdet.RandomCrop',
            crop_size=(70, 70),
            recompute_bbox=True,
            allow_negative_crop=True,
        ),
        dict(type='mmdet.FilterAnnotations', min_gt_bbox_wh=(9, 9), keep_empty=False),
        dict(type='mmboxcaseg.PackProxyDetInputs'),
    ]
    dataset = MultiImageMixDataset(Images(), cfgs)
    marks = sum((check_pairing(dataset[i % NUM_IMAGES]) for i in range(40)), [])
    assert set(marks) == {True, False}


def test_encode_and_decode():
    labels = np.array([0, 19, 79, 0])
    weights = np.array([0.0, 1.0, 0.0, 0.75])
    marked = encode_weights(labels, weights)
    assert marked.dtype == np.int64
    # What they lack of 1, in steps of 1/65536, above 32 bits for the class.
    lost = [65536, 0, 65536, 16384]
    assert marked.tolist() == [
        label + steps * 2**32 for label, steps in zip(labels, lost)
    ]
    decoded, found = decode_weights(marked)
    assert decoded.tolist() == labels.tolist()
    assert found.tolist() == weights.tolist() and found.dtype == np.float32
    # The last weight counts, and the least one is not 0.
    decoded, found = decode_weights(encode_weights(marked, weights[::-1]))
    assert decoded.tolist() == labels.tolist()
    assert found.tolist() == weights[::-1].tolist()
    assert decode_weights(encode_weights([3], [1e-9]))[1] > 0
    decoded, found = decode_weights(encode_weights(np.zeros(0, int), []))
    assert decoded.shape == found.shape == (0,)
    for wrong in (-0.1, 1.5, float('nan')):
        with pytest.raises(ValueError, match=r'must lie in \[0, 1\], but are'):
            encode_weights([3, 4], [1, wrong])


def mark(weights, crowds=(), **extra):
    """The transform on instances with these weights, all of one box."""
    mask = np.zeros((20, 20), bool)
    mask[3:6, 2:9] = True
    instances = [
        dict(
            bbox=[2.0, 3.0, 10.5, 6.0],
            bbox_label=i,
            ignore_flag=int(i in crowds),
            mask=rle(mask),
            mask_weight=weight,
        )
        for i, weight in enumerate(weights)
    ]
    results = dict(ori_shape=(20, 20), instances=instances, **extra)
    results = MMDET_TRANSFORMS.build(
        dict(type='mmdet.LoadAnnotations', with_mask=True)
    )(results)
    return MarkIgnoredMasks()(results)


def test_weights_are_put_on_the_labels():
    labels, weights = decode_weights(
        mark([1, 0, 0.75, 0.25, 1], crowds=[4])['gt_bboxes_labels']
    )
    assert labels.tolist() == [0, 1, 2, 3, 4]
    assert weights.tolist() == [1, 0, 0.75, 0.25, 1]


def test_thresholds_are_the_data_sets():
    MarkIgnoredMasks(agreement_thr=None)
    for thr in (0, 0.85, 95):
        with pytest.raises(
            ValueError,
            match=f'agreement_thr={thr} .*'
            'set train_dataloader.dataset.agreement_thr instead',
        ):
            MMDET_TRANSFORMS.build(
                dict(type='mmboxcaseg.MarkIgnoredMasks', agreement_thr=thr)
            )


def test_ignored_mask_becomes_its_box():
    masks = mark([0.2, 0])['gt_masks'].masks
    box = np.zeros((20, 20), np.uint8)
    box[3:6, 2:11] = 1
    assert masks[0].sum() == 3 * 7
    assert (masks[1] == box).all()


def test_box_of_an_ignored_mask_survives_copy_paste():
    results = load(0)
    empty = make_image(1)
    for instance in empty['instances']:
        instance['mask'] = rle(np.zeros((SIZE, SIZE)))
        instance['mask_weight'] = 0.0
    dst = MMDET_TRANSFORMS.build(dict(type='mmdet.LoadAnnotations', with_mask=True))(
        empty
    )
    dst = MarkIgnoredMasks()(dst)
    boxes = dst['gt_bboxes'].tensor.clone()
    src = dict(results, img=np.zeros_like(results['img']))
    src['gt_masks'].masks[:] = 0
    dst['mix_results'] = [src]
    paste = MMDET_TRANSFORMS.build(dict(type='mmdet.CopyPaste', selected=False))
    assert (paste(dst)['gt_bboxes'].tensor[:5] == boxes).all()


def test_errors_of_the_pipeline():
    results = mark([1, 0])
    del results['instances'][1]['mask_weight']
    with pytest.raises(ValueError, match='instance 1 has no "mask_w.*ProxyMaskDataset'):
        MarkIgnoredMasks()(results)
    results = mark([1, 0])
    results['gt_bboxes_labels'] = results['gt_bboxes_labels'][:1]
    with pytest.raises(ValueError, match='right after mmdet.LoadAnnotations'):
        MarkIgnoredMasks()(results)
    results = mark([1])
    results['gt_masks'] = PolygonMasks([[np.zeros(6)]], 20, 20)
    with pytest.raises(ValueError, match='poly2mask=True'):
        MarkIgnoredMasks()(results)


def test_pack_separates_labels_marks_and_ignored_instances():
    results = mark([1, 0, 1, 0], crowds=[2])
    packed = PackProxyDetInputs(meta_keys=('img_id',))(dict(results, img_id=3))
    sample = packed['data_samples']
    assert sample.img_id == 3
    assert sample.gt_instances.labels.tolist() == [0, 1, 3]
    assert sample.gt_instances.mask_weights.tolist() == [1, 0, 0]
    assert sample.ignored_instances.labels.tolist() == [2]
    assert sample.ignored_instances.mask_weights.tolist() == [1]
    # What was never marked is not ignored, what has no labels passes.
    labels = np.array([4, 5])
    packed = PackProxyDetInputs()(dict(gt_bboxes_labels=labels))
    gt_instances = packed['data_samples'].gt_instances
    assert gt_instances.mask_weights.tolist() == [1, 1]
    assert 'labels' not in PackProxyDetInputs()({})['data_samples'].gt_instances
