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

from mmboxcaseg import visualization as vis
from mmboxcaseg.apis import sheets
from mmboxcaseg.masks import encode_rle
from mmboxcaseg.registry import MODELS

CONFIG = (
    """
default_scope = 'mmboxcaseg'
custom_imports = dict(imports=['mmboxcaseg.models', 'mmboxcaseg.datasets'])
"""
    + MODEL
    + """
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
"""
)


@pytest.fixture
def data(tmp_path):
    """Three photos with two boxes each, true masks and agreements."""
    rng = np.random.default_rng(0)
    (tmp_path / 'photos').mkdir()
    images, anns = [], []
    for number in range(1, 4):
        cv2.imwrite(
            str(tmp_path / 'photos' / f'{number}.png'),
            rng.integers(0, 255, (60, 80, 3), dtype=np.uint8),
        )
        images.append(dict(id=number, file_name=f'{number}.png', height=60, width=80))
        for x, side, agreement in ((5, 35, 0.99), (50, 20, 0.5)):
            box = (x, 10, x + side, 10 + side)
            anns.append(
                dict(
                    id=len(anns) + 1,
                    image_id=number,
                    category_id=4,
                    iscrowd=0,
                    bbox=[x, 10, side, side],
                    segmentation=encode_rle(np.ones((side, side), bool), box, 60, 80),
                    proxy_agreement=agreement,
                )
            )
    (tmp_path / 'true.json').write_text(
        json.dumps(
            dict(images=images, annotations=anns, categories=[dict(id=4, name='thing')])
        )
    )
    (tmp_path / 'config.py').write_text(CONFIG.replace('ROOT', f'{tmp_path}/'))
    return tmp_path


def save_weights(data):
    cfg = Config.fromfile(str(data / 'config.py'))
    init_default_scope('mmboxcaseg')
    model = MODELS.build(cfg.model)
    model.init_weights()
    path = str(data / 'model.pth')
    save_checkpoint(dict(state_dict=model.state_dict()), path)
    return cfg, path


def test_one_instance_of_every_share():
    values = np.random.default_rng(0).permutation(40) / 40
    chosen = sheets.spread(values, 4, seed=0)
    # Ten values a share, the highest first.
    assert [int(values[index] * 40) // 10 for index in chosen] == [3, 2, 1, 0]
    assert chosen == sheets.spread(values, 4, seed=0)
    assert sorted(sheets.spread(values[:3], 8, seed=0)) == [0, 1, 2]


def test_masks_of_each_head(data, monkeypatch):
    rows = []
    original = vis.make_sheet
    monkeypatch.setattr(
        vis,
        'make_sheet',
        lambda cells, *args, **kwargs: (
            rows.append((cells, args, kwargs)) or original(cells, *args, **kwargs)
        ),
    )
    sheet = sheets.heads_sheet(*save_weights(data), num=2, min_side=30)
    cells, (title, subtitle), more = rows[0]
    assert title == 'config.py: masks of each head'
    # No transferred head in this model.
    assert more['column_titles'] == ['photo', 'truth', 'weak', 'salient', 'fused']
    assert [len(row) for row in cells] == [5, 5]
    # Smaller boxes are not drawn.
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
    assert sheet.shape[2] == 3


def test_checkpoint_of_another_model(data):
    path = str(data / 'other.pth')
    save_checkpoint(dict(state_dict=dict(weight=torch.ones(1))), path)
    with pytest.raises(ValueError, match='does not belong to the config'):
        sheets.heads_sheet(Config.fromfile(str(data / 'config.py')), path)


def test_masks_need_truth(data):
    cfg, weights = save_weights(data)
    with pytest.raises(ValueError, match='no box with sides of 36 px'):
        sheets.heads_sheet(cfg, weights, min_side=36)
    cfg.test_dataloader.dataset.with_mask = False
    with pytest.raises(ValueError, match='dataset.with_mask=True'):
        sheets.heads_sheet(cfg, weights)


class FakeDetector(torch.nn.Module):
    """Finds the left object of every image, and another one badly."""

    def test_step(self, batch):
        for sample in batch['data_samples']:
            masks = torch.zeros(2, *sample.ori_shape, dtype=torch.bool)
            masks[:, 10:45, 5:40] = True
            sample.pred_instances = InstanceData(
                bboxes=torch.tensor([[5.0, 10.0, 40.0, 45.0]] * 2),
                scores=torch.tensor([0.8, 0.2]),
                labels=torch.tensor([0, 0]),
                masks=masks,
            )
        return batch['data_samples']


def test_detections_beside_the_truth(data, monkeypatch):
    (data / 'config.py').write_text(f"""
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
""")
    content = json.loads((data / 'true.json').read_text())
    for ann in content['annotations']:
        ann['area'] = ann['bbox'][2] ** 2
    (data / 'true.json').write_text(json.dumps(content))
    monkeypatch.setattr(sheets, 'init_model', lambda *args, **kwargs: FakeDetector())
    seen = []
    monkeypatch.setattr(
        vis,
        'detection_pictures',
        lambda photo, found, there, name, side: (
            seen.append((photo, found, there, name)) or [vis.Cell(photo)] * 2
        ),
    )
    cfg = Config.fromfile(str(data / 'config.py'))
    assert sheets.detections_sheet(cfg, 'model.pth', num=2).shape[2] == 3
    assert len(seen) == 2 and seen[0][3] < seen[1][3]
    for photo, found, there, name in seen:
        assert (photo == cv2.imread(str(data / 'photos' / name))[..., ::-1]).all()
        # The score of the other one is below 0.3.
        assert found.texts == ['thing 0.80']
        assert found.boxes.tolist() == [[5, 10, 40, 45]]
        assert (found.masks[0] == there.masks[0]).all()
        assert there.texts == ['thing', 'thing']
        assert there.boxes.tolist() == [[5, 10, 40, 45], [50, 10, 70, 30]]
        assert there.masks[1].sum() == 400
