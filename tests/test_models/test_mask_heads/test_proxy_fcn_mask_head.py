import copy

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.structures import InstanceData

pytest.importorskip('mmcv._ext', reason="Mask R-CNN needs mmcv's compiled operators")

SIZE = 96


@pytest.fixture(scope='module')
def model(repo_root):
    """The VOC Mask R-CNN, made thin."""
    cfg = Config.fromfile(
        repo_root / 'configs/proxy_mask_rcnn/mask-rcnn_r50_fpn_voc.py'
    ).model
    cfg.backbone.update(depth=18, base_channels=4, init_cfg=None)
    cfg.neck.update(in_channels=[4, 8, 16, 32], out_channels=8)
    cfg.rpn_head.update(in_channels=8, feat_channels=8)
    roi_head = cfg.roi_head
    roi_head.bbox_roi_extractor.out_channels = 8
    roi_head.mask_roi_extractor.out_channels = 8
    roi_head.bbox_head.update(in_channels=8, fc_out_channels=16)
    roi_head.mask_head.update(num_convs=1, in_channels=8, conv_out_channels=8)
    torch.manual_seed(0)
    model = MMDET_MODELS.build(cfg)
    model.init_weights()
    # The initial logits are all but zero: give the loss something to tell.
    torch.nn.init.normal_(model.roi_head.mask_head.conv_logits.weight)
    return model.train()


def make_batch(weights_per_image):
    """Two images of random discs, with the given weights."""
    rng = np.random.default_rng(0)
    data = dict(inputs=[], data_samples=[])
    yy, xx = np.mgrid[:SIZE, :SIZE]
    for weights in weights_per_image:
        masks, boxes = [], []
        for _ in weights:
            cx, cy, r = rng.uniform(20, 76), rng.uniform(20, 76), 16
            masks.append((xx - cx) ** 2 + (yy - cy) ** 2 < r**2)
            boxes.append([cx - r, cy - r, cx + r, cy + r])
        sample = DetDataSample(
            metainfo=dict(img_shape=(SIZE, SIZE), ori_shape=(SIZE, SIZE), img_id=0)
        )
        sample.gt_instances = InstanceData(
            bboxes=torch.tensor(boxes, dtype=torch.float32).view(-1, 4),
            labels=torch.arange(len(weights)),
            masks=BitmapMasks(
                np.array(masks, np.uint8).reshape(-1, SIZE, SIZE), SIZE, SIZE
            ),
            mask_weights=torch.tensor(weights, dtype=torch.float32),
        )
        sample.ignored_instances = InstanceData(bboxes=torch.zeros(0, 4))
        data['data_samples'].append(sample)
        data['inputs'].append(
            torch.from_numpy(rng.integers(0, 256, (3, SIZE, SIZE), dtype=np.uint8))
        )
    return data


def losses_of(model, weights_per_image, seed=3):
    torch.manual_seed(seed)
    np.random.seed(seed)
    data = model.data_preprocessor(make_batch(weights_per_image), training=True)
    return model(**data, mode='loss')


def flat(losses):
    for key, value in losses.items():
        for i, part in enumerate(value if isinstance(value, list) else [value]):
            yield f'{key}.{i}', part


def test_all_ignored_changes_nothing_but_the_mask_loss(model):
    kept = dict(flat(losses_of(model, [[1] * 3, [1] * 2])))
    none = dict(flat(losses_of(model, [[0] * 3, [0] * 2])))
    assert kept.keys() == none.keys()
    for key in kept:
        if key != 'loss_mask.0':
            assert torch.equal(kept[key], none[key]), key
    assert kept['loss_mask.0'] > 0
    assert none['loss_mask.0'].item() == 0
    assert none['loss_mask.0'].requires_grad

    model.zero_grad()
    sum(v for k, v in none.items() if 'loss' in k).backward()
    for name, parameter in model.roi_head.mask_head.named_parameters():
        assert parameter.grad is not None, name
        assert (parameter.grad == 0).all(), name
    assert model.roi_head.bbox_head.fc_cls.weight.grad.abs().sum() > 0


