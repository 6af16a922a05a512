"""The authors' weights against their forward pass, written out."""

from collections import Counter

import pytest
import tiny
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmseg.models.backbones import HRNet
from release_tensors import (
    RELEASE_CONFIGS,
    head_tensors,
    hrnet_tensors,
    narrow_release,
    prefixed,
    random_release,
    same_tensors,
)

from mmboxcaseg.models.segmentors.release import (
    expected_tensors,
    from_release,
    release_name,
    to_release,
)
from mmboxcaseg.registry import MODELS

SIZE = 64


@pytest.fixture
def release():
    return random_release()


@pytest.fixture
def config(tmp_path):
    narrow_release().dump(tmp_path / 'narrow.py')
    return str(tmp_path / 'narrow.py')


def release_logits(weights, images):
    """Logits of the three heads at stride 4, as the release gets them."""
    backbone = HRNet(extra=tiny.narrow_hrnet()['extra'])
    backbone.to(images.dtype).eval()
    backbone.load_state_dict(
        {
            name: tensor
            for name, tensor in weights.items()
            if not name.startswith(
                ('last_layer', 'fcn', 'transfer1', 'transfer2', 'transfer_bn')
            )
        }
    )
    with torch.no_grad():
        maps = backbone(images)
    size = maps[0].shape[2:]
    feats = torch.cat(
        [
            F.interpolate(x, size=size, mode='bilinear', align_corners=False)
            for x in maps
        ],
        1,
    )

    def layer(name):
        return weights[f'{name}.weight'], weights[f'{name}.bias']

    def head(first, bn, second):
        x = F.conv2d(feats, *first)
        x = F.batch_norm(
            x,
            weights[f'{bn}.running_mean'],
            weights[f'{bn}.running_var'],
            weights[f'{bn}.weight'],
            weights[f'{bn}.bias'],
        )
        return F.conv2d(F.relu(x), *second)

    def transferred(source, name):
        weight, bias = layer(source)
        rows = weight.view(weight.shape[0], -1)
        rows = F.leaky_relu(F.linear(rows, *layer(f'{name}.fc1')), 0.1)
        rows = F.linear(rows, *layer(f'{name}.fc2'))
        return (
            rows.view(weight.shape),
            weights[f'{name}.k'] * bias + weights[f'{name}.b'],
        )

    return dict(
        weak=head(layer('last_layer.0'), 'last_layer.1', layer('last_layer.3')),
        salient=head(layer('fcn.0'), 'fcn.1', layer('fcn.3')),
        transferred=head(
            transferred('last_layer.0', 'transfer1'),
            'transfer_bn',
            transferred('last_layer.3', 'transfer2'),
        ),
    )


def upsampled(logits):
    return F.interpolate(
        logits, size=(SIZE, SIZE), mode='bilinear', align_corners=False
    )[:, 0]


@pytest.mark.parametrize(
    'name, alpha',
    [('hrnet_w48_voc_release.py', 0.7), ('hrnet_w48_coco_release.py', 0.6)],
)
def test_forward_pass_is_the_release_s(release, config, name, alpha):
    model = MODELS.build(narrow_release(name).model).eval()
    converted, _ = from_release(prefixed(release), expected_tensors(config))
    model.load_state_dict(converted, strict=True)
    # In double precision: single rounds differently from processor to processor.
    model.double()
    release = {name: value.double() for name, value in release.items()}
    # What the data loader gives: BGR.
    crops = torch.randint(0, 256, (3, 3, SIZE, SIZE), dtype=torch.uint8)
    rgb = crops.flip(1).double() / 255
    images = rgb - torch.tensor([102.9801, 115.9465, 122.7717]).view(1, 3, 1, 1) / 255
    expected = release_logits(release, images)
    fused = alpha * expected['salient'] + (1 - alpha) * expected['transferred']
    with torch.no_grad():
        inputs = model.data_preprocessor.normalize(crops)
        torch.testing.assert_close(inputs, images, rtol=0, atol=1e-6)
        logits = model(inputs)
        probs = model.encode_decode(inputs).double()
    assert set(logits) == set(expected)
    for head, values in expected.items():
        assert values.std() > 0.01, 'logits must vary for this to mean much'
        torch.testing.assert_close(
            logits[head], upsampled(values), rtol=1e-5, atol=1e-4
        )
    torch.testing.assert_close(probs, upsampled(fused).sigmoid(), rtol=0, atol=1e-5)
    # Fused as the paper has it, they would be others.
    paper = (
        alpha * upsampled(expected['salient']).sigmoid()
        + (1 - alpha) * upsampled(expected['transferred']).sigmoid()
    )
    assert (probs - paper).abs().max() > 1e-3


