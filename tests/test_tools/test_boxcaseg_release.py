"""The authors' weights against their forward pass, written out."""
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmseg.models.backbones import HRNet
from release_tensors import head_tensors, hrnet_tensors, random_tensor

from mmboxcaseg.registry import MODELS

TOOL = 'model_converters/boxcaseg_release'
CONFIGS = Path(__file__).parents[2] / 'configs' / 'boxcaseg'
SIZE = 64


@pytest.fixture
def tool(import_tool):
    return import_tool(TOOL)


@pytest.fixture
def release():
    """Weights by the authors' names without prefix, of a narrow network."""
    shapes = hrnet_tensors(4, 4, 1, (1, 1, 1)) | head_tensors(60)
    return {name: random_tensor(name, size) for name, size in shapes.items()}


def narrow(name='hrnet_w48_voc_release.py'):
    """A config of the release with a network of 60 channels."""
    cfg = Config.fromfile(CONFIGS / name)
    cfg.model.backbone = tiny.narrow_hrnet()
    for head in ('weak_head', 'salient_head', 'transferred_head'):
        cfg.model[head].in_channels = 60
    return cfg


@pytest.fixture
def config(tmp_path):
    narrow().dump(tmp_path / 'narrow.py')
    return str(tmp_path / 'narrow.py')


def prefixed(weights):
    return {f'model.{name}': tensor for name, tensor in weights.items()}


def same(one, other):
    assert list(one) == list(other)
    for name, tensor in one.items():
        assert tensor.shape == other[name].shape, name
        assert tensor.dtype == other[name].dtype, name
        assert torch.equal(tensor, other[name]), name


def release_logits(weights, images):
    """Logits of the three heads at stride 4, as the release gets them."""
    backbone = HRNet(extra=tiny.narrow_hrnet()['extra'])
    backbone.eval()
    backbone.load_state_dict({
        name: tensor
        for name, tensor in weights.items()
        if not name.startswith(('last_layer', 'fcn', 'transfer1', 'transfer2',
                                'transfer_bn'))
    })
    with torch.no_grad():
        maps = backbone(images)
    size = maps[0].shape[2:]
    feats = torch.cat([
        F.interpolate(x, size=size, mode='bilinear', align_corners=False)
        for x in maps
    ], 1)

    def layer(name):
        return weights[f'{name}.weight'], weights[f'{name}.bias']

    def head(first, bn, second):
        x = F.conv2d(feats, *first)
        x = F.batch_norm(x, weights[f'{bn}.running_mean'],
                         weights[f'{bn}.running_var'], weights[f'{bn}.weight'],
                         weights[f'{bn}.bias'])
        return F.conv2d(F.relu(x), *second)

    def transferred(source, name):
        weight, bias = layer(source)
        rows = weight.view(weight.shape[0], -1)
        rows = F.leaky_relu(F.linear(rows, *layer(f'{name}.fc1')), 0.1)
        rows = F.linear(rows, *layer(f'{name}.fc2'))
        return (rows.view(weight.shape),
                weights[f'{name}.k'] * bias + weights[f'{name}.b'])

    return dict(
        weak=head(
            layer('last_layer.0'), 'last_layer.1', layer('last_layer.3')),
        salient=head(layer('fcn.0'), 'fcn.1', layer('fcn.3')),
        transferred=head(
            transferred('last_layer.0', 'transfer1'), 'transfer_bn',
            transferred('last_layer.3', 'transfer2')))


def upsampled(logits):
    return F.interpolate(
        logits, size=(SIZE, SIZE), mode='bilinear', align_corners=False)[:, 0]


@pytest.mark.parametrize('name, alpha', [('hrnet_w48_voc_release.py', 0.7),
                                         ('hrnet_w48_coco_release.py', 0.6)])
