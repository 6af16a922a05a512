"""Predictions averaged over views, in other precisions, of some images."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
import torch
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from mmboxcaseg.datasets.transforms import CropBoxes, PackBoxPrompts

BOXES = [(2, 3, 40, 29), (4.4, 0.6, 16.5, 22.4), (20, 10, 59, 39)]


def prompt(photo, boxes=BOXES, **crop_kwargs):
    steps = Compose([CropBoxes(size=32, **crop_kwargs), PackBoxPrompts()])
    return steps(dict(img=photo, boxes=boxes, ori_shape=photo.shape[:2]))


def predict(net, *items, **changes):
    options = replace(net.predict_options, **changes)
    return [
        sample.pred_instances
        for sample in net.eval().predict(
            [item['inputs'] for item in items],
            [item['data_samples'] for item in items],
            options,
        )
    ]


@pytest.fixture
def photo():
    init_default_scope('mmboxcaseg')
    return np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def test_flip_averages_both_directions(photo):
    net = tiny.model(test_cfg=dict(with_probs=True, flip=True))
    mirrored = np.ascontiguousarray(photo[:, ::-1])
    boxes = [(60 - x1, y0, 60 - x0, y1) for x0, y0, x1, y1 in BOXES[::2]]
    ours, theirs = predict(net, prompt(photo, BOXES[::2]), prompt(mirrored, boxes))
    for prob, other in zip(ours.probs, theirs.probs):
        np.testing.assert_allclose(prob, other[:, ::-1], atol=1e-5)
    (plain,) = predict(net, prompt(photo, BOXES[::2]), flip=False)
    assert np.abs(plain.probs[0] - ours.probs[0]).max() > 0.01


def test_margins_go_with_the_boxes_of_each_image(photo):
    net = tiny.model(test_cfg=dict(with_probs=True, crops_per_batch=4))
    one = prompt(photo, BOXES[:2], margins=(0, 0.3))
    two = prompt(photo, BOXES[2:])
    together = predict(net, one, two)
    apart = predict(net, one) + predict(net, two)
    for pred, expected in zip(together, apart):
        assert len(pred.masks) == len(expected.masks)
        for prob, other in zip(pred.probs, expected.probs):
            np.testing.assert_allclose(prob, other, atol=1e-5)
    (plain,) = predict(net, prompt(photo, BOXES[:2]))
    assert np.abs(plain.probs[0] - together[0].probs[0]).max() > 0.01
    assert plain.masks[0].shape == together[0].masks[0].shape


def test_bf16_is_near(photo):
    net = tiny.model(test_cfg=dict(with_probs=True))
    (full,) = predict(net, prompt(photo))
    (half,) = predict(net, prompt(photo), precision='bf16')
    for prob, other in zip(half.probs, full.probs):
        assert prob.dtype == np.float32
        assert 0 < np.abs(prob - other).mean() < 0.05


def test_skipped_images_take_part_in_no_batch(photo):
    net = tiny.model(test_cfg=dict(with_probs=True)).eval()
    item = prompt(photo)
    skipped = prompt(photo, [])
    skipped['inputs'] = torch.empty(0, dtype=torch.uint8)
    skipped['data_samples'].set_metainfo(dict(skipped='missing'))
    (alone,) = predict(net, item)
    samples = net.predict(
        [skipped['inputs'], item['inputs']],
        [skipped['data_samples'], item['data_samples']],
    )
    assert 'pred_instances' not in samples[0]
    for prob, other in zip(samples[1].pred_instances.probs, alone.probs):
        assert (prob == other).all()
    net.predict([skipped['inputs']], [skipped['data_samples']])
