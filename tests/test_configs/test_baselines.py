"""Configs of the baselines: what is theirs, and what all have in common."""

import copy
import inspect
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from mmengine.config import Config

CONFIGS = Path(__file__).parents[2] / 'configs'
BASES = {
    'baselines/{}_r101_fpn{}_voc.py': 'proxy_mask_rcnn/mask-rcnn_r101_fpn_voc.py',
    'baselines/{}_r101_fpn{}_coco.py': 'proxy_mask_rcnn/mask-rcnn_r101_fpn_coco.py',
    'baselines/mini/{}_mobilenetv2_fpn{}_coco-mini.py': (
        'proxy_mask_rcnn/mini/mask-rcnn_mobilenetv2_fpn_coco-mini.py'
    ),
}
KINDS = [
    ('mask-rcnn', '_true-masks'),
    ('mask-rcnn', '_box-masks'),
    ('mask-rcnn', '_grabcut-masks'),
    ('bbtp', ''),
    ('boxinst', ''),
    ('bbtp-s', ''),
    ('shapeprop-s', ''),
]
PAIRS = [(name.format(*kind), base) for name, base in BASES.items() for kind in KINDS]
PAIRS += [
    (
        f'baselines/{kind}_r50_fpn_voc.py',
        'proxy_mask_rcnn/mask-rcnn_r50_fpn_voc.py',
    )
    for kind in ('bbtp-s', 'shapeprop-s')
]
WITH_SALIENT = [pair for pair in PAIRS if '-s_' in pair[0]]


@cache
def loaded(name):
    return Config.fromfile(CONFIGS / name)


def load(name):
    return copy.deepcopy(loaded(name))


def test_all_are_here():
    found = {
        str(path.relative_to(CONFIGS)) for path in (CONFIGS / 'baselines').rglob('*.py')
    }
    assert found == {name for name, _ in PAIRS}


@pytest.mark.parametrize('name, base', PAIRS)
def test_same_data_and_schedule(name, base):
    base_name = base
    cfg, base = load(name), load(base)
    assert cfg.val_dataloader == base.val_dataloader
    assert cfg.val_evaluator == base.val_evaluator
    assert cfg.train_cfg == base.train_cfg
    assert cfg.param_scheduler == base.param_scheduler
    if 'boxinst' not in name:
        assert cfg.optim_wrapper == base.optim_wrapper
    # Photos, batches and augmentation; not masks.
    ours, theirs = cfg.train_dataloader.dataset, base.train_dataloader.dataset
    keys = ['batch_size', 'sampler', 'batch_sampler']
    if (name, base_name) in WITH_SALIENT:
        if 'mini' in name:
            keys.remove('sampler')
            assert cfg.train_dataloader.sampler.source_ratio == [2, 2]
        # The salient images are resized and flipped as the photos are.
        assert ours.salient.pipeline[-3:] == ours.box.pipeline[-3:]
        ours = ours.box
    for key in keys:
        assert cfg.train_dataloader[key] == base.train_dataloader[key]
    for key in ('data_prefix', 'metainfo', 'filter_cfg'):
        assert ours.get(key) == theirs.get(key)
    steps = [step.type for step in theirs.pipeline]
    rest = theirs.pipeline[steps.index('mmboxcaseg.MarkIgnoredMasks') + 1 :]
    assert len(rest) == 3 and ours.pipeline[-3:] == rest


@pytest.mark.parametrize('name, base', PAIRS)
def test_what_is_learnt_from(name, base):
    cfg = load(name)
    dataset = cfg.train_dataloader.dataset
    if 'grabcut' in name:
        # Another file, and nothing else.
        assert 'grabcut' in dataset.ann_file
        other = load(base)
        other.train_dataloader.dataset.ann_file = dataset.ann_file
        assert cfg.train_dataloader == other.train_dataloader
        assert cfg.model == other.model
        return
    if (name, base) in WITH_SALIENT:
        dataset = dataset.box
    assert dataset.type == 'mmboxcaseg.COCOInstanceDataset'
    assert 'proxy' not in dataset.ann_file
    first, upright, annotations, *rest = dataset.pipeline[:-3]
    assert first.type == 'LoadImageFromFile'
    assert upright.type == 'mmboxcaseg.UprightPhoto'
    # Only the oracle may see a true mask.
    assert annotations.get('with_mask', False) == ('true-masks' in name)
    if (name, base) in WITH_SALIENT:
        assert rest == [dict(type='mmboxcaseg.BoxesAsMasks', weight=0.0)]
        return
    assert [step.type for step in rest] == ['mmboxcaseg.BoxesAsMasks'] * (
        'box-masks' in name
    )
    if 'bbtp' in name:
        head = cfg.model.roi_head.mask_head
        assert head.type == 'mmboxcaseg.BBTPMaskHead'
        cfg.model.roi_head.mask_head.type = 'mmboxcaseg.ProxyFCNMaskHead'
    if 'boxinst' not in name:
        # Nothing else of the model differs.
        assert cfg.model == load(base).model


