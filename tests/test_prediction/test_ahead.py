"""Work ahead of, and behind, the one who needs it."""

import threading

import pytest

from mmboxcaseg.prediction.ahead import InBackground, done_behind, map_ahead


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


@pytest.mark.parametrize('threads', [0, 1])
def test_all_calls_are_made_when_the_context_ends(threads):
    done = []
    with done_behind(threads) as behind:
        for number in range(20):
            behind(done.append, number)
    assert done == list(range(20))
    with pytest.raises(ValueError, match='wrong'), done_behind(threads) as behind:
        behind(int, 'wrong')


@pytest.mark.parametrize('threads', [0, 1, 3])
def test_results_come_in_the_order_of_the_items(threads):
    assert list(map_ahead(lambda n: n * n, range(20), threads)) == [
        n * n for n in range(20)
    ]
    found = map_ahead(lambda n: 1 // n, [1, 0, 1], threads)
    assert next(found) == 1
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_no_more_is_read_ahead_than_is_needed():
    asked = []

    def items():
        for number in range(100):
            asked.append(number)
            yield number

    found = map_ahead(lambda n: n, items(), 2)
    next(found)
    assert len(asked) < 8
    found.close()
