import tiny
import torch

from tools.benchmarks.speed import gpu


def test_training_from_files_tells_how_long_it_waits(inputs, monkeypatch):
    monkeypatch.setattr(gpu, 'STEPS', 2)
    monkeypatch.setattr(gpu, 'WARM_UP', 1)
    speed, share = gpu.training_rows(inputs, tiny.model().train(), 1)
    assert speed.ours > 0 and 0 < share.ours < 100
    if not torch.cuda.is_available():
        assert gpu.rows(inputs) == []
