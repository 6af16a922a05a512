import time

import tiny
import torch

from tools.benchmarks.speed import training_step


def test_heads_on_the_concatenated_maps_learn_the_same():
    inputs, samples = tiny.patches(['box', 'mask'])
    grads = []
    for run in (training_step.our_step, training_step.plain_heads_step):
        net = tiny.model().train()
        run(net, inputs, samples)
        grads.append(tiny.gradients(net))
    for name, grad in grads[0].items():
        torch.testing.assert_close(grad, grads[1][name], rtol=1e-3, atol=1e-5, msg=name)


def test_the_steps_that_are_compared_train_the_same_head():
    """The bare head on the concatenated map gives the logits of ours."""
    net = tiny.model().eval()
    inputs, _ = tiny.patches(['box', 'mask'])
    torch.testing.assert_close(
        training_step.bare_logits(net, inputs),
        net.salient_head(net.extract_feat(inputs)),
        rtol=1e-4,
        atol=1e-4,
    )


def test_small_model_has_rows_of_its_switches(monkeypatch):
    monkeypatch.setattr(training_step, 'SMALL_SIZE', 32)
    monkeypatch.setitem(training_step.BATCHES, 'cuda', (1, 1))
    monkeypatch.setattr(training_step.shutil, 'which', lambda name: None)
    heads, bf16 = training_step.small_rows()
    assert 'concatenated' in heads.what and 'bf16' in bf16.what
    assert all(row.plain > 0 and row.ours > 0 for row in (heads, bf16))


def test_large_model_has_rows_of_its_switches(monkeypatch):
    monkeypatch.setattr(training_step, 'build', tiny_model)
    monkeypatch.setattr(training_step, 'SIZE', 32)
    patches, samples = training_step.batch((1, 1), 32)
    rows = training_step.step_rows(patches, samples, 1, 0, time.perf_counter)
    assert [row.what.split(', ', 3)[3] for row in rows] == [
        'against backbone + one head + BCE',
        'against heads on the concatenated maps',
        'channels_last=True, against fp32',
        'bf16, against fp32',
        'bf16 and channels_last=True, against fp32',
    ]
    assert all(row.plain > 0 and row.ours > 0 for row in rows)
    share = training_step.losses_row(patches, samples)
    assert share.unit == '%' and share.ours > 0


def tiny_model(**switches):
    return tiny.model(**switches).train()
