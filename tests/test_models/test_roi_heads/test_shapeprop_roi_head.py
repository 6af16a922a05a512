"""ShapeProp+S as a detector, made thin."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.structures import InstanceData
from narrow import narrow_detector

pytestmark = pytest.mark.skipif(
    find_spec('mmcv._ext') is None, reason="detectors need mmcv's compiled operators"
)
SIZE = 96
MASK_LOSSES = ('loss_mask', 'loss_propagating')


@pytest.fixture(scope='module')
def model(repo_root):
    cfg = Config.fromfile(repo_root / 'configs/baselines/shapeprop-s_r50_fpn_voc.py')
    narrow_detector(cfg.model)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    # Shapes above 0 somewhere: others say nothing to the mask head.
    torch.nn.init.constant_(model.roi_head.shape_head.decoder[-1].bias, 1.0)
    return model


def batch(weights_per_image):
    """Images of discs, one of each class from 3 on, with mask weights."""
    yy, xx = np.mgrid[:SIZE, :SIZE]
    inputs, samples = [], []
    for place, weights in enumerate(weights_per_image):
        centres = [(30, 30), (64, 60), (30, 66)][: len(weights)]
        discs = [(xx - x) ** 2 + (yy - y) ** 2 < 18**2 for x, y in centres]
        boxes = [[x - 18, y - 18, x + 18, y + 18] for x, y in centres]
        sample = DetDataSample(
            metainfo=dict(
                img_shape=(SIZE, SIZE),
                ori_shape=(SIZE, SIZE),
                scale_factor=(1.0, 1.0),
                img_id=place,
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=torch.tensor(boxes, dtype=torch.float32).view(-1, 4),
            labels=torch.arange(len(weights)) + 3,
            masks=BitmapMasks(
                np.array(discs, np.uint8).reshape(-1, SIZE, SIZE), SIZE, SIZE
            ),
            mask_weights=torch.tensor(weights, dtype=torch.float32),
        )
        sample.ignored_instances = InstanceData(bboxes=torch.zeros(0, 4))
        samples.append(sample)
        generator = torch.Generator().manual_seed(place)
        inputs.append(torch.randint(256, (3, SIZE, SIZE), generator=generator).byte())
    return dict(inputs=inputs, data_samples=samples)


def losses(model, *weights_per_image):
    torch.manual_seed(3)
    np.random.seed(3)
    model.train()
    data = model.data_preprocessor(batch(weights_per_image), training=True)
    return model(**data, mode='loss')


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {
        name: 0.0 if p.grad is None else p.grad.abs().sum().item()
        for name, p in model.named_parameters()
    }


def grouped(grads, part):
    return {name: grad for name, grad in grads.items() if name.startswith(part)}


def test_no_gradient_of_the_masks_without_a_valid_one(model):
    found = losses(model, [0, 0], [0])
    mask_losses = sum(found[key] for key in MASK_LOSSES)
    assert mask_losses.item() == 0 and mask_losses.requires_grad
    grads = gradients(model, mask_losses)
    assert set(grads.values()) == {0.0}
    # Distributed training waits for all of them.
    for part in (model.roi_head.shape_head, model.roi_head.mask_head):
        names = [n for n, p in part.named_parameters() if p.grad is None]
        assert [
            n for n in names if not n.startswith(('activating', 'class_maps'))
        ] == []
    # Activating learns all the same, from every RoI.
    assert found['loss_activating'] > 0
    grads = gradients(model, losses(model, [0, 0], [0])['loss_activating'])
    assert all(grouped(grads, 'roi_head.shape_head.activating').values())
    assert all(grouped(grads, 'roi_head.shape_head.class_maps').values())
    assert not any(grouped(grads, 'roi_head.shape_head.decoder').values())


def test_valid_masks_reach_every_layer(model):
    found = losses(model, [0, 1], [0])
    assert all(found[key] > 0 for key in MASK_LOSSES)
    grads = gradients(model, sum(found[key] for key in MASK_LOSSES))
    for part in ('shape_head', 'mask_head', ''):
        own = grouped(grads, f'roi_head.{part}') if part else grouped(grads, 'backbone')
        assert any(own.values())
    # The saliency that is passed on is learnt from masks too.
    assert all(grouped(grads, 'roi_head.shape_head.activating').values())
    assert all(grouped(grads, 'roi_head.mask_head.shape_encoder').values())
    assert not any(grouped(grads, 'roi_head.bbox_head').values())


def test_invalid_masks_change_no_mask_loss(model):
    one, other = losses(model, [0, 1], [1]), losses(model, [0, 1], [1])
    data = batch(([0, 1], [1]))
    masks = data['data_samples'][0].gt_instances.masks
    masks.masks[0] = 1 - masks.masks[0]
    torch.manual_seed(3)
    np.random.seed(3)
    data = model.data_preprocessor(data, training=True)
    changed = model(**data, mode='loss')
    for key in (*MASK_LOSSES, 'loss_activating'):
        assert one[key].item() == other[key].item() == changed[key].item()


def test_labels_and_saliency_of_the_sampled_rois(model, monkeypatch):
    """Every RoI is activated by its label, those without a valid mask go no
    further."""
    head, seen = model.roi_head.shape_head, {}

    def activating(maps, labels):
        seen.update(maps=maps, labels=labels)
        return maps.sum() * 0

    def propagate(feats, saliency):
        seen.update(saliency=saliency)
        return type(head).propagate(head, feats, saliency)

    monkeypatch.setattr(head, 'loss_activating', activating)
    monkeypatch.setattr(head, 'propagate', propagate)
    losses(model, [0, 1], [1])
    maps, labels = seen['maps'], seen['labels'].tolist()
    assert len(maps) == len(labels) and 21 in labels
    # Image by image, positives first; class 4 and then, in the second image,
    # class 3 have valid masks.
    end = labels.index(21)
    second = labels.index(3, end)
    valid = [i for i in range(end) if labels[i] == 4]
    valid += [i for i in range(second, len(labels)) if labels[i] == 3]
    expected = [maps[i, labels[i]] for i in valid]
    assert torch.equal(seen['saliency'], torch.stack(expected))


def test_prediction_takes_the_map_of_the_detected_class(model):
    model.eval()
    x = model.extract_feat(torch.randn(1, 3, SIZE, SIZE))
    boxes = torch.tensor([[10.0, 10, 50, 60], [10.0, 10, 50, 60], [30.0, 20, 80, 90]])
    metas = [dict(img_shape=(SIZE, SIZE), ori_shape=(SIZE, SIZE), scale_factor=(1, 1))]

    def logits(labels):
        rois = torch.cat([torch.zeros(3, 1), boxes], dim=1)
        return model.roi_head._mask_forward(x, rois, torch.tensor(labels))['mask_preds']

    with torch.no_grad():
        one, other = logits([3, 3, 4]), logits([3, 7, 4])
        assert torch.equal(one[0], other[0]) and torch.equal(one[0], one[1])
        assert not torch.equal(one[1], other[1])
        results = InstanceData(
            bboxes=boxes, labels=torch.tensor([3, 7, 4]), scores=torch.ones(3)
        )
        (found,) = model.roi_head.predict_mask(x, metas, [results])
        assert found.masks.shape == (3, SIZE, SIZE)
        none = InstanceData(
            bboxes=boxes[:0], labels=torch.zeros(0).long(), scores=torch.zeros(0)
        )
        (found,) = model.roi_head.predict_mask(x, metas, [none])
        assert found.masks.shape == (0, SIZE, SIZE)


def test_forward_needs_no_labels(model):
    model.eval()
    data = model.data_preprocessor(batch([[0]]), training=False)
    with torch.no_grad():
        outputs = model(**data, mode='tensor')
    assert outputs[-1][-1].shape[1:] == (1, 28, 28)
