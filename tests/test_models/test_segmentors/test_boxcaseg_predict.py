"""Prediction of BoxCaseg, from boxes to masks."""

import copy
from dataclasses import replace

import cv2
import numpy as np
import pytest
import slow
import tiny
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, DefaultScope
from mmengine.structures import InstanceData


def coco_dataset(root, **kwargs):
    boxes = [[(5, 5, 20, 20), (30.4, 9.6, 25.5, 15), (0, 0, 1, 1)], [(-4, 20, 80, 30)]]
    ann_file = tiny.write_coco(root, boxes)
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        dataset = DATASETS.build(
            dict(
                type='BoxPromptDataset',
                ann_file=ann_file,
                data_prefix=dict(img=str(root / 'img')),
                test_mode=True,
                pipeline=tiny.pipelines().prompt,
                **kwargs,
            )
        )
    return dataset, boxes


def predict_slowly(net, photo, box, head):
    """Sec. 3.4 of one box: probabilities in its rectangle, and that."""
    height, width = photo.shape[:2]
    x, y, w, h = box
    x0, y0, x1, y1 = (
        int(np.floor(min(max(side, 0), limit) + 0.5))
        for side, limit in ((x, width), (y, height), (x + w, width), (y + h, height))
    )
    crop = cv2.resize(photo[y0:y1, x0:x1], (tiny.SIZE, tiny.SIZE))
    rgb = crop[:, :, ::-1].transpose(2, 0, 1).astype(np.float32)
    for channel in range(3):
        rgb[channel] = (rgb[channel] - tiny.MEAN[channel]) / tiny.STD[channel]
    feats = net.backbone(torch.from_numpy(rgb)[None])
    weights = net.transferred_head.transfer(net.weak_head)
    logits = dict(
        weak=net.weak_head(feats),
        salient=net.salient_head(feats),
        transferred=net.transferred_head(feats, weights),
    )
    probs = {
        name: np.vectorize(slow.sigmoid)(
            slow.resize(x[0, 0].detach().double().numpy(), tiny.SIZE, tiny.SIZE)
        )
        for name, x in logits.items()
    }
    probs['fused'] = 0.7 * probs['salient'] + 0.3 * probs['transferred']
    prob = probs[head]
    prob = (prob - prob.min()) / (prob.max() - prob.min())
    return slow.resize(prob, y1 - y0, x1 - x0), [x0, y0, x1, y1]


@pytest.mark.parametrize('head', ['fused', 'weak', 'salient', 'transferred'])
def test_prediction(tmp_path, head):
    dataset, boxes = coco_dataset(tmp_path)
    net = tiny.model(test_cfg=dict(head=head, with_probs=True)).eval()
    results = net.test_step(pseudo_collate([dataset[0], dataset[1]]))
    for index, (sample, of_image) in enumerate(zip(results, boxes), 1):
        photo = cv2.imread(str(tmp_path / 'img' / f'{index}.png'))
        pred = sample.pred_instances
        assert len(pred.masks) == len(pred.probs) == len(of_image)
        for box, rect, mask, prob in zip(
            of_image, pred.rects.tolist(), pred.masks, pred.probs
        ):
            expected, expected_rect = predict_slowly(net, photo, box, head)
            assert rect == expected_rect
            assert mask.dtype == bool and prob.dtype == np.float32
            # 1x1 boxes have no variation; rounding would be all there is.
            if expected.size > 1:
                np.testing.assert_allclose(prob, expected, atol=2e-4)
                clear = np.abs(expected - 0.5) > 1e-3
                assert (mask == (expected > 0.5))[clear].all()
            assert (mask == (prob > 0.5)).all()


def test_threshold_of_each_instance(tmp_path):
    dataset, _ = coco_dataset(tmp_path)
    batch = pseudo_collate([dataset[0], dataset[1]])
    keys = dict(with_probs=True, threshold=0.9)
    fixed = tiny.model(test_cfg=keys).eval().test_step(batch)
    own = tiny.model(test_cfg=dict(keys, min_threshold=0.1)).eval()
    grown = 0
    for first, second in zip(fixed, own.test_step(batch)):
        for high, mask, prob in zip(
            first.pred_instances.masks,
            second.pred_instances.masks,
            second.pred_instances.probs,
        ):
            sides = [max(prob[0]), max(prob[-1]), max(prob[:, 0]), max(prob[:, -1])]
            # Of the side that is reached last, the strongest pixel is in.
            last = min(0.9, max(0.1, min(sides)))
            expected = prob >= last if 0.1 < min(sides) <= 0.9 else prob > last
            assert (mask == expected).all()
            grown += mask.sum() > high.sum()
    assert grown


