import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import save_checkpoint
from mmengine.structures import InstanceData
from proxy_run import MODEL

from mmboxcaseg.proxy_masks import encode_rle
from mmboxcaseg.registry import MODELS
from mmboxcaseg.visualization import DROPPED

CONFIG = '''
default_scope = 'mmboxcaseg'
custom_imports = dict(imports=['mmboxcaseg.models', 'mmboxcaseg.datasets'])
''' + MODEL + '''
test_dataloader = dict(
    batch_size=2,
    num_workers=2,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='BoxPromptDataset',
        data_root='ROOT',
        ann_file='true.json',
        data_prefix=dict(img='photos/'),
        with_mask=True,
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='CropBoxes', size=32),
            dict(type='PackBoxPrompts'),
        ]))
'''


@pytest.fixture
def tool(import_tool):
    return import_tool('misc/draw_predictions')


@pytest.fixture
def data(tmp_path):
    """Three photos with two boxes each, true masks and agreements."""
    rng = np.random.default_rng(0)
    (tmp_path / 'photos').mkdir()
    images, anns = [], []
    for number in range(1, 4):
        cv2.imwrite(
            str(tmp_path / 'photos' / f'{number}.png'),
            rng.integers(0, 255, (60, 80, 3), dtype=np.uint8))
        images.append(
            dict(id=number, file_name=f'{number}.png', height=60, width=80))
        for x, side, agreement in ((5, 35, 0.99), (50, 20, 0.5)):
            box = (x, 10, x + side, 10 + side)
            anns.append(
                dict(
                    id=len(anns) + 1,
                    image_id=number,
                    category_id=4,
                    iscrowd=0,
                    bbox=[x, 10, side, side],
                    segmentation=encode_rle(
                        np.ones((side, side), bool), box, 60, 80),
                    proxy_agreement=agreement))
    (tmp_path / 'true.json').write_text(
        json.dumps(
            dict(
                images=images,
                annotations=anns,
                categories=[dict(id=4, name='thing')])))
    (tmp_path / 'config.py').write_text(CONFIG.replace('ROOT', f'{tmp_path}/'))
    return tmp_path


def read(path):
    return cv2.imread(str(path))[..., ::-1]


def save_weights(data):
    cfg = Config.fromfile(str(data / 'config.py'))
    init_default_scope('mmboxcaseg')
    model = MODELS.build(cfg.model)
    model.init_weights()
    path = str(data / 'model.pth')
    save_checkpoint(dict(state_dict=model.state_dict()), path)
    return path


