import numpy as np

from tools.benchmarks.speed import network


def test_rows(inputs, monkeypatch):
    monkeypatch.setattr(network, 'CROPS', 1)
    rows = network.rows(inputs)
    *compared, heads = rows
    assert len(compared) == 3
    for row in rows:
        assert row.unit == 'ms' and 'a crop of 160 px' in row.what
        assert row.ours > 0
    for row in compared:
        assert np.isfinite(row.ratio)
    assert heads.ratio is None and 'the heads of it' in heads.what
