import numpy as np

from tools.benchmarks.speed import network


def test_rows(inputs, monkeypatch):
    monkeypatch.setattr(network, 'CROPS', 1)
    rows = network.rows(inputs)
    assert len(rows) == 3
    for row in rows:
        assert row.unit == 'ms' and 'a crop of 160 px' in row.what
        assert row.ours > 0 and np.isfinite(row.ratio)