def test_full_size_names_are_those_of_mmseg_s_hrnet():
    backbone = hrnet_tensors(48, 64, 4, (1, 4, 3))
    cfg = Config.fromfile(RELEASE_CONFIGS / 'hrnet_w48_voc_release.py')
    with torch.device('meta'):
        hrnet = HRNet(extra=cfg.model.backbone.extra)
    shapes = {k: tuple(v.shape) for k, v in hrnet.state_dict().items()}
    assert shapes == backbone
    release = backbone | head_tensors(720)
    with torch.device('meta'):
        weights = {name: torch.empty(size) for name, size in release.items()}
    expected = expected_tensors(str(RELEASE_CONFIGS / 'hrnet_w48_voc_release.py'))
    converted, layout = from_release(prefixed(weights), expected)
    assert {k: v.shape for k, v in converted.items()} == {
        k: v.shape for k, v in expected.items()
    }
    back = to_release(converted, expected, layout)
    assert list(back) == list(prefixed(weights))
    assert Counter(name.split('.')[0] for name in converted)['backbone'] == len(
        backbone
    )


@pytest.mark.parametrize('scalar_shape', [(1,), ()])
@pytest.mark.parametrize('prefix', ['model.', ''])
@pytest.mark.parametrize('counted', [True, False])
def test_there_and_back(release, config, scalar_shape, prefix, counted):
    weights = {
        prefix + name: tensor.view(scalar_shape)
        if name.endswith(('.k', '.b'))
        else tensor
        for name, tensor in release.items()
        if counted or not name.endswith('num_batches_tracked')
    }
    expected = expected_tensors(config)
    converted, layout = from_release(weights, expected)
    assert layout == (prefix, scalar_shape, 0)
    model = MODELS.build(narrow_release().model)
    model.load_state_dict(converted, strict=True)
    assert torch.equal(
        model.transferred_head.transfer_conv_seg.c.data, release['transfer2.b']
    )
    same_tensors(to_release(converted, expected, layout), weights)


def test_weights_trained_here_become_the_authors(config):
    model = MODELS.build(narrow_release().model)
    expected = expected_tensors(config)
    theirs = to_release(model.state_dict(), expected)
    assert set(theirs) == set(
        prefixed(hrnet_tensors(4, 4, 1, (1, 1, 1)) | head_tensors(60))
    )
    assert theirs['model.transfer1.k'].shape == (1,)
    assert torch.equal(theirs['model.fcn.3.weight'], model.salient_head.conv_seg.weight)
    converted, _ = from_release(theirs, expected)
    same_tensors(converted, dict(model.state_dict()))


def test_wrong_keys_are_named(release, config):
    expected = expected_tensors(config)
    weights = prefixed(release)
    del weights['model.transfer1.fc1.bias'], weights['model.fcn.0.weight']
    weights['model.fcn.4.weight'] = torch.ones(1)
    weights['criterion.weight'] = torch.ones(1)
    with pytest.raises(ValueError) as error:
        from_release(weights, expected)
    text = str(error.value)
    missing, unknown = text.split('unknown keys: ')
    for name in ('model.transfer1.fc1.bias', 'model.fcn.0.weight'):
        assert f"'{name}'" in missing
    assert unknown == "['model.fcn.4.weight', 'criterion.weight']"
    # Already ours, or theirs given as ours.
    converted, _ = from_release(release, expected)
    with pytest.raises(ValueError, match=r"missing keys: \['conv1.weight'"):
        from_release(converted, expected)
    with pytest.raises(ValueError, match="'backbone.conv1.weight'"):
        to_release(release, expected)


def test_wrong_shapes_are_named(release, config):
    expected = expected_tensors(config)
    release['fcn.3.weight'] = torch.ones(2, 60, 1, 1)
    release['transfer2.k'] = torch.ones(60)
    with pytest.raises(ValueError) as error:
        from_release(release, expected)
    text = str(error.value)
    assert 'fcn.3.weight is (2, 60, 1, 1), not (1, 60, 1, 1)' in text
    assert 'transfer2.k is (60,), not (1,)' in text
    release['fcn.3.weight'] = release['fcn.3.weight'][:1]
    release['transfer2.k'] = torch.tensor(1.0)
    with pytest.raises(ValueError, match=r'shapes \[\(\), \(1,\)\]'):
        from_release(release, expected)


def test_network_of_another_kind():
    with pytest.raises(ValueError, match='decode_head.weight: the authors'):
        release_name('decode_head.weight')
