import json
import subprocess
import sys

import numpy as np
import pytest
import slow
import tiny
import torch
from torch import nn

BATCHES = dict(boxes=['box'] * 3, masks=['mask'] * 3, mixed=['box', 'mask', 'box'])
HEADS = [
    ('weak',),
    ('salient',),
    ('weak', 'transferred'),
    ('weak', 'salient'),
    ('weak', 'salient', 'transferred'),
]


def backward(net, inputs, samples, keys=None):
    net.zero_grad()
    losses = net.loss(inputs, samples)
    tiny.total({k: losses[k] for k in keys or losses}).backward()
    return losses, tiny.gradients(net)


def same(one, other, rtol=1e-5, atol=1e-8):
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(
            one[name],
            other[name],
            rtol=rtol,
            atol=atol,
            msg=lambda text, name=name: f'{name}: {text}',
        )


@pytest.mark.parametrize('fuse', ['prob', 'logit'])
def test_loss_is_eq_4(fuse):
    net = tiny.model(fuse=fuse).eval()
    inputs, samples = tiny.patches(['box', 'mask', 'mask', 'box'])
    losses = net.loss(inputs, samples)
    logits = {k: v.detach().numpy() for k, v in net(inputs).items()}
    labels = np.stack([s.gt_sem_seg.data[0].numpy() for s in samples])
    assert logits['weak'].shape == labels.shape
    expected = dict(
        loss_mil=slow.mil(logits['weak'], labels, 'line', 'mean')[0],
        loss_smooth=0.05 * slow.smoothness(logits['weak'])[0],
        loss_pixel=np.mean(
            [
                slow.pixel(
                    logits['salient'][b], logits['transferred'][b], labels[b], 0.7, fuse
                )[0]
                for b in (1, 2)
            ]
        ),
    )
    assert losses.keys() == expected.keys()
    for name, value in losses.items():
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(expected[name], rel=1e-4), name


