"""Converters of weights and of data sets, against the real files."""
import json
import os
import subprocess
import sys
from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F

MOBILENET = 'model_converters/torchvision_mobilenet_v2'
# Stride, expansion and index in torchvision's `features` of every block.
BLOCKS = [(1, 1, 1)] + [(stride if i == 0 else 1, 6, start + i)
                        for stride, count, start in ((2, 2, 2), (2, 3, 4),
                                                     (2, 4, 7), (1, 3, 11),
                                                     (2, 3, 14), (1, 1, 17))
                        for i in range(count)]


@pytest.fixture
def imagenet_weights(shared_data):
    path = shared_data / 'weights' / 'mobilenet_v2_imagenet.pt'
    if not path.is_file():
        pytest.skip(f'no ImageNet weights of MobileNetV2 at {path}')
    return path


def layer(x, weights, conv, bn, act=True, **kwargs):
    """Convolution, batch norm in evaluation mode, ReLU6, by formula."""
    x = F.conv2d(x, weights[f'{conv}.weight'], **kwargs)
    mean, var, gamma, beta = (
        weights[f'{bn}.{name}'].view(1, -1, 1, 1)
        for name in ('running_mean', 'running_var', 'weight', 'bias'))
    x = (x - mean) / torch.sqrt(var + 1e-5) * gamma + beta
    return x.clamp(0, 6) if act else x


def torchvision_features(x, weights):
    """Output of each block of ``features``, flat layout, written out."""
    x = layer(x, weights, 'features.0.0', 'features.0.1', stride=2, padding=1)
    outs = {}
    for stride, expansion, index in BLOCKS:
        prefix = f'features.{index}.conv'
        y, at = x, 0
        if expansion != 1:
            y, at = layer(y, weights, f'{prefix}.0', f'{prefix}.1'), 3
        y = layer(
            y,
            weights,
            f'{prefix}.{at}',
            f'{prefix}.{at + 1}',
            stride=stride,
            padding=1,
            groups=y.shape[1])
        y = layer(
            y, weights, f'{prefix}.{at + 3}', f'{prefix}.{at + 4}', act=False)
        x = x + y if y.shape == x.shape else y
        outs[index] = x
    outs[18] = layer(x, weights, 'features.18.0', 'features.18.1')
    return outs


def nested(flat):
    """The same weights as today's torchvision names them."""
    renamed = OrderedDict()
    for key, value in flat.items():
        words = key.split('.')
        if words[2] == 'conv':
            expanded = words[1] != '1'
            names = (['0.0', '0.1', None, '1.0', '1.1', None, '2', '3']
                     if expanded else ['0.0', '0.1', None, '1', '2'])
            words[3] = names[int(words[3])]
        renamed['.'.join(words)] = value
    return renamed


@pytest.mark.parametrize('layout', ['flat', 'nested'])
def test_mobilenet_v2_for_mmseg(imagenet_weights, import_tool, tmp_path,
                                layout):
    from mmseg.models.backbones import MobileNetV2
    converter = import_tool(MOBILENET)
    weights = torch.load(imagenet_weights, weights_only=True)
    source, out = tmp_path / 'source.pth', tmp_path / 'new' / 'out.pth'
    renamed = nested(weights) if layout == 'nested' else dict(weights)
    renamed['classifier.1.weight'] = torch.zeros(1000, 1280)
    torch.save(renamed, source)
    subprocess.run([sys.executable, converter.__file__,
                    str(source),
                    str(out)],
                   check=True)

    model = MobileNetV2(out_indices=(1, 2, 4, 6))
    converted = torch.load(out, weights_only=True)['state_dict']
    model.load_state_dict(converted, strict=True)
    model.eval()
    image = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        features = model(image)
        expected = torchvision_features(image, weights)
    for feature, index in zip(features, (3, 6, 13, 17)):
        torch.testing.assert_close(
            feature, expected[index], rtol=1e-5, atol=1e-5)


def test_mobilenet_v2_for_mmdet(imagenet_weights, import_tool):
    from mmdet.models.backbones import MobileNetV2
    weights = torch.load(imagenet_weights, weights_only=True)
    model = MobileNetV2(out_indices=(1, 2, 4, 7))
    model.load_state_dict(
        import_tool(MOBILENET).convert_state_dict(weights, 'mmdet'))
    model.eval()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        features = model(image)
        expected = torchvision_features(image, weights)
    for feature, index in zip(features, (3, 6, 13, 18)):
        torch.testing.assert_close(
            feature, expected[index], rtol=1e-5, atol=1e-5)


def test_mobilenet_v2_names_wrong_keys(import_tool):
    converter = import_tool(MOBILENET)
    weights = {}
    for conv, bn, _ in converter.module_pairs(nested=True, target='mmdet'):
        weights[f'{conv}.weight'] = torch.zeros(1)
        for param in ('weight', 'bias', 'running_mean', 'running_var'):
            weights[f'{bn}.{param}'] = torch.zeros(1)
    # Files older than num_batches_tracked convert as well.
    assert len(converter.convert_state_dict(weights, 'mmdet')) == 52 * 5
    assert len(converter.convert_state_dict(weights, 'mmseg')) == 51 * 5

    del weights['features.3.conv.0.1.bias']
    weights['features.19.weight'] = torch.zeros(1)
    with pytest.raises(ValueError) as error:
        converter.convert_state_dict(weights, 'mmseg')
    assert "missing keys: ['features.3.conv.0.1.bias']" in str(error.value)
    assert "unknown keys: ['features.19.weight']" in str(error.value)
    with pytest.raises(ValueError, match='mmpretrain'):
        converter.convert_state_dict(weights, 'mmpretrain')
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        converter.load_source('nowhere.pth')


