import json

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from mmboxcaseg.apis.batches import draw_batches, train_loader
from mmboxcaseg.masks import encode_rle
from mmboxcaseg.visualization import BOX, IGNORED, MASK, Cell, batch_sheet, denormalize

PATCHES = """
default_scope = 'mmboxcaseg'
custom_imports = dict(imports=['mmboxcaseg.models', 'mmboxcaseg.datasets'])
model = dict(
    type='BoxCaseg',
    data_preprocessor=dict(
        type='BoxCasegDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True))
pack = dict(type='PackPatch')
train_dataloader = dict(
    batch_size=5,
    num_workers=2,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(
        type='mmdet.MultiSourceSampler', batch_size=5, source_ratio=[3, 2]),
    dataset=dict(
        type='JointPatchDataset',
        box=dict(
            type='BoxPatchDataset',
            data_root='{root}',
            ann_file='masks.json',
            data_prefix=dict(img='photos/'),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='RandomBoxPatch', size=96, scale=(2, 2)),
                pack,
            ]),
        salient=dict(
            type='SalientObjectDataset',
            data_root='{root}',
            data_prefix=dict(img='photos/', mask='salient/'),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadSalientMask'),
                dict(type='Resize', scale=(96, 96), keep_ratio=False),
                pack,
            ])))
"""
INSTANCES = """
default_scope = 'mmdet'
model = dict(
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_mask=True,
        pad_size_divisor=32))
train_dataloader = dict(
    batch_size=2,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmboxcaseg.ProxyMaskDataset',
        agreement_thr=0.9,
        data_root='{root}',
        ann_file='masks.json',
        data_prefix=dict(img='photos/'),
        metainfo=dict(classes=('thing', )),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
            dict(type='mmboxcaseg.MarkIgnoredMasks'),
            dict(type='mmboxcaseg.PackProxyDetInputs'),
        ]))
"""
# RGB, so that a mix-up of channels shows.
GROUND = (200, 120, 40)


@pytest.fixture
def make_config(tmp_path):
    """Function that writes a config on four plain photos of two objects."""
    images, anns = [], []
    for folder in ('photos', 'salient'):
        (tmp_path / folder).mkdir()
    for number in range(1, 5):
        photo = np.full((90, 120, 3), GROUND[::-1], np.uint8)
        cv2.imwrite(str(tmp_path / 'photos' / f'{number}.png'), photo)
        mask = np.zeros((90, 120), np.uint8)
        mask[30:60, 40:80] = 255
        cv2.imwrite(str(tmp_path / 'salient' / f'{number}.png'), mask)
        images.append(dict(id=number, file_name=f'{number}.png', height=90, width=120))
        for x, agreement in ((10, 0.95), (70, 0.85)):
            anns.append(
                dict(
                    id=len(anns) + 1,
                    image_id=number,
                    category_id=1,
                    iscrowd=0,
                    bbox=[x, 20, 40, 50],
                    area=2000,
                    segmentation=encode_rle(
                        np.ones((50, 40), bool), (x, 20, x + 40, 70), 90, 120
                    ),
                    proxy_agreement=agreement,
                )
            )
    (tmp_path / 'masks.json').write_text(
        json.dumps(
            dict(images=images, annotations=anns, categories=[dict(id=1, name='thing')])
        )
    )

    def make(text):
        path = tmp_path / 'config.py'
        path.write_text(text.replace('{root}', f'{tmp_path}/'))
        return str(path)

    return make


def read(path):
    return cv2.imread(str(path))[..., ::-1]


def color_share(picture, color):
    return (picture == color).all(axis=2).sum() / (192 * 192)


