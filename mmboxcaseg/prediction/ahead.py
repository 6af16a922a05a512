"""Work in other threads: results computed ahead, and calls made later."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar('Item')
Result = TypeVar('Result')
# Results of each thread that may wait until they are asked for.
AHEAD = 2


def map_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Do what :func:`map` does, with threads that compute results ahead.

    Args:
        function (Callable): Function of an item that returns its result.
        items (Iterable): The items.
        threads (int): Number of threads. With 0, a result is computed when it
            is asked for.

    Yields:
        Any: The results, in the order of the items.

    Raises:
        Exception: The exception of a call, when its result is asked for.
    """
    if not threads:
        yield from map(function, items)
        return
    waiting: deque[Future] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > AHEAD * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class InBackground:
    """Makes calls one after the other in another thread.

    An exception of a call is raised by a later :meth:`call` or by
    :meth:`finish`.

    Args:
        most (int): Largest number of calls that may wait. Another call blocks
            until the first of them is done, which limits the memory that
            their arguments take. Defaults to 8.
    """

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(1)
        self._waiting: deque[Future] = deque()

    def call(self, function: Callable, *args: Any) -> None:
        """Queue the call of a function.

        Args:
            function (Callable): The function; its returned value is not used.
            *args: Arguments of the function.

        Raises:
            Exception: The exception of an earlier call, if there was one.
        """
        waiting = self._waiting
        while waiting and (waiting[0].done() or len(waiting) >= self._most):
            waiting.popleft().result()
        waiting.append(self._pool.submit(function, *args))

    def finish(self) -> None:
        """Wait until all calls are done.

        Raises:
            Exception: The exception of a call, if there was one.
        """
        while self._waiting:
            self._waiting.popleft().result()
        self._pool.shutdown()

    def stop(self) -> None:
        """Drop the calls that wait; wait for the one that is running."""
        self._waiting.clear()
        self._pool.shutdown(cancel_futures=True)


@contextmanager
def done_behind(threads: int, most: int = 8) -> Iterator[Callable[..., None]]:
    """Context in which calls are made in another thread.

    All calls are done when the context ends, see :class:`InBackground`.

    Args:
        threads (int): 0 if calls are made at once, in this thread.
        most (int): Largest number of calls that may wait. Defaults to 8.

    Yields:
        Callable: A function to call with a function and its arguments.
    """
    if not threads:
        yield lambda function, *args: function(*args)
        return
    behind = InBackground(most)
    try:
        yield behind.call
        behind.finish()
    finally:
        behind.stop()
