import pytest
import tiny
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmboxcaseg.apis import default_model
from mmboxcaseg.models.segmentors.export import (
    check_same,
    export_config,
    export_model_cfg,
    export_weights,
)
from mmboxcaseg.registry import MODELS


def test_shipped_config_is_that_of_the_training(repo_root):
    trained = Config.fromfile(
        str(
            repo_root
            / 'configs'
            / 'boxcaseg'
            / 'midi'
            / 'mobilenetv2_coco-midi_third-round.py'
        )
    )
    shipped, _ = default_model()
    assert export_config(trained).model == Config.fromfile(shipped).model


@pytest.mark.parametrize('channels', [None, 5])
def test_rounded_weights_are_those_of_both_models(channels):
    sizes = dict(in_channels=tiny.CHANNELS, channels=channels)
    keys = dict(
        weak_head=dict(type='SegmentationHead', **sizes),
        transferred_head=dict(type='TransferredHead', **sizes),
        test_cfg=dict(head='transferred'),
    )
    cfg, trained = tiny.model_cfg(**keys), tiny.model(**keys)
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        exported = MODELS.build(export_model_cfg(cfg))
    stored = export_weights(trained, exported)
    weight, bias, *_ = trained.transferred_head.transfer(trained.weak_head)
    assert torch.equal(stored['transferred_head.conv.weight'], weight.half())
    assert torch.equal(stored['transferred_head.conv.bias'], bias)
    for name, value in exported.state_dict().items():
        assert torch.equal(value, stored[name].to(value.dtype)), name
    assert 0 < check_same(trained, exported) < 0.002
    exported.transferred_head.conv_seg.bias.data += 1
    with pytest.raises(ValueError, match='differs from the trained one'):
        check_same(trained, exported)
