"""Recipes: the number of iterations, weights that come with the package."""

import pytest
import torch
from mmengine.config import Config
from mmengine.runner.checkpoint import CheckpointLoader
from proxy_run import write_model

from mmboxcaseg.apis import default_model, init_model
from mmboxcaseg.engine import own_training, read_checkpoint
from mmboxcaseg.engine.hooks import SpeedHook


def test_schedule_keeps_its_shares():
    cfg = Config(
        dict(
            max_iters=1000,
            train_cfg=dict(max_iters=1000, val_interval=1000),
            param_scheduler=[
                dict(type='LinearLR', begin=0, end=100),
                dict(type='MultiStepLR', begin=0, end=1000, milestones=[600, 900]),
            ],
            default_hooks=dict(checkpoint=dict(interval=500)),
        )
    )
    own_training.set_iters(cfg, 50)
    warm_up, decay = cfg.param_scheduler
    assert (warm_up.end, decay.end, decay.milestones) == (5, 50, [30, 45])
    assert cfg.train_cfg == dict(max_iters=50, val_interval=5)
    assert cfg.default_hooks.checkpoint.interval == 5 and cfg.max_iters == 50
    # A hundredth of a tenth is less than an iteration.
    own_training.set_iters(cfg, 4)
    assert (warm_up.end, decay.end) == (1, 4)


@pytest.mark.parametrize('iters', [3, 9])
def test_fewer_iterations_than_tenths(iters):
    cfg = own_training.recipe('boxcaseg/own/mobilenetv2_own.py')
    own_training.set_iters(cfg, iters)
    assert cfg.train_cfg.val_interval == 1 and cfg.param_scheduler.end == iters


def test_no_recipe():
    with pytest.raises(FileNotFoundError, match='no config nothing.py'):
        own_training.recipe('nothing.py')


def test_heads_as_wide_as_those_of_a_checkpoint():
    cfg = own_training.recipe('boxcaseg/own/mobilenetv2_own.py')
    weights = {
        'module.weak_head.conv.weight': torch.zeros(7, 2, 1, 1),
        'module.salient_head.conv.weight': torch.zeros(9, 2, 1, 1),
    }
    own_training.match_heads(cfg, dict(state_dict=weights))
    assert cfg.model.weak_head.channels == 7 and cfg.model.salient_head.channels == 9
    assert cfg.model.transferred_head is None
    cfg.model.transferred_head = dict(type='TransferredHead')
    own_training.match_heads(cfg, dict(state_dict=weights))
    assert cfg.model.transferred_head.channels == 7
    # A checkpoint of a backbone says nothing about heads.
    own_training.match_heads(cfg, {'backbone.conv.weight': torch.zeros(1)})
    assert cfg.model.weak_head.channels == 7


def test_weights_of_the_package():
    loaded = CheckpointLoader.load_checkpoint('mmboxcaseg://boxcaseg_small')
    weights = read_checkpoint(default_model()[1])
    assert loaded['state_dict'].keys() == weights['state_dict'].keys()
    with pytest.raises(FileNotFoundError, match='has no weights'):
        CheckpointLoader.load_checkpoint('mmboxcaseg://huge')


def test_exported_model_is_the_trained_one(tmp_path):
    write_model(tmp_path)
    cfg = Config.fromfile(str(tmp_path / 'config.py'))
    weights = read_checkpoint(str(tmp_path / 'model.pth'))
    own_training.export_model(cfg, weights, str(tmp_path / 'out'))
    crops = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        one, other = (
            init_model(str(tmp_path / f'{config}.py'), str(tmp_path / f'{pth}.pth'))
            .eval()
            .encode_decode(crops)
            for config, pth in (('config', 'model'), ('out', 'out'))
        )
    # Convolutions are stored in half precision.
    torch.testing.assert_close(one, other, atol=2e-2, rtol=0)


def test_weights_of_another_model_are_refused(tmp_path):
    write_model(tmp_path)
    cfg = own_training.recipe('boxcaseg/own/mobilenetv2_own.py')
    weights = read_checkpoint(str(tmp_path / 'model.pth'))
    with pytest.raises(ValueError, match='does not belong to the config'):
        own_training.export_model(cfg, weights, str(tmp_path / 'out'))
    assert not (tmp_path / 'out.pth').exists()


def test_speed_is_that_of_iterations_after_the_first():
    times = iter([0, 10, 11, 13, 14, 16])
    hook = SpeedHook(warm_up=1, clock=lambda: next(times))
    for _ in range(6):
        hook.after_train_iter(None, 0)
    assert hook.seconds == pytest.approx((16 - 10) / 4)
    with pytest.raises(ValueError, match='too few'):
        assert SpeedHook().seconds
