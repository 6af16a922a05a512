"""Domains of the benchmark of trainings on boxes of one's own."""

import json
import runpy

import cv2
import numpy as np
import pytest
import torch
from own_data import write_own_data

from mmboxcaseg.engine import own_training
from mmboxcaseg.registry import MODELS

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def domains(repo_root):
    return runpy.run_path(str(repo_root / 'tools/benchmarks/own_domains.py'))


def test_help(instant_help):
    assert '--imagenet' in instant_help('benchmarks/train_your_own')


def test_no_mask_is_left(domains, tmp_path):
    def change(content):
        content['annotations'][0]['iscrowd'] = 1

    write_own_data(tmp_path, photos=3, masks=True, change=change)
    out = str(tmp_path / 'new/plain.json')
    domains['without_masks'](str(tmp_path / 'boxes.json'), out)
    before = json.loads((tmp_path / 'boxes.json').read_text())['annotations']
    after = json.loads(open(out).read())['annotations']
    assert [one['bbox'] for one in after] == [one['bbox'] for one in before[1:]]
    assert not any('segmentation' in one for one in after)


def test_changed_photos(domains, tmp_path):
    (tmp_path / 'old').mkdir()
    photo = np.zeros((40, 40, 3), np.uint8)
    photo[:, 20:] = 255
    cv2.imwrite(str(tmp_path / 'old/a.png'), photo)
    domains['change_photos'](str(tmp_path / 'old'), str(tmp_path / 'new'))
    new = cv2.imread(str(tmp_path / 'new/a.png'))
    # Inverted: dark where it was light; blurred: even across the edge.
    assert (new[:, :10] == 255).all() and (new[:, 30:] == 0).all()
    assert 90 < new[20, 19, 0] < 200


def test_frames_of_davis(domains, tmp_path):
    for clip, name, shown in (
        ('bear', '00000', True),
        ('bear', '00005', True),
        ('bear', '00010', True),
        ('bear', '00020', False),
        ('camel', '00030', True),
    ):
        for folder, ext in (('JPEGImages', 'jpg'), ('Annotations', 'png')):
            (tmp_path / folder / '480p' / clip).mkdir(parents=True, exist_ok=True)
            mask = np.zeros((20, 30), np.uint8)
            mask[5:15, 8:18] = 255 * shown
            cv2.imwrite(str(tmp_path / folder / '480p' / clip / f'{name}.{ext}'), mask)
    domain = domains['davis'](str(tmp_path), str(tmp_path / 'out'))
    train, val = (json.loads(open(path).read()) for path in (domain.train, domain.val))
    assert [one['file_name'] for one in train['images']] == ['bear/00000.jpg']
    names = [one['file_name'] for one in val['images']]
    assert names == ['bear/00010.jpg', 'camel/00030.jpg']
    assert 'segmentation' not in train['annotations'][0]
    assert [one['bbox'] for one in val['annotations']] == [[8, 5, 10, 10]] * 2
    assert 'segmentation' in val['annotations'][0]
    with pytest.raises(FileNotFoundError, match='no frames with masks'):
        domains['davis'](str(tmp_path / 'out'), str(tmp_path / 'out'))


def test_model_from_imagenet_weights(repo_root, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(repo_root / 'tools/benchmarks'))
    tool = runpy.run_path(str(repo_root / 'tools/benchmarks/train_your_own.py'))
    key = 'conv1.conv.weight'
    backbone = {key: torch.full((32, 3, 3, 3), 0.5)}
    torch.save(backbone, tmp_path / 'weights.pth')
    path = tool['imagenet_model'](str(tmp_path / 'weights.pth'), str(tmp_path))
    weights = torch.load(path)['state_dict']
    assert torch.equal(weights[f'backbone.{key}'], backbone[key])
    # The recipe's model takes all of it.
    model = MODELS.build(own_training.recipe('boxcaseg/own/mobilenetv2_own.py').model)
    model.load_state_dict(weights)
    (tmp_path / 'again').mkdir()
    again = tool['imagenet_model'](
        str(tmp_path / 'weights.pth'), str(tmp_path / 'again')
    )
    head = 'salient_head.conv.weight'
    assert torch.equal(torch.load(again)['state_dict'][head], weights[head])
