"""Timing two sides in turn, and the rows of the table."""

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
    """A line of the table.

    Attributes:
        what (str): What was measured.
        unit (str): Unit of ``ours`` and ``plain``.
        ours (float): This package's way.
        plain (float | None): The way it is compared with, if there is one.
    """

    what: str
    unit: str
    ours: float
    plain: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times faster ours is; None without a comparison."""
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
    """Median duration of each side, the sides taking turns.

    What else the machine does then falls on all sides alike. By default it
    is the processor time of this process: both sides run on one thread, and
    waiting while other programs have the core is nobody's cost.

    Args:
        sides (Mapping[str, Callable]): Functions without arguments, by name.
        repeats (int): Measured rounds. Defaults to 5.
        warm_up (int): Rounds before that. Defaults to 1.
        clock (Callable): Returns seconds. Defaults to ``time.process_time``.

    Returns:
        dict[str, float]: Milliseconds, by name.
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
    """Rows of sides that took turns.

    Args:
        ms (Mapping[str, float]): What :func:`in_turn` returned.
        rows (Sequence[tuple[str, str, str]]): What is compared, our side and
            the plain one. Without one of the two there is no row.
        count (int): What the durations are divided by. Defaults to 1.
        name (str): What the texts begin with. Defaults to ''.

    Returns:
        list[Row]: The rows, in milliseconds.
    """
    return [
        Row(name + what, 'ms', ms[ours] / count, ms[plain] / count)
        for what, ours, plain in rows
        if {ours, plain} <= ms.keys()
    ]


def peak_memory() -> int:
    """Most memory this process ever had in use, in bytes (Linux only)."""
    return 1024 * _field('/proc/self/status', 'VmHWM:')


def private_memory() -> int:
    """Memory of this process that it shares with no other, in bytes (Linux
    only)."""
    return 1024 * _field('/proc/self/smaps_rollup', 'Private_')


def _field(path: str, start: str) -> int:
    """Sum of the numbers in the lines that start so."""
    with open(path, encoding='ascii') as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(start))


def in_fresh_process(function: Callable, *args: Any) -> Any:
    """What a function returns in a process that has imported nothing yet.

    Args:
        function (Callable): Function of a module, not nested.
        *args: Its arguments; they and the result are pickled.
    """
    context = multiprocessing.get_context('spawn')
    with context.Pool(1) as pool:
        return pool.apply(function, args)