def test_logits_are_upsampled_bilinearly():
    net = tiny.model().eval()
    inputs, _ = tiny.patches(['box'])
    small = net.salient_head(net.extract_feat(inputs))[0, 0].detach().numpy()
    assert small.shape == (tiny.SIZE // 4,) * 2
    np.testing.assert_allclose(
        net(inputs)['salient'][0].detach(),
        slow.resize(small, tiny.SIZE, tiny.SIZE),
        atol=1e-4,
    )


@pytest.mark.parametrize('heads', HEADS, ids='+'.join)
@pytest.mark.parametrize('batch', BATCHES)
@pytest.mark.parametrize('alpha', [0, 0.7, 1])
def test_every_parameter_gets_a_gradient(heads, batch, alpha):
    net = tiny.model(alpha=alpha, **tiny.only(*heads)).train()
    losses, grads = backward(net, *tiny.patches(BATCHES[batch]))
    names = {'loss_mil', 'loss_smooth'} if 'weak' in heads else set()
    if set(heads) & {'salient', 'transferred'}:
        names.add('loss_pixel')
    assert set(losses) == names
    assert {name.split('_head')[0] for name in grads} >= set(heads)
    for name, grad in grads.items():
        assert grad is not None, name
        assert grad.isfinite().all(), name


def test_pixel_loss_leaves_the_weak_head_alone():
    net = tiny.model().train()
    _, grads = backward(net, *tiny.patches(BATCHES['mixed']), ['loss_pixel'])
    for name, grad in grads.items():
        if name.startswith('weak_head'):
            assert grad is None, name
        else:
            assert grad.any(), name


def test_boxes_leave_the_other_heads_alone():
    net = tiny.model().train()
    losses, grads = backward(net, *tiny.patches(BATCHES['boxes']))
    assert losses['loss_pixel'].item() == 0
    for name, grad in grads.items():
        pixel_head = name.startswith(('salient', 'transferred'))
        assert bool(grad.any()) != pixel_head, name


def test_box_patches_do_not_move_the_other_heads():
    # With running statistics, so that patches don't meet in the backbone.
    net = tiny.model().eval()
    inputs, samples = tiny.patches(BATCHES['mixed'])
    _, before = backward(net, inputs, samples)
    others, other_samples = tiny.patches(BATCHES['mixed'], seed=5)
    others[1], other_samples[1] = inputs[1], samples[1]
    losses, after = backward(net, others, other_samples)
    for name in before:
        equal = torch.equal(before[name], after[name])
        assert equal == name.startswith(('salient', 'transferred')), name
    _, alone = backward(net, inputs[1:2], samples[1:2])
    same(
        {k: v for k, v in alone.items() if k.startswith('trans')},
        {k: v for k, v in before.items() if k.startswith('trans')},
    )


def test_supervision_is_needed():
    net = tiny.model()
    inputs, samples = tiny.patches(['box'])
    samples[0].set_metainfo(dict(supervision='points', img_path='a/b.jpg'))
    with pytest.raises(ValueError, match="a/b.jpg.*'box' or 'mask'.*points"):
        net.loss(inputs, samples)


@pytest.mark.parametrize(
    'overrides, message',
    [
        (tiny.without('weak', 'salient', 'transferred'), 'at least one of'),
        (tiny.without('weak'), 'transferred_head takes its weights from weak_head'),
        (
            dict(weak_head=dict(type='SegmentationHead', in_channels=16, channels=4)),
            'weak_head has 4 hidden channels and transferred_head has 16; set',
        ),
        (dict(alpha=1.5), r'alpha must lie in \[0, 1\], but got 1.5'),
        (dict(fuse='mean'), "fuse must be one of .* got 'mean'"),
        (dict(test_cfg=dict(head='best')), "test_cfg.head is 'best'"),
        (
            dict(test_cfg=dict(head='salient'), **tiny.without('salient')),
            "test_cfg.head is 'salient'",
        ),
        (dict(test_cfg=dict(crops=3)), r"test_cfg has unknown keys \['crops'\]"),
    ],
)
def test_impossible_settings_are_named(overrides, message):
    with pytest.raises(ValueError, match=message):
        tiny.model(**overrides)


@pytest.mark.parametrize('channels_last', [False, True])
def test_mixed_precision(channels_last):
    net = tiny.model(channels_last=channels_last).train()
    inputs, samples = tiny.patches(BATCHES['mixed'])
    plain, _ = backward(net, inputs, samples)
    net.zero_grad()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert net(inputs)['weak'].dtype == torch.bfloat16
        losses = net.loss(inputs, samples)
    assert all(loss.dtype == torch.float32 for loss in losses.values())
    tiny.total(losses).backward()
    for name, grad in tiny.gradients(net).items():
        assert grad is not None and grad.isfinite().all(), name
    for name, loss in losses.items():
        assert loss.item() == pytest.approx(plain[name].item(), rel=0.1)


def test_losses_leave_autocast():
    net = tiny.model().eval()
    inputs, samples = tiny.patches(BATCHES['mixed'])
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = net.loss(inputs, samples)
        logits = net(inputs)
    labels = np.stack([s.gt_sem_seg.data[0].numpy() for s in samples])
    logits = {k: v.detach().float().numpy() for k, v in logits.items()}
    # bfloat16 has 8 bits; calculated in it the losses would be off by 1e-3.
    assert losses['loss_mil'].item() == pytest.approx(
        slow.mil(logits['weak'], labels, 'line', 'mean')[0], rel=2e-5
    )
    assert losses['loss_pixel'].item() == pytest.approx(
        slow.pixel(
            logits['salient'][1], logits['transferred'][1], labels[1], 0.7, 'prob'
        )[0],
        rel=2e-5,
    )


def test_channels_last_changes_nothing():
    inputs, samples = tiny.patches(BATCHES['mixed'])
    one = backward(tiny.model().train(), inputs, samples)
    other = backward(tiny.model(channels_last=True).train(), inputs, samples)
    same(one[0], other[0])
    same(one[1], other[1], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize('compiled', [True, dict(backend='aot_eager')])
def test_compiling_changes_nothing(compiled, monkeypatch):
    """Traced as it would be for a GPU, but run without code generation."""
    if compiled is True:
        compile_with = torch.compile
        monkeypatch.setattr(
            torch,
            'compile',
            lambda *args, **kwargs: compile_with(
                *args, **dict(kwargs, backend='aot_eager')
            ),
        )
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    inputs, samples = tiny.patches(BATCHES['mixed'])
    one = tiny.model().train()
    other = tiny.model(compile=compiled).train()
    assert one.state_dict().keys() == other.state_dict().keys()
    one_step, other_step = (backward(net, inputs, samples) for net in (one, other))
    same(one_step[0], other_step[0])
    same(one_step[1], other_step[1], rtol=1e-3, atol=1e-5)
    assert torch._dynamo.utils.counters['stats']['unique_graphs'] >= 4


def test_gradient_checkpointing_changes_nothing():
    inputs, samples = tiny.patches(['box', 'mask'], size=64)
    channels = 4 + 8 + 16 + 32
    one, other = (
        backward(
            tiny.model(
                channels=channels, backbone=tiny.narrow_hrnet(with_cp=with_cp)
            ).train(),
            inputs,
            samples,
        )
        for with_cp in (False, True)
    )
    same(one[0], other[0])
    same(one[1], other[1], rtol=1e-3, atol=1e-5)
    assert all(grad is not None for grad in other[1].values())


def test_every_norm_layer_becomes_sync_bn():
    net = tiny.model(channels=60, backbone=tiny.narrow_hrnet())
    norms = [name for name, m in net.named_modules() if isinstance(m, nn.BatchNorm2d)]
    for part in ('backbone', 'weak_head', 'salient_head', 'transferred_head'):
        assert any(name.startswith(part) for name in norms)
    converted = dict(nn.SyncBatchNorm.convert_sync_batchnorm(net).named_modules())
    assert all(isinstance(converted[name], nn.SyncBatchNorm) for name in norms)


def test_resolves_with_nothing_imported_and_no_compiled_ops():
    script = """
import json, sys
sys.modules['mmcv._ext'] = None
from mmengine.registry import MODELS
assert not {'mmboxcaseg', 'mmseg', 'mmdet'} & set(sys.modules)
net = MODELS.build(dict(
    type='mmboxcaseg.BoxCaseg',
    data_preprocessor=dict(type='BoxCasegDataPreprocessor'),
    backbone=dict(type='mmseg.MobileNetV2', widen_factor=0.1,
                  out_indices=(1, 2, 4, 6)),
    weak_head=dict(type='SegmentationHead', in_channels=64),
    salient_head=dict(type='SegmentationHead', in_channels=64),
    transferred_head=dict(type='TransferredHead', in_channels=64)))
import torch
from mmengine.structures import InstanceData
from mmseg.structures import SegDataSample
import mmboxcaseg.datasets, mmboxcaseg.engine, mmboxcaseg.evaluation
from mmengine.registry import DATA_SAMPLERS
sample = SegDataSample()
sample.prompt_instances = InstanceData(rects=torch.tensor([[0, 0, 7, 5]]))
crops = torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8)
net.eval()
mask, = net.test_step(dict(inputs=[crops], data_samples=[sample])
                      )[0].pred_instances.masks
print(json.dumps([mask.shape, type(net).__name__,
                  DATA_SAMPLERS.get('mmdet.MultiSourceSampler').__name__]))
"""
    result = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert json.loads(result.stdout.splitlines()[-1]) == [
        [5, 7],
        'BoxCaseg',
        'MultiSourceSampler',
    ]


def test_channels_last_lays_out_the_weights():
    net = tiny.model(channels_last=True)
    net.init_weights()
    kernels = [one for one in net.parameters() if one.dim() == 4]
    assert kernels
    for kernel in kernels:
        assert kernel.is_contiguous(memory_format=torch.channels_last)
