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
    ('bbtp', ''),
    ('boxinst', ''),
]
PAIRS = [(name.format(*kind), base) for name, base in BASES.items() for kind in KINDS]


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
    cfg, base = load(name), load(base)
    assert cfg.val_dataloader == base.val_dataloader
    assert cfg.val_evaluator == base.val_evaluator
    assert cfg.train_cfg == base.train_cfg
    assert cfg.param_scheduler == base.param_scheduler
    if 'boxinst' not in name:
        assert cfg.optim_wrapper == base.optim_wrapper
    # Photos, batches and augmentation; not masks.
    for key in ('batch_size', 'sampler', 'batch_sampler'):
        assert cfg.train_dataloader[key] == base.train_dataloader[key]
    ours, theirs = cfg.train_dataloader.dataset, base.train_dataloader.dataset
    for key in ('data_prefix', 'metainfo', 'filter_cfg'):
        assert ours.get(key) == theirs.get(key)
    steps = [step.type for step in theirs.pipeline]
    rest = theirs.pipeline[steps.index('mmboxcaseg.MarkIgnoredMasks') + 1 :]
    assert len(rest) == 3 and ours.pipeline[-3:] == rest


@pytest.mark.parametrize('name, base', PAIRS)
def test_what_is_learnt_from(name, base):
    cfg = load(name)
    dataset = cfg.train_dataloader.dataset
    assert dataset.type == 'mmboxcaseg.COCOInstanceDataset'
    assert 'proxy' not in dataset.ann_file
    first, upright, annotations, *rest = dataset.pipeline[:-3]
    assert first.type == 'LoadImageFromFile'
    assert upright.type == 'mmboxcaseg.UprightPhoto'
    # Only the oracle may see a true mask.
    assert annotations.get('with_mask', False) == ('true-masks' in name)
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


@pytest.mark.skipif(
    find_spec('mmcv._ext') is None, reason="BoxInst needs mmcv's compiled operators"
)
def test_boxinst_is_that_of_mmdet(tmp_path):
    from mmdet.registry import MODELS

    child = tmp_path / 'child.py'
    child.write_text("_base_ = 'mmdet::boxinst/boxinst_r101_fpn_ms-90k_coco.py'\n")
    theirs, ours = Config.fromfile(child).model, load(PAIRS[3][0]).model
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
