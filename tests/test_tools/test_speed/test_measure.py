import itertools

import pytest

from tools.benchmarks.speed import measure
from tools.benchmarks.speed.measure import Row


def test_table_tells_what_was_measured():
    rows = [Row('a', 'ms', 2.0, 40.0), Row('b', 's', 2.5, 2.0)]
    rows += [Row('c', 'GB', 1.2341), Row('d', 'MB', 1236.4)]
    assert [row.ratio for row in rows] == [20, 0.8, None, None]
    assert measure.table(rows).splitlines() == [
        '| what | unit | plain | ours | ratio |',
        '| --- | --- | --- | --- | --- |',
        '| a | ms | 40 | 2 | 20 |',
        '| b | s | 2 | 2.5 | 0.8 |',
        '| c | GB | | 1.23 | |',
        '| d | MB | | 1236 | |',
    ]
    assert measure.to_dict(rows[0]) == dict(
        what='a', unit='ms', ours=2.0, plain=40.0, ratio=20.0
    )


def test_sides_take_turns_and_the_median_counts():
    calls = []
    # The clock is read once in warming up; then a and b take 1, 5, 2 and 7
    # seconds, with one between them.
    times = itertools.accumulate([0, 1, 1, 1, 1, 5, 1, 2, 1, 7])
    taken = measure.in_turn(
        dict(a=lambda: calls.append('a'), b=lambda: calls.append('b')),
        repeats=2,
        warm_up=1,
        clock=lambda: next(times),
    )
    assert calls == ['a', 'b'] * 3
    assert taken == dict(a=(1 + 2) / 2 * 1e3, b=(5 + 7) / 2 * 1e3)


def test_rows_of_the_sides_that_were_measured():
    ms = dict(plain=30.0, ours=10.0, cached=5.0)
    rows = measure.compare(
        ms,
        [
            ('one', 'ours', 'plain'),
            ('two', 'cached', 'ours'),
            ('three', 'compiled', 'ours'),
        ],
        10,
        'x, ',
    )
    assert rows == [Row('x, one', 'ms', 1.0, 3.0), Row('x, two', 'ms', 0.5, 1.0)]


def test_memory_is_that_of_a_fresh_process():
    block = bytearray(2**26)
    block[::4096] = b'x' * len(block[::4096])
    here = measure.peak_memory()
    assert here > len(block)
    assert measure.private_memory() > len(block)
    there = measure.in_fresh_process(measure.peak_memory)
    assert 2**20 < there < here


def test_no_ratio_without_a_plain_way():
    with pytest.raises(TypeError):
        Row('a', 'ms')