def make_coco():
    """Four images: a dog and a crowd of people, a cup, nothing, two dogs."""
    names = {1: 'person', 18: 'dog', 47: 'cup'}
    objects = [(4, 18, 0), (1, 1, 1), (1, 18, 0), (2, 47, 0), (4, 18, 0)]
    return dict(
        info=dict(year=2017),
        images=[dict(id=i, file_name=f'{i}.jpg') for i in (4, 2, 3, 1)],
        annotations=[
            dict(id=10 + i, image_id=image, category_id=cat, iscrowd=crowd)
            for i, (image, cat, crowd) in enumerate(objects)
        ],
        categories=[dict(id=i, name=name) for i, name in names.items()])


def ids(items):
    return [item['id'] for item in items]


def test_coco_subset_by_hand(import_tool):
    tool = import_tool('dataset_converters/coco_subset')
    coco = make_coco()
    subset = tool.keep_images(coco, [1, 3])
    assert subset['info'] == coco['info']
    assert ids(subset['images']) == [1, 3]
    assert ids(subset['annotations']) == [11, 12]
    assert subset['annotations'][0]['iscrowd'] == 1
    assert subset['categories'] == coco['categories']

    dogs = tool.keep_categories(coco, ['dog'])
    assert ids(dogs['images']) == [4, 1]
    assert ids(dogs['annotations']) == [10, 12, 14]
    assert {ann['category_id'] for ann in dogs['annotations']} == {18}
    assert ids(dogs['categories']) == [18]

    voc = tool.to_voc20(coco)
    assert ids(voc['images']) == [4, 1]
    assert [(ann['id'], ann['category_id'])
            for ann in voc['annotations']] == [(10, 12), (11, 15), (12, 12),
                                               (14, 12)]
    assert voc['categories'][11]['name'] == 'dog'
    assert coco == make_coco(), 'the input must stay as it was'


def test_coco_subset_at_random(import_tool):
    tool = import_tool('dataset_converters/coco_subset')
    coco = make_coco()
    drawn = {tuple(tool.draw_ids(coco, 2, seed)) for seed in range(50)}
    assert drawn == {(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)}
    coco['images'].reverse()
    assert tool.draw_ids(coco, 2, 5) == tool.draw_ids(make_coco(), 2, 5)


def test_coco_subset_errors(import_tool, tmp_path):
    tool = import_tool('dataset_converters/coco_subset')
    coco = make_coco()
    with pytest.raises(ValueError, match=r'1 of 2 image ids.*\[99\]'):
        tool.keep_images(coco, [1, 99])
    with pytest.raises(ValueError, match='can\'t draw 5 of 4'):
        tool.draw_ids(coco, 5, 0)
    with pytest.raises(ValueError, match='unicorn'):
        tool.keep_categories(coco, ['dog', 'unicorn'])
    with pytest.raises(FileNotFoundError, match='4.jpg'):
        tool.take_files(['4.jpg'], str(tmp_path), str(tmp_path / 'out'), True)
    (tmp_path / 'empty.txt').write_text('\n')
    with pytest.raises(ValueError, match='empty.txt'):
        tool.read_lines(str(tmp_path / 'empty.txt'))
    (tmp_path / 'no_coco.json').write_text('{"images": []}')
    with pytest.raises(KeyError, match='no_coco.json'):
        tool.read_coco(str(tmp_path / 'no_coco.json'))


@pytest.mark.parametrize('copy', [False, True])
def test_coco_subset_command(tmp_path, repo_root, copy):
    (tmp_path / 'all.json').write_text(json.dumps(make_coco()))
    (tmp_path / 'ids.txt').write_text('4\n2\n')
    (tmp_path / 'images').mkdir()
    for i in range(1, 5):
        (tmp_path / 'images' / f'{i}.jpg').write_text(str(i))
    command = [
        sys.executable,
        str(repo_root / 'tools/dataset_converters/coco_subset.py'), 'all.json',
        'new/sub.json', '--ids', 'ids.txt', '--voc20', '--img-dir', 'images',
        '--out-img-dir', 'new/images'
    ]
    for _ in range(2):
        subprocess.run(command + ['--copy'] * copy, cwd=tmp_path, check=True)
    subset = json.loads((tmp_path / 'new/sub.json').read_text())
    assert ids(subset['images']) == [4]
    image = tmp_path / 'new/images/4.jpg'
    assert image.read_text() == '4'
    assert image.is_symlink() == (not copy)
    assert os.listdir(tmp_path / 'new/images') == ['4.jpg']


def test_prepare_mini_gives_the_mini_sets(shared_data, tmp_path, repo_root):
    """Built from itself as if it were the whole, it is the same again."""
    subprocess.run([
        sys.executable,
        str(repo_root / 'tools/dataset_converters/prepare_mini.py'),
        str(shared_data / 'coco_mini'),
        str(shared_data / 'duts_tr_mini'), '--out',
        str(tmp_path)
    ],
                   check=True)
    for name in ('train2017', 'val2017', 'train2017_voc20', 'val2017_voc20'):
        path = f'coco_mini/annotations/instances_{name}.json'
        made = json.loads((tmp_path / path).read_text())
        given = json.loads((shared_data / path).read_text())
        for key in ('images', 'annotations', 'categories'):
            assert made[key] == given[key], f'{path}: {key}'
    for folder in ('coco_mini/train2017', 'coco_mini/val2017',
                   'duts_tr_mini/DUTS-TR-Image', 'duts_tr_mini/DUTS-TR-Mask'):
        assert sorted(os.listdir(tmp_path / folder)) == sorted(
            os.listdir(shared_data / folder))
        assert all(path.exists() for path in (tmp_path / folder).iterdir())
