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


@contextmanager
def done_behind(threads: int, most: int = 8) -> Iterator[Callable[..., None]]:
    """Calls that are made in their order by a thread of their own.

    Args:
        threads (int): 0 for no such thread: calls are made at once.
        most (int): Calls that may wait; the next one waits for the first of
            them. Defaults to 8.

    Yields:
        Callable: It takes a function and its arguments. What a call has raised
        is raised by a later one, or at the end.
    """
    if not threads:
        yield lambda function, *args: function(*args)
        return
    waiting: deque[Future] = deque()
    pool = ThreadPoolExecutor(1)

    def call(function: Callable, *args: Any) -> None:
        waiting.append(pool.submit(function, *args))
        if len(waiting) > most:
            waiting.popleft().result()

    try:
        yield call
        while waiting:
            waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
