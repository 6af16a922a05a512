import tiny

from tools.benchmarks.speed import prediction


def test_prediction_has_a_row(inputs, monkeypatch):
    monkeypatch.setattr(prediction, 'build', tiny.model)
    (row,) = prediction.rows(inputs)
    assert 'a crop of 320 px' in row.what
    assert row.plain > 0 and row.ours > 0
