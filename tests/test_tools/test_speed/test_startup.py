import pytest

from tools.benchmarks.speed import startup
from tools.benchmarks.speed.coco_scale import StartUp


def test_commands_start_without_torch(inputs, monkeypatch):
    monkeypatch.setattr(
        startup, 'measure', lambda run, images: StartUp(1.5, 10**9, 10**7, 10**6, 0.06)
    )
    importing, with_torch, helping, *data_set = startup.rows(inputs)
    assert importing.ours < 1 and helping.ours < 10
    assert with_torch.ours == 0
    assert [row.ours for row in data_set] == [1.5, 1.5, 1, 10, 1]
    assert data_set[1].ratio == pytest.approx(0.96)
    assert '100 images' in data_set[0].what