def test_sheets_of_patches(make_config, tmp_path):
    config = make_config(PATCHES)
    for out, seed in (('one', 0), ('again', 0), ('other', 1)):
        written = draw_batches(Config.fromfile(config), str(tmp_path / out), seed=seed)
        assert written == [
            str(tmp_path / out / f'batch_{number}.png') for number in (1, 2)
        ]
    one, again, other, second = (
        read(tmp_path / name)
        for name in (
            'one/batch_1.png',
            'again/batch_1.png',
            'other/batch_1.png',
            'one/batch_2.png',
        )
    )
    assert (one == again).all()
    assert one.shape != other.shape or (one != other).any()
    assert one.shape != second.shape or (one != second).any()
    # The photo's own colour, after normalising and back: most of 5 patches.
    assert 1 < color_share(one, GROUND) < 5
    # Captions of 3 boxes and 2 masks, and a little more.
    assert color_share(one, BOX) > color_share(one, MASK) > 0


def test_patches_as_the_model_gets_them(make_config, monkeypatch):
    cfg = Config.fromfile(make_config(PATCHES))
    init_default_scope('mmboxcaseg')
    loader = train_loader(cfg, seed=0)
    assert loader.num_workers == 0
    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    batch = next(iter(loader))
    raw = np.stack([patch.numpy() for patch in batch['inputs']])
    batch = preprocessor(batch, training=True)
    assert abs(float(batch['inputs'].mean())) < 3
    pictures = denormalize(batch['inputs'], batch['data_samples'], preprocessor)
    assert (pictures == raw.transpose(0, 2, 3, 1)[..., ::-1]).all()
    cells = []
    monkeypatch.setattr(
        'mmboxcaseg.visualization.batches.make_sheet',
        lambda rows, *args, **kwargs: cells.extend(rows[0]),
    )
    batch_sheet(pictures, batch['data_samples'], (), 'title')
    assert [cell.caption.split('\n')[0] for cell in cells] == ['box'] * 3 + ['mask'] * 2
    for cell in cells[:3]:
        # The outline of a box is 3 px wide; here a side is 40 px at least.
        assert (cell.image == BOX).all(axis=2).sum() > 4 * 3 * 37
    for cell in cells[3:]:
        # Rows 30..59 of 90 and columns 40..79 of 120 are the middle third.
        tinted = 0.55 * np.array(GROUND) + 0.45 * np.array(MASK)
        middle = cell.image[70:122, 70:122]
        assert np.abs(middle - tinted).max() <= 1
        assert (cell.image[:56] == GROUND).all()


def test_images_with_ignored_masks(make_config, tmp_path, monkeypatch):
    cfg = Config.fromfile(make_config(INSTANCES))
    seen = []
    monkeypatch.setattr(
        'mmboxcaseg.visualization.batches.training_picture',
        lambda image, instances, ignored, *rest: (
            seen.append((image, instances, ignored)) or Cell(image)
        ),
    )
    draw_batches(cfg, str(tmp_path), num_batches=1)
    assert len(seen) == 2
    for image, instances, ignored in seen:
        # Padded from 90 x 120 to multiples of 32.
        assert image.shape == (96, 128, 3)
        assert (image[:90, :120] == GROUND).all()
        assert ignored == [False, True]
        assert instances.boxes.tolist() == [[10, 20, 50, 70], [70, 20, 110, 70]]
        assert list(instances.texts) == ['thing', 'thing']
        assert [mask.shape for mask in instances.masks] == [(96, 128)] * 2
        assert instances.masks[1][20:70, 70:110].all()


def test_ignored_masks_are_red(make_config, tmp_path):
    cfg = Config.fromfile(make_config(INSTANCES))
    found = []
    for thr in (0.9, 0.5):
        cfg.train_dataloader.dataset.agreement_thr = thr
        draw_batches(cfg, str(tmp_path), num_batches=1)
        found.append(color_share(read(tmp_path / 'batch_1.png'), IGNORED))
    # What is left is the sample in the legend.
    assert found[0] > 10 * found[1] > 0


def test_mistakes(make_config, tmp_path):
    cfg = Config.fromfile(make_config(PATCHES))
    with pytest.raises(ValueError, match='must be at least 1'):
        draw_batches(cfg, str(tmp_path), num_batches=0)
    with pytest.raises(TypeError, match='without gt_sem_seg and gt_inst'):
        batch_sheet(np.zeros((1, 4, 4, 3), np.uint8), [{}], (), 'title')
