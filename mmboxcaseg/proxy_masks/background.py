"""Work that is done while the network computes the next batch."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

# Calls that may wait for their turn: two batches of a config's.
LONGEST_QUEUE = 8


class InBackground:
    """Calls functions in a thread, one after the other, in order.

    What one of them raises is raised by a later call, or at the end.

    Args:
        longest (int): So many calls may wait for their turn, so that what
            they hold does not pile up. Defaults to 8.
    """

    def __init__(self, longest: int = LONGEST_QUEUE) -> None:
        self._longest = longest
        self._pool = ThreadPoolExecutor(1, thread_name_prefix='masks')
        self._calls: deque[Future] = deque()

    def call(self, function: Callable, *args: Any) -> None:
        """Call a function soon.

        Args:
            function (Callable): The function; what it returns is not kept.
            *args: Its arguments.
        """
        while self._calls and (
            self._calls[0].done() or len(self._calls) >= self._longest
        ):
            self._calls.popleft().result()
        self._calls.append(self._pool.submit(function, *args))

    def finish(self) -> None:
        """Wait until all is done."""
        while self._calls:
            self._calls.popleft().result()
        self._pool.shutdown()

    def stop(self) -> None:
        """Call no more; wait for the call that is under way."""
        self._calls.clear()
        self._pool.shutdown(cancel_futures=True)
