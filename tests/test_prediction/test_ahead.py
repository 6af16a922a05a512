import threading

import pytest

from mmboxcaseg.prediction.ahead import InBackground, done_behind, map_ahead


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


def test_calls_come_in_order_in_another_thread():
    behind, done = InBackground(), []
    for number in range(50):
        behind.call(lambda n: done.append((n, threading.get_ident())), number)
    behind.finish()
    assert [number for number, _ in done] == list(range(50))
    assert {ident for _, ident in done}.isdisjoint({threading.get_ident()})


def test_no_more_than_so_many_wait():
    behind, may_go, done = InBackground(most=3), threading.Event(), []

    def slow(number):
        may_go.wait()
        done.append(number)

    for number in range(3):
        behind.call(slow, number)
    more = threading.Thread(target=behind.call, args=(slow, 3))
    more.start()
    # The fourth waits for the first, which waits for the event.
    more.join(0.05)
    assert more.is_alive() and done == []
    may_go.set()
    more.join()
    behind.finish()
    assert done == [0, 1, 2, 3]


@pytest.mark.parametrize('kind', [ValueError, KeyboardInterrupt])
def test_errors_come_back(kind):
    def fail():
        raise kind('wrong')

    behind = InBackground()
    behind.call(fail)
    with pytest.raises(kind, match='wrong'):
        behind.finish()
    behind = InBackground(most=1)
    behind.call(fail)
    with pytest.raises(kind, match='wrong'):
        behind.call(print)
    behind.stop()


def test_nothing_more_is_called_once_it_is_stopped():
    behind, started, may_go, done = (
        InBackground(),
        threading.Event(),
        threading.Event(),
        [],
    )

    def slow():
        started.set()
        may_go.wait()
        done.append('slow')

    behind.call(slow)
    behind.call(done.append, 'next')
    started.wait()
    stopping = threading.Thread(target=behind.stop)
    stopping.start()
    stopping.join(0.05)
    assert stopping.is_alive()
    may_go.set()
    stopping.join()
    assert done == ['slow']
