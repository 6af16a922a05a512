"""Every config: it is built, and its data, a step and a score run."""

import json
from collections import OrderedDict
from importlib.util import find_spec
from pathlib import Path

import layout
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import Evaluator
from mmengine.logging import MessageHub
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import Runner
from narrow import narrow

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).parents[2] / 'configs'
FILES = sorted(
    str(path.relative_to(CONFIGS))
    for path in CONFIGS.rglob('*.py')
    if '_base_' not in path.parts
)


@pytest.fixture(scope='session')
def work(tmp_path_factory):
    """A directory with the data of all configs."""
    root = tmp_path_factory.mktemp('layout')
    layout.write(root)
    return root


@pytest.fixture(scope='session')
def seen():
    """What ran already, for configs that don't differ in what runs here."""
    return set()


@pytest.fixture
def cfg(request, work, monkeypatch):
    """The config, in its working directory and in its scope."""
    for variable in ('DATA', 'WORK', 'QUICKSTART', 'MOBILENETV2', 'EFFICIENTNET_LITE2'):
        monkeypatch.delenv(f'MMBOXCASEG_{variable}', raising=False)
    monkeypatch.chdir(work)
    monkeypatch.setattr(DefaultScope, '_instance_dict', OrderedDict())
    cfg = Config.fromfile(CONFIGS / request.param)
    if cfg.default_scope == 'mmdet' and find_spec('mmcv._ext') is None:
        pytest.skip("detectors need mmcv's compiled operators")
    if cfg.model.backbone.type == 'mmseg.TIMMBackbone' and find_spec('timm') is None:
        pytest.skip('mmseg.TIMMBackbone needs timm, which is not installed')
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        yield cfg


def is_new(seen, cfg, *keys):
    """Whether no config before had the same under the keys."""
    parts = json.dumps({key: cfg[key] for key in keys}, sort_keys=True)
    new = parts not in seen
    seen.add(parts)
    return new


@pytest.mark.parametrize('cfg', FILES, indirect=True)
def test_config(cfg, seen):
    # In full width, but without memory; test_configs.py does it for stage 1.
    if cfg.default_scope == 'mmdet' and is_new(seen, cfg, 'model'):
        full = cfg.model.copy()
        full.backbone.init_cfg = None
        with torch.device('meta'):
            assert type(MODELS.build(full)).__name__ == cfg.model.type
    if is_new(
        seen,
        cfg,
        'model',
        'train_dataloader',
        'val_dataloader',
        'val_evaluator',
        'optim_wrapper',
    ):
        narrow(cfg)
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
        model.init_weights()
        train(model, cfg)
        metrics = score(model, cfg)
        if cfg.val_evaluator == dict(
            type='BoxFitMetric', truth='data/mine/kept_aside.json'
        ):
            assert 0 <= metrics['agreement'] <= 1
        elif cfg.model.type == 'BoxCaseg':
            assert 0 <= metrics['mIoU_star'] <= 100
        elif 'own' in cfg.filename.split('/'):
            assert 0 <= metrics['coco/bbox_mAP'] <= 1
        elif isinstance(cfg.val_evaluator, list):
            assert 0 <= metrics['AP50'] <= 100


def train(model, cfg):
    """One step on the first batch of the config's loader."""
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    data = model.data_preprocessor(next(iter(loader)), training=True)
    assert len(data['inputs']) == cfg.train_dataloader.batch_size
    model.train()
    # BoxInst's pairwise term grows with the iterations.
    MessageHub.get_current_instance().update_info('iter', 0)
    total, log = model.parse_losses(model(**data, mode='loss'))
    assert all(torch.isfinite(value).all() for value in log.values())
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    wrapper.backward(total)
    learnt = {
        name: (p, p.detach().clone())
        for name, p in model.named_parameters()
        if p.requires_grad
    }
    # Distributed training waits for the gradients of all of them.
    assert [name for name, (p, _) in learnt.items() if p.grad is None] == []
    wrapper.step()
    assert any((p != before).any() for p, before in learnt.values())


def score(model, cfg):
    """Metrics of the config on its first validation images."""
    dataset = Runner.build_dataloader(cfg.val_dataloader).dataset
    evaluator = Evaluator(cfg.val_evaluator)
    evaluator.dataset_meta = dataset.metainfo
    batch = pseudo_collate([dataset[index] for index in range(2)])
    model.eval()
    with torch.no_grad():
        evaluator.process(model.val_step(batch), batch)
    return evaluator.evaluate(2)
