import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData

pytest.importorskip('mmcv._ext', reason="mmdet's heads need mmcv's operators")
from mmboxcaseg.models import JointRPNHead  # noqa: E402

SHAPE = (64, 96)


@pytest.fixture(scope='module')
def head(repo_root):
    """The RPN of the VOC detectors, of few channels, keeping all anchors that
    it may: nothing is drawn at random."""
    cfg = Config.fromfile(
        repo_root / 'configs/proxy_mask_rcnn/mask-rcnn_r50_fpn_voc.py'
    ).model
    cfg.rpn_head.pop('type')
    cfg.train_cfg.rpn.sampler.num = 10**6
    torch.manual_seed(0)
    head = JointRPNHead(
        **dict(
            cfg.rpn_head, in_channels=4, feat_channels=4, train_cfg=cfg.train_cfg.rpn
        )
    )
    head.init_weights()
    return head


def losses(head, kinds, salient_images):
    """Losses of images with boxes ('box') and salient ones ('mask')."""
    places = [0 if kind == 'box' else 1 for kind in kinds]
    generator = torch.Generator().manual_seed(0)
    feats = [
        torch.randn(2, 4, SHAPE[0] // stride, SHAPE[1] // stride, generator=generator)
        for stride in (4, 8, 16, 32, 64)
    ]
    boxes = torch.tensor([[[8.0, 8, 40, 50]], [[30.0, 4, 90, 60]]])
    head.salient_images = salient_images
    return head.loss_by_feat(
        *head([feat[places] for feat in feats]),
        [InstanceData(bboxes=boxes[i], labels=torch.zeros(1).long()) for i in places],
        [
            dict(
                dict(img_shape=SHAPE, pad_shape=SHAPE),
                **(dict(supervision='mask') if kind == 'mask' else {}),
            )
            for kind in kinds
        ],
        [InstanceData(bboxes=torch.zeros(0, 4)) for _ in kinds],
    )


def flat(parts):
    return {key: torch.stack(list(parts[key])) for key in parts}


def test_salient_images_may_be_left_out(head):
    alone = flat(losses(head, ['box'], True))
    beside = flat(losses(head, ['box', 'mask'], False))
    assert set(alone) == {'loss_rpn_cls', 'loss_rpn_bbox'}
    for key in alone:
        torch.testing.assert_close(beside[key], alone[key])
    both = flat(losses(head, ['box', 'mask'], True))
    assert not torch.allclose(both['loss_rpn_cls'], alone['loss_rpn_cls'])


def test_nothing_is_left(head):
    parts = losses(head, ['mask', 'mask'], False)
    total = sum(sum(part) for part in parts.values())
    assert total.item() == 0
    head.zero_grad()
    total.backward()
    for name, parameter in head.named_parameters():
        assert (parameter.grad == 0).all(), name