def test_one_instance_of_every_share(tool):
    values = np.random.default_rng(0).permutation(40) / 40
    chosen = tool.spread(values, 4, seed=0)
    # Ten values a share, the highest first.
    assert [int(values[index] * 40) // 10 for index in chosen] == [3, 2, 1, 0]
    assert chosen == tool.spread(values, 4, seed=0)
    assert sorted(tool.spread(values[:3], 8, seed=0)) == [0, 1, 2]


def test_masks_of_each_head(tool, data, monkeypatch):
    weights = save_weights(data)
    rows = []
    original = tool.vis.make_sheet
    monkeypatch.setattr(
        tool.vis, 'make_sheet', lambda cells, *args, **kwargs: rows.append(
            (cells, args, kwargs)) or original(cells, *args, **kwargs))
    out = str(data / 'masks.png')
    tool.main([
        'masks',
        str(data / 'config.py'), weights, '--out', out, '--num', '2',
        '--min-side', '30'
    ])
    cells, (title, subtitle), more = rows[0]
    # No transferred head in this model.
    assert more['column_titles'] == [
        'photo', 'truth', 'weak', 'salient', 'fused'
    ]
    assert [len(row) for row in cells] == [5, 5]
    # Smaller boxes are left out.
    assert more['row_labels'] == ['thing\n35 x 35 px'] * 2
    assert '3 instances of at least 30 px in 3 images' in subtitle
    for row in cells:
        # The box is filled by the true mask here, so its IoU is 1.
        assert row[0].caption == 'box: IoU 100.0'
        # Fused of one head is that head.
        assert row[3].caption == row[4].caption
        assert (row[3].image == row[4].image).all()
        # The scored mask is the drawn one: every true pixel is in the box.
        share = float(row[2].caption.split()[1]) / 100
        photo = row[0].image.astype(int)
        drawn = (np.abs(row[2].image - photo).sum(axis=2) > 3).mean()
        full = (np.abs(row[1].image - photo).sum(axis=2) > 3).mean()
        assert drawn / full == pytest.approx(share, abs=0.12)
    assert read(out).shape[2] == 3


def test_checkpoint_of_another_model(tool, data):
    path = str(data / 'other.pth')
    save_checkpoint(dict(state_dict=dict(weight=torch.ones(1))), path)
    with pytest.raises(SystemExit, match='other.pth does not fit the config'):
        tool.main([
            'masks',
            str(data / 'config.py'), path, '--out',
            str(data / 'masks.png')
        ])


def test_masks_need_truth(tool, data):
    with pytest.raises(SystemExit, match='dataset.with_mask=True'):
        tool.main([
            'masks',
            str(data / 'config.py'),
            save_weights(data), '--out',
            str(data / 'masks.png'), '--cfg-options',
            'test_dataloader.dataset.with_mask=False'
        ])


def test_proxy_masks(tool, data, monkeypatch):
    out = str(data / 'proxy.png')
    args = [
        'proxy',
        str(data / 'true.json'), '--img-dir',
        str(data / 'photos'), '--out', out, '--num', '2'
    ]
    seen = []
    original = tool.vis.make_sheet
    monkeypatch.setattr(
        tool.vis, 'make_sheet', lambda rows, *args, **kwargs: seen.append(
            (rows, args)) or original(rows, *args, **kwargs))
    tool.main(args)
    (cells, ), (title, subtitle) = seen[0]
    assert [cell.caption.split('\n')[1]
            for cell in cells] == ['1 kept, 1 dropped'] * 2
    assert 'below 0.95 a mask is dropped: 50 % of all 6' in subtitle
    red = (read(out) == DROPPED).all(axis=2).sum()
    tool.main([*args, '--agreement-thr', '0.2'])
    assert seen[1][0][0][0].caption.endswith('2 kept, 0 dropped')
    # Only the sample in the legend is left.
    assert (read(out) == DROPPED).all(axis=2).sum() < red / 10


@pytest.mark.parametrize('command, change, message', [
    (['--max-instances', '1'], {}, 'no image has between 1 and 1 masks'),
    ([], dict(proxy_agreement=None), 'annotation 1 has no "proxy_agreement"'),
])
def test_files_without_proxy_masks(tool, data, command, change, message):
    content = json.loads((data / 'true.json').read_text())
    for key in change:
        del content['annotations'][0][key]
    (data / 'true.json').write_text(json.dumps(content))
    with pytest.raises(SystemExit, match=message):
        tool.main([
            'proxy',
            str(data / 'true.json'), '--img-dir',
            str(data / 'photos'), '--out',
            str(data / 'proxy.png'), *command
        ])


class FakeDetector(torch.nn.Module):
    """Finds the left object of every image, and another one badly."""

    def test_step(self, batch):
        for sample in batch['data_samples']:
            masks = torch.zeros(2, *sample.ori_shape, dtype=torch.bool)
            masks[:, 10:45, 5:40] = True
            sample.pred_instances = InstanceData(
                bboxes=torch.tensor([[5., 10., 40., 45.]] * 2),
                scores=torch.tensor([0.8, 0.2]),
                labels=torch.tensor([0, 0]),
                masks=masks)
        return batch['data_samples']


def test_detections_beside_the_truth(tool, data, monkeypatch):
    (data / 'config.py').write_text(f'''
default_scope = 'mmdet'
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CocoDataset',
        data_root='{data}/',
        ann_file='true.json',
        data_prefix=dict(img='photos/'),
        metainfo=dict(classes=('thing', )),
        test_mode=True,
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='PackDetInputs'),
        ]))
''')
    content = json.loads((data / 'true.json').read_text())
    for ann in content['annotations']:
        ann['area'] = ann['bbox'][2]**2
    (data / 'true.json').write_text(json.dumps(content))
    monkeypatch.setattr(tool, 'build_model', lambda *args: FakeDetector())
    init_default_scope('mmdet')
    seen = []
    monkeypatch.setattr(
        tool.vis, 'detection_pictures',
        lambda photo, found, there, name, side: seen.append(
            (photo, found, there, name)) or [tool.vis.Cell(photo)] * 2)
    tool.main([
        'detections',
        str(data / 'config.py'),
        str(data / 'config.py'), '--out',
        str(data / 'detections.png'), '--num', '2'
    ])
    assert len(seen) == 2 and seen[0][3] < seen[1][3]
    for photo, found, there, name in seen:
        assert (photo == read(data / 'photos' / name)).all()
        # The score of the other one is below 0.3.
        assert found.texts == ['thing 0.80']
        assert found.boxes.tolist() == [[5, 10, 40, 45]]
        assert (found.masks[0] == there.masks[0]).all()
        assert there.texts == ['thing', 'thing']
        assert there.boxes.tolist() == [[5, 10, 40, 45], [50, 10, 70, 30]]
        assert there.masks[1].sum() == 400


@pytest.mark.parametrize('args, message', [
    (['proxy', 'true.json', '--out', 'a.jpg'], 'must end in .png'),
    (['proxy', 'none.json', '--out', 'a.png'], 'no file none.json'),
    (['proxy', 'true.json', '--out', 'a.png', '--num', '0'], 'at least 1'),
])
def test_mistakes(tool, data, monkeypatch, capsys, args, message):
    monkeypatch.chdir(data)
    with pytest.raises(SystemExit):
        tool.main([*args, '--img-dir', 'photos'])
    assert message in capsys.readouterr().err
    assert not list(data.glob('a.*'))


def test_missing_photo(tool, data):
    with pytest.raises(SystemExit, match='1.png'):
        tool.main([
            'proxy',
            str(data / 'true.json'), '--img-dir',
            str(data), '--out',
            str(data / 'proxy.png')
        ])
