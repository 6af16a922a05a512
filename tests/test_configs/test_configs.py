"""Configs of stage 1: they load, build, and say what the paper says."""

from collections import OrderedDict
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmboxcaseg.registry import MODELS

CONFIGS = Path(__file__).parents[2] / 'configs'
FILES = sorted(
    str(path.relative_to(CONFIGS))
    for path in (CONFIGS / 'boxcaseg').rglob('*.py')
    # See test_ablation_configs.py.
    if path.parent.name != 'ablations'
)
FULL = ['boxcaseg/hrnet_w48_voc.py', 'boxcaseg/hrnet_w48_coco.py']


def load(name):
    return Config.fromfile(CONFIGS / name)


def build(cfg):
    """The model of a config, without weights and without memory."""
    model = cfg.model.copy()
    model.backbone.init_cfg = None
    with torch.device('meta'):
        return MODELS.build(model)


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_there_are_configs():
    assert set(FULL) < set(FILES)


@pytest.mark.parametrize('name', FILES)
def test_stage_1_model(name):
    cfg = load(name)
    if cfg.model.backbone.type == 'mmseg.TIMMBackbone' and find_spec('timm') is None:
        pytest.skip('mmseg.TIMMBackbone needs timm, which is not installed')
    assert type(build(cfg)).__name__ == 'BoxCaseg'


@pytest.mark.parametrize('name', FILES)
def test_stage_1_config(name):
    cfg = load(name)
    assert cfg.default_scope == 'mmboxcaseg'
    assert cfg.sync_bn == 'torch'
    # The sampler's batch is the loader's, or the ratio would not hold.
    loader = cfg.train_dataloader
    assert (
        loader.sampler.batch_size
        == loader.batch_size
        == sum(loader.sampler.source_ratio)
    )
    assert cfg.param_scheduler.end == cfg.train_cfg.max_iters == cfg.max_iters
    # Patches of both sources have one size; a whole salient image is to it as
    # 320 to 288.
    # On photos of one's own, which may be large, by a faster loader.
    own = Path(name).parent.name == 'own'
    kind = 'LoadBoxPatch' if own else 'RandomBoxPatch'
    size = find(loader.dataset.box.pipeline, kind).size
    salient = loader.dataset.salient and loader.dataset.salient.pipeline
    if salient is None:
        assert own
    elif 'RandomObjectPatch' in [step.type for step in salient]:
        # Cropped around the object as box patches are around the box.
        assert find(salient, 'RandomObjectPatch').size == size
    else:
        assert find(salient, 'mmseg.RandomCrop').crop_size == size
        assert find(salient, 'Resize').scale == (round(size * 320 / 288),) * 2
    # Maps of stride 32 fit a patch and a crop of prediction, which is at most
    # so much larger.
    crop = find(cfg.test_dataloader.dataset.pipeline, 'CropBoxes').size
    assert size % 32 == crop % 32 == 0
    assert size <= crop <= size * 320 / 288


def find(pipeline, kind):
    (step,) = [step for step in pipeline if step.type == kind]
    return step


@pytest.mark.parametrize('name', FULL)
def test_parameters_of_hrnet_w48(name, monkeypatch):
    # Without a default scope, as a person in a shell builds it.
    monkeypatch.setattr(DefaultScope, '_instance_dict', OrderedDict())
    model = build(load(name))
    assert count(model) == pytest.approx(74.67e6, rel=0.002)
    assert count(model.backbone) == pytest.approx(65.3e6, rel=0.002)
    assert type(model.backbone).__module__.startswith('mmseg.')
    assert model.weak_head.in_channels == 720


@pytest.mark.parametrize(
    'name, ratio, iterations', [(FULL[0], [12, 4], 42250), (FULL[1], [9, 7], 28500)]
)
def test_settings_of_the_paper(name, ratio, iterations):
    cfg = load(name)
    # Batches and schedule.
    assert cfg.train_dataloader.batch_size == 16
    assert cfg.train_dataloader.sampler.type == 'mmdet.MultiSourceSampler'
    assert cfg.train_dataloader.sampler.source_ratio == ratio
    assert cfg.train_cfg.max_iters == iterations
    assert cfg.train_cfg.type == 'IterBasedTrainLoop'
    assert cfg.optim_wrapper.optimizer == dict(
        type='SGD', lr=4e-3, momentum=0.9, weight_decay=1e-4
    )
    scheduler = cfg.param_scheduler
    assert (scheduler.type, scheduler.power, scheduler.eta_min, scheduler.by_epoch) == (
        'PolyLR',
        0.9,
        0,
        False,
    )
    # Two GPUs.
    assert cfg.auto_scale_lr.base_batch_size == 32
    # Patches.
    dataset = cfg.train_dataloader.dataset
    patch = find(dataset.box.pipeline, 'RandomBoxPatch')
    assert (patch.size, patch.shift, patch.scale) == (288, 0.25, (0.5, 1.5))
    resize = find(dataset.salient.pipeline, 'Resize')
    assert (resize.scale, resize.keep_ratio) == ((320, 320), False)
    crop = find(dataset.salient.pipeline, 'mmseg.RandomCrop')
    assert crop.crop_size == 288
    for part in (dataset.box, dataset.salient):
        flip = find(part.pipeline, 'RandomFlip')
        assert flip.prob == 0.5 and 'direction' not in flip
        # It packs `supervision` by default.
        assert part.pipeline[-1] == dict(type='PackPatch')
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert find(loader.dataset.pipeline, 'CropBoxes').size == 320
        assert loader.dataset.with_mask
        assert not loader.sampler.shuffle and not loader.sampler.round_up
    # Network and losses.
    model = cfg.model
    assert model.data_preprocessor.mean == [123.675, 116.28, 103.53]
    assert model.data_preprocessor.std == [58.395, 57.12, 57.375]
    assert model.data_preprocessor.bgr_to_rgb
    assert model.loss_mil == dict(type='MILLoss', bag_extent='line', reduction='mean')
    assert model.loss_smooth.loss_weight == 0.05
    assert (model.alpha, model.fuse) == (0.7, 'prob')
    assert model.test_cfg.head == 'fused'
    for part in ('backbone', 'weak_head', 'salient_head', 'transferred_head'):
        assert model[part].norm_cfg.momentum == 0.01
    extra = model.backbone.extra
    assert [extra[f'stage{i}'].num_modules for i in (1, 2, 3, 4)] == [1, 1, 4, 3]
    assert extra.stage4.num_channels == (48, 96, 192, 384)
    assert extra.stage1.num_channels == (64,)
    for i in (1, 2, 3, 4):
        assert set(extra[f'stage{i}'].num_blocks) == {4}


@pytest.mark.parametrize('name', [FULL[0], 'proxy_mask_rcnn/mask-rcnn_r101_fpn_voc.py'])
def test_tensorboard_is_one_option(name):
    cfg = load(name)
    assert [one.type for one in cfg.visualizer.vis_backends] == ['LocalVisBackend']
    # As docs/training.md has it.
    cfg.merge_from_dict({'visualizer.vis_backends.0.type': 'TensorboardVisBackend'})
    (backend,) = cfg.visualizer.vis_backends
    assert backend.type == 'TensorboardVisBackend'
