"""Every ablation config is its base plus the keys of its row."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmboxcaseg.registry import MODELS

CONFIGS = Path(__file__).parents[2] / 'configs'
MISSING = 'not there'
SALIENT = 'train_dataloader.dataset.salient'
SAMPLER = 'train_dataloader.sampler'
DATASET = 'train_dataloader.dataset'


def salient(count):
    """Table 3."""
    return {
        f'{SALIENT}.ann_file': f'duts_single_{count}.txt',
        f'{SALIENT}.single_object': None,
    }


def ratio(box, salient_patches):
    """Table 5."""
    return {f'{SAMPLER}.source_ratio': [box, salient_patches]}


VOC = {
    **{f'salient-{n}': salient(n) for n in (100, 500, 1000, 2500, 4701)},
    'heads-weak': {'model.salient_head': None, 'model.transferred_head': None},
    'heads-salient': {'model.weak_head': None, 'model.transferred_head': None},
    'heads-weak-transferred': {'model.salient_head': None},
    'heads-weak-salient': {'model.transferred_head': None},
    **{
        f'alpha-{alpha}': {'model.alpha': alpha}
        for alpha in (0.0, 0.3, 0.4, 0.5, 0.6, 1.0)
    },
    'alpha-0.7': {},
}
ONE_STEP = [
    dict(type='LoadBoxPatch', size=288, shift=0.25, scale=(0.5, 1.5)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackPatch'),
]
COCO = {
    'ratio-rs': {
        f'{SAMPLER}.type': 'InfiniteSampler',
        f'{SAMPLER}.shuffle': True,
        f'{SAMPLER}.batch_size': MISSING,
        f'{SAMPLER}.source_ratio': MISSING,
    },
    **{f'ratio-{n}-{16 - n}': ratio(n, 16 - n) for n in (8, 10, 11, 12, 13, 14)},
    'ratio-9-7': {},
    # Not of the paper.
    'overlap': {
        f'{SAMPLER}.type': 'OverlapMultiSourceSampler',
        f'{SAMPLER}.iou_thr': 0.5,
        f'{SAMPLER}.drop_prob': 0.75,
    },
    'photos': {
        f'{SAMPLER}.type': 'PhotoMultiSourceSampler',
        f'{SAMPLER}.boxes_per_photo': 2,
        f'{DATASET}.box.pipeline': ONE_STEP,
    },
}
STAGE3_VOC = {
    'no-merge': {
        f'{DATASET}.agreement_thr': 0.0,
        f'{DATASET}.ann_file': 'annotations/proxy_masks_train_aug_unmerged.json',
    },
    'thr-0.0': {f'{DATASET}.agreement_thr': 0.0},
}
STAGE3_COCO = {
    'no-merge': {
        f'{DATASET}.agreement_thr': 0.0,
        f'{DATASET}.ann_file': 'annotations/proxy_masks_train2017_unmerged.json',
    },
    **{
        f'thr-{thr}': {f'{DATASET}.agreement_thr': thr}
        for thr in (0.0, 0.75, 0.85, 0.9)
    },
    'thr-0.95': {},
    'confidence-thr-0.5': {
        f'{DATASET}.agreement_thr': 0.0,
        f'{DATASET}.confidence_thr': 0.5,
    },
    **{
        f'weight-{score}': {
            f'{DATASET}.agreement_thr': 0.0,
            f'{DATASET}.mask_weight': score,
        }
        for score in ('agreement', 'confidence')
    },
}
BOX, TESTED = f'{DATASET}.box', '{}_dataloader.dataset.pipeline'
CROPPED = dict(type='RandomObjectPatch', size=160, shift=0.25, scale=(0.5, 1.5))
LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadSalientMask')]
WHOLE = [
    dict(type='Resize', scale=(178, 178), keep_ratio=False),
    dict(type='mmseg.RandomCrop', crop_size=160),
]
PACK = [dict(type='RandomFlip', prob=0.5), dict(type='PackPatch')]
JITTER = dict(type='mmseg.PhotoMetricDistortion')


def margins(*values):
    """Margins at prediction."""
    steps = [
        dict(type='LoadImageFromFile'),
        dict(type='CropBoxes', size=160, margins=values),
        dict(type='PackBoxPrompts'),
    ]
    return {TESTED.format(part): steps for part in ('val', 'test')}


def one_source(other):
    """Random sampling from one data set, without the other."""
    return {f'{DATASET}.{other}': None, **COCO['ratio-rs']}


MINI = {
    'object-crops': {f'{SALIENT}.pipeline': [*LOAD, CROPPED, *PACK]},
    'mixed-crops': {
        f'{SALIENT}.pipeline': [
            *LOAD,
            dict(type='RandomChoice', transforms=[[CROPPED], WHOLE]),
            *PACK,
        ]
    },
    'oracle': {f'{BOX}.with_mask': True},
    'self-training': {
        f'{BOX}.data_root': '',
        f'{BOX}.ann_file': 'work_dirs/mini/merged.json',
        f'{BOX}.data_prefix.img': 'data/coco_mini/train2017/',
        f'{BOX}.with_mask': True,
        f'{BOX}.min_confidence': 0.5,
    },
    'box-only': {**VOC['heads-weak'], **one_source('salient')},
    'salient-only': {**VOC['heads-salient'], **one_source('box')},
    'ema': {'custom_hooks': [dict(type='EMAHook', momentum=0.01, update_buffers=True)]},
    'fuse-logit': {'model.fuse': 'logit'},
    'contrast': {
        'model.data_preprocessor.std': [255] * 3,
        'model.data_preprocessor.mask_std': [58.395, 57.12, 57.375],
    },
    'small-init': {
        f'model.{head}_head.init_cfg': dict(type='Normal', layer='Conv2d', std=0.001)
        for head in ('weak', 'salient')
    },
    'bags-box': {'model.loss_mil.bag_extent': 'box'},
    'color-pairs': {'model.loss_color': dict(type='ColorPairsLoss', loss_weight=0.3)},
    'context': {
        f'{BOX}.pipeline': [
            LOAD[0],
            dict(CROPPED, type='RandomBoxPatch', scale=(0.75, 2.0)),
            *PACK,
        ],
        **margins(0.25),
    },
    'head-weak-salient': {'model.test_cfg.head': ['weak', 'salient']},
    'margin-0.1': margins(0.1),
    'margins': margins(0, 0.1, 0.2),
    'flip': {'model.test_cfg.flip': True},
    **{
        f'head-{head}': {'model.test_cfg.head': head}
        for head in ('weak', 'salient', 'transferred')
    },
    'box-threshold': {'model.test_cfg.min_threshold': 0.3},
    'color-jitter': {
        f'{BOX}.pipeline': [
            LOAD[0],
            dict(CROPPED, type='RandomBoxPatch'),
            PACK[0],
            JITTER,
            PACK[1],
        ],
        f'{SALIENT}.pipeline': [*LOAD, *WHOLE, PACK[0], JITTER, PACK[1]],
    },
    'no-min-max': {'model.test_cfg.min_max': False},
    'paste': {
        f'{SALIENT}.pipeline': [
            *LOAD,
            dict(type='PasteSalientObjects', load=LOAD),
            CROPPED,
            *PACK,
        ]
    },
    'adamw': {
        'optim_wrapper.optimizer.type': 'AdamW',
        'optim_wrapper.optimizer.lr': 1e-3,
        'optim_wrapper.optimizer.weight_decay': 1e-2,
        'optim_wrapper.optimizer.momentum': MISSING,
        'optim_wrapper.paramwise_cfg': dict(
            custom_keys=dict(backbone=dict(lr_mult=0.3))
        ),
    },
}
EXPECTED = {
    f'{base}/ablations/{name}_{variant}.py': (f'{base}/{name}.py', keys)
    for base, name, variants in (
        ('boxcaseg', 'hrnet_w48_voc', VOC),
        ('boxcaseg', 'hrnet_w48_coco', COCO),
        ('boxcaseg/mini', 'mobilenetv2_coco-mini', MINI),
        ('proxy_mask_rcnn', 'mask-rcnn_r101_fpn_voc', STAGE3_VOC),
        ('proxy_mask_rcnn', 'mask-rcnn_r101_fpn_coco', STAGE3_COCO),
    )
    for variant, keys in variants.items()
}


def differences(ours, base, prefix=''):
    """Keys in dotted form whose values differ, with ours."""
    found = {}
    for key in {**ours, **base}:
        name = f'{prefix}{key}'
        one, other = ours.get(key, MISSING), base.get(key, MISSING)
        if isinstance(one, dict) and isinstance(other, dict):
            found.update(differences(one, other, f'{name}.'))
        elif one != other:
            found[name] = one
    return found


def load(name):
    return Config.fromfile(CONFIGS / name).to_dict()


def test_no_config_is_left_out():
    files = {str(path.relative_to(CONFIGS)) for path in CONFIGS.rglob('ablations/*.py')}
    assert files == set(EXPECTED)


@pytest.mark.parametrize('base', sorted({base for base, _ in EXPECTED.values()}))
def test_only_the_keys_of_the_row(base, monkeypatch):
    for folder in ('DATA', 'WORK'):
        monkeypatch.delenv(f'MMBOXCASEG_{folder}', raising=False)
    full = load(base)
    for name, (of, keys) in EXPECTED.items():
        if of == base:
            assert differences(load(name), full) == keys, name


def test_efficientnet_lite2_differs_by_the_network_alone(monkeypatch):
    monkeypatch.delenv('MMBOXCASEG_EFFICIENTNET_LITE2', raising=False)
    ours = load('boxcaseg/midi/efficientnet-lite2_coco-midi_adamw.py')
    base = load('boxcaseg/midi/mobilenetv2_coco-midi_adamw.py')
    backbone = dict(
        type='mmseg.TIMMBackbone',
        model_name='tf_efficientnet_lite2',
        pretrained=False,
        features_only=True,
        out_indices=(1, 2, 3, 4),
        # The speed at which MobileNetV2's statistics adapt.
        bn_momentum=base['model']['backbone']['norm_cfg']['momentum'],
        init_cfg=dict(
            type='Pretrained', checkpoint='work_dirs/mini/efficientnet_lite2.pth'
        ),
    )
    ours_model, base_model = ours.pop('model'), base.pop('model')
    assert ours_model.pop('backbone') == backbone
    base_model.pop('backbone')
    channels = 24 + 48 + 120 + 352
    assert differences(ours_model, base_model) == {
        'data_preprocessor.mean': [127] * 3,
        'data_preprocessor.std': [128] * 3,
        'weak_head.in_channels': channels,
        'salient_head.in_channels': channels,
        'transferred_head.in_channels': channels,
    }
    # Variables of the file of the network.
    names = {'efficientnet_lite2', 'lite2_head', 'weights'}
    assert set(differences(ours, base)) == names


@pytest.mark.parametrize('heads', [v for v in VOC if v.startswith('heads')])
def test_heads_that_are_built(heads):
    model = Config.fromfile(
        CONFIGS / f'boxcaseg/ablations/hrnet_w48_voc_{heads}.py'
    ).model
    model.backbone.init_cfg = None
    with torch.device('meta'):
        net = MODELS.build(model)
    built = [
        name
        for name in ('weak', 'salient', 'transferred')
        if getattr(net, f'{name}_head')
    ]
    assert '-'.join(['heads', *built]) == heads