def test_crops_per_batch_changes_nothing(tmp_path):
    dataset, _ = coco_dataset(tmp_path)
    batch = pseudo_collate([dataset[0], dataset[1]])
    results = []
    for crops_per_batch in (1, 3, 100):
        net = tiny.model(
            test_cfg=dict(crops_per_batch=crops_per_batch, with_probs=True)
        ).eval()
        sizes = []
        net.backbone.register_forward_pre_hook(
            lambda _, args, sizes=sizes: sizes.append(len(args[0]))
        )
        results.append(
            [
                prob
                for sample in net.test_step(batch)
                for prob in sample.pred_instances.probs
            ]
        )
        assert max(sizes) <= crops_per_batch and sum(sizes) == 4
    for one, *others in zip(*results):
        for other in others:
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_threshold_and_probabilities_are_settings(tmp_path):
    dataset, _ = coco_dataset(tmp_path)
    batch = pseudo_collate([dataset[0]])
    pred = (
        tiny.model(test_cfg=dict(threshold=0.8, with_probs=True))
        .eval()
        .test_step(batch)[0]
        .pred_instances
    )
    for mask, prob in zip(pred.masks, pred.probs):
        assert (mask == (prob > 0.8)).all()
    pred = tiny.model().eval().test_step(batch)[0].pred_instances
    assert 'probs' not in pred


def test_fused_prediction_of_fewer_heads(tmp_path):
    dataset, _ = coco_dataset(tmp_path)
    batch = pseudo_collate([dataset[0]])

    def probs(head, heads):
        net = tiny.model(
            test_cfg=dict(head=head, with_probs=True), **tiny.only(*heads)
        ).eval()
        return net.test_step(batch)[0].pred_instances.probs

    for heads, alone in (
        (('weak',), 'weak'),
        (('weak', 'salient'), 'salient'),
        (('weak', 'transferred'), 'transferred'),
    ):
        for one, other in zip(probs('fused', heads), probs(alone, heads)):
            np.testing.assert_array_equal(one, other)


def test_a_list_of_heads_is_averaged():
    inputs, _ = tiny.patches(['box', 'box'])
    one, other, both = (
        tiny.model(test_cfg=dict(head=head)).eval().encode_decode(inputs)
        for head in ('weak', 'transferred', ['weak', 'transferred'])
    )
    torch.testing.assert_close(both, (one + other) / 2)


def test_options_that_are_passed_replace_the_model_s(tmp_path):
    dataset, _ = coco_dataset(tmp_path)
    batch = pseudo_collate([dataset[0], dataset[1]])
    keys = dict(head='weak', threshold=0.7, with_probs=True, min_max=False)
    own = tiny.model(test_cfg=keys).eval()
    net = tiny.model().eval()
    options = replace(net.predict_options, **keys)
    assert options == own.predict_options != net.predict_options
    passed = copy.deepcopy(net.test_step(batch, options))
    for one, other in zip(passed, own.test_step(batch), strict=True):
        for name in ('masks', 'probs', 'confidence'):
            for left, right in zip(
                one.pred_instances[name], other.pred_instances[name], strict=True
            ):
                assert (left == right).all()
    # Only for that call.
    assert 'probs' not in net.test_step(batch)[0].pred_instances
    inputs, _ = tiny.patches(['box'])
    assert torch.equal(
        net.encode_decode(inputs, options=options), own.encode_decode(inputs)
    )


def test_options_must_fit_the_heads(tmp_path):
    dataset, _ = coco_dataset(tmp_path)
    net = tiny.model(salient_head=None).eval()
    options = replace(net.predict_options, head='salient')
    with pytest.raises(
        ValueError, match=r"head is 'salient', .* the heads \['weak', 'transferred'\]"
    ):
        net.test_step(pseudo_collate([dataset[0]]), options)


def test_own_options_are_not_a_dictionary_to_change():
    net = tiny.model(test_cfg=dict(head=['weak', 'salient']))
    assert net.test_cfg['head'] == ('weak', 'salient')
    assert net.test_cfg['threshold'] == 0.5
    with pytest.raises(TypeError):
        net.test_cfg['head'] = 'weak'


def test_image_without_boxes():
    net = tiny.model().eval()
    _, (sample,) = tiny.patches(['box'])
    sample.prompt_instances = InstanceData(rects=torch.zeros(0, 4, dtype=torch.int64))
    crops = torch.zeros(0, 3, tiny.SIZE, tiny.SIZE, dtype=torch.uint8)
    assert net.predict([crops], [sample])[0].pred_instances.masks == []