def test_none_ignored_is_the_head_of_mmdet(model):
    weights = [[1] * 3, [1] * 2]
    ours = losses_of(model, weights)['loss_mask']
    head = model.roi_head.mask_head
    theirs = MMDET_MODELS.build(
        dict(
            type='mmdet.FCNMaskHead',
            num_convs=1,
            in_channels=8,
            conv_out_channels=8,
            num_classes=20,
            loss_mask=dict(type='mmdet.CrossEntropyLoss', use_mask=True),
        )
    )
    theirs.load_state_dict(head.state_dict())
    model.roi_head.mask_head = theirs
    expected = losses_of(model, weights)['loss_mask']
    model.roi_head.mask_head = head
    assert torch.equal(ours, expected)


@pytest.mark.parametrize(
    'weights',
    [
        [[1, 0, 1], [0, 1]],
        [[0, 0, 0], [1, 0]],
        [[], [0, 1]],
        [[1, 0], []],
        [[0.25, 0, 1], [0.5, 0.75]],
    ],
)
def test_against_a_loop(model, weights, monkeypatch):
    calls = []
    head = model.roi_head.mask_head
    original = head.loss_and_target

    def spy(mask_preds, sampling_results, batch_gt_instances, rcnn_train_cfg):
        result = original(
            mask_preds, sampling_results, batch_gt_instances, rcnn_train_cfg
        )
        calls.append((mask_preds, sampling_results, batch_gt_instances, result))
        return result

    monkeypatch.setattr(head, 'loss_and_target', spy)
    loss = losses_of(model, weights)['loss_mask']
    ((mask_preds, sampling_results, gts, result),) = calls

    logits = mask_preds.detach().double().numpy()
    roi_losses, roi_weights, row, left_out = [], [], 0, 0
    for sampling, gt in zip(sampling_results, gts):
        for prior, index in zip(sampling.pos_priors, sampling.pos_assigned_gt_inds):
            z = logits[row][gt.labels[index]]
            row += 1
            if gt.mask_weights[index] == 0:
                left_out += 1
                continue
            pixel_losses = []
            target = gt.masks.crop_and_resize(
                prior.numpy()[None].copy(), (28, 28), np.array([int(index)])
            ).masks[0]
            for t, logit in zip(target.ravel(), z.ravel()):
                p = 1 / (1 + np.exp(-logit))
                pixel_losses.append(-np.log(p if t else 1 - p))
            roi_losses.append(np.mean(pixel_losses))
            roi_weights.append(gt.mask_weights[index].item())
    assert row == len(logits) and left_out > 0
    assert loss.item() == pytest.approx(
        np.average(roi_losses, weights=roi_weights), rel=1e-5
    )
    assert len(result['mask_targets']) == row - left_out


def test_no_positives(model):
    # Without a single box in the batch there is nothing to assign.
    losses = losses_of(model, [[], []])
    assert losses['loss_mask'].item() == 0
    assert losses['loss_mask'].requires_grad


def test_class_agnostic_masks_may_be_weighted(model, monkeypatch):
    # Labels are 0, the one channel there is.
    weights = [[0.5], [0.25]]
    expected = losses_of(model, weights)['loss_mask']
    monkeypatch.setattr(model.roi_head.mask_head, 'class_agnostic', True)
    assert torch.equal(losses_of(model, weights)['loss_mask'], expected)


def test_weights_need_the_cross_entropy(model, monkeypatch):
    head = model.roi_head.mask_head
    monkeypatch.setattr(
        head,
        'loss_mask',
        MMDET_MODELS.build(dict(type='mmdet.DiceLoss', reduction='mean')),
    )
    # What the parent makes of it does not matter here.
    monkeypatch.setattr(head.loss_mask, 'forward', lambda pred, *_: pred.sum())
    losses_of(model, [[1, 0], [1]])
    with pytest.raises(ValueError, match='mask_weight.*data set'):
        losses_of(model, [[0.5], [1]])


def test_weights_are_required(model):
    data = make_batch([[1], [1]])
    del data['data_samples'][0].gt_instances.mask_weights
    data = model.data_preprocessor(copy.deepcopy(data), training=True)
    with pytest.raises(ValueError, match='PackProxyDetInputs'):
        model(**data, mode='loss')
