import pytest

from tools.benchmarks.speed import training_data


def test_training_data_has_rows_of_all_ways(inputs, monkeypatch):
    pytest.importorskip('skimage')
    monkeypatch.setattr(training_data, 'ITEMS', 4)
    rows = training_data.rows(inputs)
    assert [row.what.split(',')[0] for row in rows] == [
        'box patch',
        'box patch',
        'box patch',
        *3 * ['the same'],
        'salient patch',
        'salient patch',
        'the same',
    ]
    assert all(row.plain > 0 and row.ours > 0 for row in rows)
    # They are compared with one another.
    assert rows[0].plain == rows[1].plain and rows[0].ours == rows[2].ours
