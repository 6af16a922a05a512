"""Work that is done ahead of, and behind, the one who needs the results."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar('Item')
Result = TypeVar('Result')
# Results that wait for the one who needs them, for each thread.
AHEAD = 2


def map_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """As :func:`map`, but threads compute some results ahead.

    Args:
        function (Callable): From an item to its result.
        items (Iterable): The items.
        threads (int): Number of threads; 0 for none, the results are computed
            as they are asked for.

    Yields:
        Any: The results, in the order of the items.
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
    """Makes calls in a thread of its own, in their order.

    What a call has raised is raised by a later one, or at the end.

    Args:
        most (int): Calls that may wait; the next one waits for the first of
            them, so that what they hold does not pile up. Defaults to 8.
    """

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(1)
        self._waiting: deque[Future] = deque()

    def call(self, function: Callable, *args: Any) -> None:
        """Call a function soon.

        Args:
            function (Callable): The function; what it returns is not kept.
            *args: Its arguments.
        """
        waiting = self._waiting
        while waiting and (waiting[0].done() or len(waiting) >= self._most):
            waiting.popleft().result()
        waiting.append(self._pool.submit(function, *args))

    def finish(self) -> None:
        """Wait until all is done."""
        while self._waiting:
            self._waiting.popleft().result()
        self._pool.shutdown()

    def stop(self) -> None:
        """Call no more; wait for the call that is under way."""
        self._waiting.clear()
        self._pool.shutdown(cancel_futures=True)


@contextmanager
def done_behind(threads: int, most: int = 8) -> Iterator[Callable[..., None]]:
    """Calls of an :class:`InBackground`, all made when the context ends.

    Args:
        threads (int): 0 for no such thread: calls are made at once.
        most (int): See there. Defaults to 8.

    Yields:
        Callable: It takes a function and its arguments.
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