@pytest.mark.parametrize('name, base', WITH_SALIENT)
def test_boxes_and_salient_images(name, base):
    cfg, base = load(name), load(base)
    dataset = cfg.train_dataloader.dataset
    assert dataset.type == 'mmboxcaseg.JointInstanceDataset'
    salient = dataset.salient
    assert salient.type == 'mmboxcaseg.SalientInstanceDataset'
    assert salient.single_object == dict(connectivity=4)
    load_steps = [step.type for step in salient.pipeline[:-3]]
    assert load_steps == [
        'LoadImageFromFile',
        'mmboxcaseg.UprightPhoto',
        'mmboxcaseg.LoadSalientInstance',
    ]
    # Whatever learns classes learns the extra one.
    roi_head, theirs = cfg.model.roi_head, base.model.roi_head
    number = roi_head.bbox_head.num_classes
    heads = [roi_head.bbox_head, roi_head.mask_head, roi_head.get('shape_head')]
    assert (heads[2] is not None) == ('shapeprop' in name)
    for head in filter(None, heads):
        assert (head.num_classes, head.num_extra_classes) == (number, 1)
    # Where the box head has the layers of the base's.
    ours = dict(roi_head.bbox_head)
    assert ours.pop('type') == 'mmboxcaseg.ExtraClassBBoxHead'
    assert ours.pop('num_extra_classes') == 1
    if theirs.bbox_head.type == 'Shared2FCBBoxHead':
        assert ours.pop('num_shared_fcs') == 2
    expected = dict(theirs.bbox_head)
    assert expected.pop('type') in ('Shared2FCBBoxHead', 'ConvFCBBoxHead')
    assert ours == expected
    # And the rest of the model is the base's.
    rpn_head = dict(cfg.model.rpn_head, type='RPNHead')
    assert rpn_head == base.model.rpn_head
    for key in ('backbone', 'neck', 'train_cfg', 'test_cfg', 'data_preprocessor'):
        assert cfg.model[key] == base.model[key], key
    for key in ('bbox_roi_extractor', 'mask_roi_extractor'):
        assert roi_head[key] == theirs[key], key


@pytest.mark.parametrize(
    'name, base', [pair for pair in WITH_SALIENT if 'bbtp' in pair[0]]
)
def test_bbtp_s_is_bbtp_with_masks(name, base):
    head = dict(load(name).model.roi_head.mask_head)
    assert head.pop('with_masks') and head.pop('num_extra_classes') == 1
    assert head.pop('type') == 'mmboxcaseg.BBTPMaskHead'
    expected = dict(load(base).model.roi_head.mask_head)
    expected.pop('type')
    assert head == expected


@pytest.mark.skipif(
    find_spec('mmcv._ext') is None, reason="BoxInst needs mmcv's compiled operators"
)
def test_boxinst_is_that_of_mmdet(tmp_path):
    from mmdet.registry import MODELS

    child = tmp_path / 'child.py'
    child.write_text("_base_ = 'mmdet::boxinst/boxinst_r101_fpn_ms-90k_coco.py'\n")
    theirs, ours = (
        Config.fromfile(child).model,
        load('baselines/boxinst_r101_fpn_voc.py').model,
    )
    assert ours.mask_head.pop('warmup_iters') == 22500 // 9
    assert ours.bbox_head.pop('num_classes') == 20
    assert theirs.bbox_head.pop('num_classes') == 80
    compare(ours, theirs, MODELS)


def compare(ours, theirs, registry):
    """Ours is theirs, but for what is the default of the class anyway."""
    assert set(ours) <= set(theirs)
    for key, value in theirs.items():
        if key == '_scope_':  # Where a file of mmdet was inherited.
            continue
        if isinstance(value, dict) and key in ours:
            compare(ours[key], value, registry)
        elif key in ours:
            assert ours[key] == value, key
        else:
            kind = theirs.get('type', 'mmdet.MaskFeatModule')
            assert default(kind, key, registry) == value, key


def default(kind, key, registry):
    """Default of an argument, of the class or of those it comes from."""
    if kind == 'mmdet.MaskFeatModule':
        from mmdet.models.dense_heads.condinst_head import MaskFeatModule

        classes = [MaskFeatModule]
    else:
        classes = registry.get(kind).__mro__
    for one in classes:
        parameter = inspect.signature(one.__init__).parameters.get(key)
        if parameter is not None:
            value = parameter.default
            return list(value) if isinstance(value, range) else value
    raise AssertionError(f'{kind} has no argument {key}')
