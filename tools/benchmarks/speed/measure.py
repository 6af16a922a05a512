"""Timing several implementations in turn, and the rows of the table."""

import gc
import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mmboxcaseg.markdown import markdown_table


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        what (str): What was measured.
        unit (str): Unit of ``ours`` and ``plain``.
        ours (float): Value of this package.
        plain (float | None): Value of the plain implementation, if there is
            one. Defaults to None.
    """

    what: str
    unit: str
    ours: float
    plain: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times faster ours is; None without a plain value."""
        return None if self.plain is None else self.plain / self.ours


def to_dict(row: Row) -> dict[str, Any]:
    """The row as json values."""
    return dict(asdict(row), ratio=row.ratio)


def table(rows: Sequence[Row], padded: bool = False) -> str:
    """The rows as a Markdown table, whose columns may be padded."""
    return markdown_table(
        ['what', 'unit', 'plain', 'ours', 'ratio'],
        [
            [row.what, row.unit, *map(_digits, (row.plain, row.ours, row.ratio))]
            for row in rows
        ],
        padded,
    )


def _digits(value: float | None) -> str:
    """A number with three digits, '' for None."""
    if value is None:
        return ''
    return f'{value:.3g}' if abs(value) < 1000 else f'{value:.0f}'


def in_turn(
    sides: Mapping[str, Callable[[], Any]],
    repeats: int = 5,
    warm_up: int = 1,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, float]:
    """Measure the median duration of several functions, called in turn.

    Calling them in turn spreads the load of other programs evenly. The
    default clock is the processor time of this process: all functions run on
    one thread, and time in which other programs use the core does not count.

    Args:
        sides (Mapping[str, Callable]): Functions without arguments by name.
        repeats (int): Number of measured rounds. Defaults to 5.
        warm_up (int): Number of rounds before them. Defaults to 1.
        clock (Callable[[], float]): Function that returns seconds. Defaults
            to ``time.process_time``.

    Returns:
        dict[str, float]: Durations in milliseconds by name.
    """
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(warm_up + repeats):
        for name, function in sides.items():
            gc.collect()
            start = clock()
            function()
            if turn >= warm_up:
                taken[name].append(1e3 * (clock() - start))
    return {name: statistics.median(times) for name, times in taken.items()}


def compare(
    ms: Mapping[str, float],
    rows: Sequence[tuple[str, str, str]],
    count: int = 1,
    name: str = '',
) -> list[Row]:
    """Make the rows of functions that were measured in turn.

    Args:
        ms (Mapping[str, float]): Durations of :func:`in_turn`.
        rows (Sequence[tuple[str, str, str]]): For each row its text, the name
            of our function and that of the plain one. Rows without one of the
            two are left out.
        count (int): Divisor of the durations. Defaults to 1.
        name (str): Beginning of all texts. Defaults to ''.

    Returns:
        list[Row]: The rows in milliseconds.
    """
    return [
        Row(name + what, 'ms', ms[ours] / count, ms[plain] / count)
        for what, ours, plain in rows
        if {ours, plain} <= ms.keys()
    ]


def peak_memory() -> int:
    """Peak memory of this process in bytes (Linux only)."""
    return 1024 * _field('/proc/self/status', 'VmHWM:')


def private_memory() -> int:
    """Memory that this process shares with no other, in bytes (Linux only)."""
    return 1024 * _field('/proc/self/smaps_rollup', 'Private_')


def _field(path: str, start: str) -> int:
    """Sum of the numbers in the lines of a file with a given start."""
    with open(path, encoding='ascii') as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(start))


def in_fresh_process(function: Callable, *args: Any) -> Any:
    """Call a function in a new process, which has imported nothing yet.

    Args:
        function (Callable): Function on the top level of a module.
        *args: Arguments of the function. They and the result are pickled.

    Returns:
        Any: Returned value of the function.
    """
    context = multiprocessing.get_context('spawn')
    with context.Pool(1) as pool:
        return pool.apply(function, args)
