"""Training in bfloat16 against the same steps in float32."""

from types import SimpleNamespace

import numpy as np
import pytest
import tiny
import torch

from mmboxcaseg.registry import OPTIM_WRAPPERS


def train(kind, steps=3, **kwargs):
    """Losses of some steps, and the weights after them."""
    net = tiny.model().train()
    wrapper = OPTIM_WRAPPERS.build(
        dict(type=kind, optimizer=torch.optim.SGD(net.parameters(), lr=0.05), **kwargs)
    )
    losses = []
    for step in range(steps):
        inputs, samples = tiny.patches(['box', 'mask', 'box'], seed=step)
        with wrapper.optim_context(net):
            loss = tiny.total(net.loss(inputs, samples))
        assert loss.dtype == torch.float32
        wrapper.update_params(loss)
        losses.append(loss.item())
    weights = torch.cat([p.detach().flatten() for p in net.parameters()])
    assert weights.dtype == torch.float32
    return losses, weights


def test_steps_are_those_of_float32_but_for_rounding():
    start = train('OptimWrapper', steps=0)[1]
    losses, weights = train('OptimWrapper')
    rounded_losses, rounded = train('BF16OptimWrapper')
    # bfloat16 keeps 8 bits: a relative error of 2^-9 in every operation.
    np.testing.assert_allclose(rounded_losses, losses, rtol=0.02)
    assert losses != rounded_losses, 'nothing was computed in bfloat16'
    way, rounded_way = weights - start, rounded - start
    assert torch.cosine_similarity(way, rounded_way, dim=0) > 0.99
    assert rounded_way.norm() == pytest.approx(way.norm().item(), rel=0.05)


def test_gradients_accumulate():
    """As in every wrapper of mmengine: two halves make a step."""
    assert torch.equal(
        train('BF16OptimWrapper', steps=1, accumulative_counts=2)[1],
        train('OptimWrapper', steps=0)[1],
    )
    assert not torch.equal(
        train('BF16OptimWrapper', steps=2, accumulative_counts=2)[1],
        train('OptimWrapper', steps=0)[1],
    )


def test_a_gpu_without_it(monkeypatch):
    weight = SimpleNamespace(device=torch.device('cuda'))
    on_gpu = SimpleNamespace(parameters=lambda: iter([weight]))
    wrapper = OPTIM_WRAPPERS.build(
        dict(
            type='BF16OptimWrapper',
            optimizer=torch.optim.SGD(tiny.model().parameters(), lr=0.1),
        )
    )
    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda **_: False)
    monkeypatch.setattr(torch.cuda, 'get_device_name', lambda: 'Old GPU')
    with pytest.raises(RuntimeError, match='Old GPU does not support bfloat16.*fp16'):
        wrapper.optim_context(on_gpu).__enter__()
