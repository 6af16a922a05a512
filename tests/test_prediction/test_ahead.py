import threading

import pytest

from mmboxcaseg.prediction.ahead import done_behind, map_ahead


@pytest.mark.parametrize('threads', [0, 1, 3])
def test_results_come_in_order(threads):
    assert list(map_ahead(lambda x: x * x, range(20), threads)) == [
        x * x for x in range(20)
    ]


def test_computed_ahead_but_not_without_end():
    started = []
    items = map_ahead(started.append, range(100), 2)
    next(items)
    # One was handed out, and two for each thread may wait.
    assert len(started) <= 5
    items.close()
    assert len(started) < 100


@pytest.mark.parametrize('threads', [0, 1])
def test_errors_come_where_the_result_is_taken(threads):
    items = map_ahead(lambda x: 6 // x, (3, 2, 0, 1), threads)
    assert [next(items), next(items)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(items)


@pytest.mark.parametrize('threads', [0, 1])
def test_calls_are_made_in_order(threads):
    done, names = [], set()

    def call(x):
        done.append(x)
        names.add(threading.current_thread().name)

    with done_behind(threads, most=2) as behind:
        for x in range(20):
            behind(call, x)
    assert done == list(range(20)) and len(names) == 1
    assert (threading.current_thread().name in names) == (not threads)


@pytest.mark.parametrize('threads', [0, 1])
def test_what_a_call_raises_is_raised(threads):
    done = []
    with pytest.raises(ZeroDivisionError):
        with done_behind(threads, most=3) as behind:
            for x in (2, 0, *range(1, 50)):
                behind(lambda x: done.append(6 // x), x)
    assert done[0] == 3 and len(done) < 50
