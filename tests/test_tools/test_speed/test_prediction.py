import tiny

from tools.benchmarks.speed import prediction


def test_prediction_has_a_row_of_each_model(inputs, monkeypatch):
    monkeypatch.setattr(prediction, 'build', tiny.model)
    monkeypatch.setattr(prediction, 'PHOTOS', 2)
    large, small = prediction.rows(inputs)
    assert 'a crop of 320 px' in large.what and 'default model' in small.what
    for row in large, small:
        assert row.plain > 0 and row.ours > 0
