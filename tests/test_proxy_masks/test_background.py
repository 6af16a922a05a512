"""Calls in a thread, in order."""

import threading

import pytest

from mmboxcaseg.proxy_masks import InBackground


def test_calls_come_in_order_in_another_thread():
    behind, done = InBackground(), []
    for number in range(50):
        behind.call(lambda n: done.append((n, threading.get_ident())), number)
    behind.finish()
    assert [number for number, _ in done] == list(range(50))
    assert {ident for _, ident in done}.isdisjoint({threading.get_ident()})


def test_no_more_than_so_many_wait():
    behind, may_go, done = InBackground(longest=3), threading.Event(), []

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
    behind = InBackground(longest=1)
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