def test_forward_pass_is_the_release_s(tool, release, config, name, alpha):
    model = MODELS.build(narrow(name).model).eval()
    converted, _ = tool.from_release(
        prefixed(release), tool.expected_tensors(config))
    model.load_state_dict(converted, strict=True)
    # What the data loader gives: BGR.
    crops = torch.randint(0, 256, (3, 3, SIZE, SIZE), dtype=torch.uint8)
    rgb = crops.flip(1) / 255
    images = rgb - torch.tensor([102.9801, 115.9465, 122.7717]).view(
        1, 3, 1, 1) / 255
    expected = release_logits(release, images)
    fused = alpha * expected['salient'] + (1 - alpha) * expected['transferred']
    with torch.no_grad():
        inputs = model.data_preprocessor.normalize(crops)
        torch.testing.assert_close(inputs, images, rtol=0, atol=1e-6)
        logits = model(inputs)
        probs = model.encode_decode(inputs)
    assert set(logits) == set(expected)
    for head, values in expected.items():
        assert values.std() > 0.01, 'logits must vary for this to mean much'
        torch.testing.assert_close(
            logits[head], upsampled(values), rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(
        probs, upsampled(fused).sigmoid(), rtol=0, atol=1e-5)
    # Fused as the paper has it, they would be others.
    paper = (
        alpha * upsampled(expected['salient']).sigmoid() +
        (1 - alpha) * upsampled(expected['transferred']).sigmoid())
    assert (probs - paper).abs().max() > 1e-3


def test_full_size_names_are_those_of_mmseg_s_hrnet(tool):
    backbone = hrnet_tensors(48, 64, 4, (1, 4, 3))
    cfg = Config.fromfile(CONFIGS / 'hrnet_w48_voc_release.py')
    with torch.device('meta'):
        hrnet = HRNet(extra=cfg.model.backbone.extra)
    shapes = {k: tuple(v.shape) for k, v in hrnet.state_dict().items()}
    assert shapes == backbone
    release = backbone | head_tensors(720)
    with torch.device('meta'):
        weights = {name: torch.empty(size) for name, size in release.items()}
    expected = tool.expected_tensors(tool.DEFAULT_CONFIG)
    converted, layout = tool.from_release(prefixed(weights), expected)
    assert {k: v.shape for k, v in converted.items()} \
        == {k: v.shape for k, v in expected.items()}
    back = tool.to_release(converted, expected, layout)
    assert list(back) == list(prefixed(weights))
    assert Counter(name.split('.')[0] for name in converted)['backbone'] \
        == len(backbone)


@pytest.mark.parametrize('scalar_shape', [(1, ), ()])
@pytest.mark.parametrize('prefix', ['model.', ''])
@pytest.mark.parametrize('counted', [True, False])
def test_there_and_back(tool, release, config, scalar_shape, prefix, counted):
    weights = {
        prefix + name:
        tensor.view(scalar_shape) if name.endswith(('.k', '.b')) else tensor
        for name, tensor in release.items()
        if counted or not name.endswith('num_batches_tracked')
    }
    expected = tool.expected_tensors(config)
    converted, layout = tool.from_release(weights, expected)
    assert layout == (prefix, scalar_shape, 0)
    model = MODELS.build(narrow().model)
    model.load_state_dict(converted, strict=True)
    assert torch.equal(model.transferred_head.transfer_conv_seg.c.data,
                       release['transfer2.b'])
    same(tool.to_release(converted, expected, layout), weights)


def test_weights_trained_here_become_the_authors(tool, config):
    model = MODELS.build(narrow().model)
    expected = tool.expected_tensors(config)
    theirs = tool.to_release(model.state_dict(), expected)
    assert set(theirs) == set(
        prefixed(hrnet_tensors(4, 4, 1, (1, 1, 1)) | head_tensors(60)))
    assert theirs['model.transfer1.k'].shape == (1, )
    assert torch.equal(theirs['model.fcn.3.weight'],
                       model.salient_head.conv_seg.weight)
    converted, _ = tool.from_release(theirs, expected)
    same(converted, dict(model.state_dict()))


def command(tool, *args):
    subprocess.run([sys.executable, tool.__file__, *map(str, args)],
                   check=True)


def test_command(tool, release, config, tmp_path):
    paths = [tmp_path / name for name in ('a.pth', 'new/b.pth', 'c.pth')]
    # Their training script leaves a NumPy number in the optimiser's state.
    optimizer = dict(state={}, param_groups=[dict(lr=np.float64(0.1))])
    torch.save(
        dict(epoch=40, state_dict=prefixed(release), optimizer=optimizer),
        paths[0])
    command(tool, paths[0], paths[1], '--config', config)
    command(tool, paths[1], paths[2], '--config', config, '--reverse')
    ours = torch.load(paths[1], weights_only=True)['state_dict']
    model = MODELS.build(narrow().model)
    model.load_state_dict(ours, strict=True)
    back = torch.load(paths[2], weights_only=True)
    assert back['epoch'] == 40
    same(back['state_dict'], prefixed(release))
    assert not list(tmp_path.rglob('*.partial'))


def test_numpy_numbers_of_both_major_versions(tool, tmp_path):
    for module in (b'numpy.core.multiarray', b'numpy._core.multiarray'):
        path = tmp_path / 'a.pth'
        torch.save(
            dict(lr=np.float64(0.25), state_dict=dict(a=torch.ones(2))),
            path,
            _use_new_zipfile_serialization=False)
        path.write_bytes(path.read_bytes().replace(
            np.float64(0).__reduce__()[0].__module__.encode(), module))
        assert module in path.read_bytes()
        weights, rest = tool.load_checkpoint(str(path))
        assert weights['a'].tolist() == [1, 1] and rest == dict(lr=0.25)


def test_bare_state_dict(tool, release, tmp_path):
    torch.save(release, tmp_path / 'final_state.pth')
    weights, rest = tool.load_checkpoint(str(tmp_path / 'final_state.pth'))
    same(weights, release)
    assert rest == {}


def test_wrong_keys_are_named(tool, release, config):
    expected = tool.expected_tensors(config)
    weights = prefixed(release)
    del weights['model.transfer1.fc1.bias'], weights['model.fcn.0.weight']
    weights['model.fcn.4.weight'] = torch.ones(1)
    weights['criterion.weight'] = torch.ones(1)
    with pytest.raises(ValueError) as error:
        tool.from_release(weights, expected)
    text = str(error.value)
    missing, unknown = text.split('unknown keys: ')
    for name in ('model.transfer1.fc1.bias', 'model.fcn.0.weight'):
        assert f"'{name}'" in missing
    assert unknown == "['model.fcn.4.weight', 'criterion.weight']"
    # Already ours, or theirs given as ours.
    converted, _ = tool.from_release(release, expected)
    with pytest.raises(ValueError, match=r"missing keys: \['conv1.weight'"):
        tool.from_release(converted, expected)
    with pytest.raises(ValueError, match="'backbone.conv1.weight'"):
        tool.to_release(release, expected)


def test_wrong_shapes_are_named(tool, release, config):
    expected = tool.expected_tensors(config)
    release['fcn.3.weight'] = torch.ones(2, 60, 1, 1)
    release['transfer2.k'] = torch.ones(60)
    with pytest.raises(ValueError) as error:
        tool.from_release(release, expected)
    text = str(error.value)
    assert 'fcn.3.weight is (2, 60, 1, 1), not (1, 60, 1, 1)' in text
    assert 'transfer2.k is (60,), not (1,)' in text
    release['fcn.3.weight'] = release['fcn.3.weight'][:1]
    release['transfer2.k'] = torch.tensor(1.)
    with pytest.raises(ValueError, match=r'shapes \[\(\), \(1,\)\]'):
        tool.from_release(release, expected)


class Code:
    """Pickles as a call that nobody should make."""

    def __reduce__(self):
        return (print, ('this was run', ))


def test_wrong_files_are_named(tool, tmp_path, config, capsys):
    path = str(tmp_path / 'a.pth')
    with pytest.raises(FileNotFoundError, match='a.pth does not exist'):
        tool.load_checkpoint(path)
    torch.save(dict(state_dict=dict(a=torch.ones(1)), hyper=Code()), path)
    with pytest.raises(ValueError, match='a.pth holds more than tensors'):
        tool.load_checkpoint(path)
    assert 'this was run' not in capsys.readouterr().out
    for content in (dict(), [1], dict(a=1), dict(state_dict=[1])):
        torch.save(content, path)
        with pytest.raises(ValueError, match='a.pth holds no state_dict'):
            tool.load_checkpoint(path)
    torch.save(dict(a=torch.ones(1)), path)
    with pytest.raises(ValueError, match=r"a.pth: .*unknown keys: \['a'\]"):
        tool.main([path, str(tmp_path / 'b.pth'), '--config', config])
    assert not (tmp_path / 'b.pth').exists()


def test_network_of_another_kind(tool):
    with pytest.raises(ValueError, match='decode_head.weight: the authors'):
        tool.release_name('decode_head.weight')
