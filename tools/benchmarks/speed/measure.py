"""Timing two sides in turn, and the rows of the table."""
import gc
import multiprocessing
import statistics
import time
from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence


@dataclass
class Row:
    """A line of the table.

    Attributes:
        what (str): What was measured.
        unit (str): Unit of ``plain`` and ``ours``.
        plain (float, optional): The way it is compared with.
        ours (float): This package's way.
        ratio (float, optional): How many times faster ours is where the goal
            begins with "at least", otherwise ours over plain.
        goal (str): The goal in words, '' where there is none.
        met (bool, optional): Whether it is reached; None without a goal.
    """
    what: str
    unit: str
    plain: Optional[float]
    ours: float
    ratio: Optional[float] = None
    goal: str = ''
    met: Optional[bool] = None


def speedup(what: str,
            unit: str,
            plain: float,
            ours: float,
            least: Optional[float] = None) -> Row:
    """Row of two durations, whose ratio is plain over ours."""
    ratio = plain / ours
    if least is None:
        return Row(what, unit, plain, ours, ratio)
    return Row(what, unit, plain, ours, ratio, f'at least {least:g}', ratio
               >= least)


def cost(what: str,
         unit: str,
         plain: float,
         ours: float,
         most: Optional[float] = None) -> Row:
    """Row of two durations, whose ratio is ours over plain."""
    ratio = ours / plain
    if most is None:
        return Row(what, unit, plain, ours, ratio)
    return Row(what, unit, plain, ours, ratio, f'at most {most:g}', ratio
               <= most)


def limit(what: str, unit: str, ours: float, most: float) -> Row:
    """Row of one number that has an upper limit in its own unit."""
    return Row(what, unit, None, ours, None, f'at most {most:g} {unit}', ours
               <= most)


def in_turn(
        sides: Dict[str, Callable[[], Any]],
        repeats: int = 5,
        warm_up: int = 1,
        clock: Callable[[], float] = time.process_time) -> Dict[str, float]:
    """Median duration of each side, the sides taking turns.

    What else the machine does then falls on all sides alike. By default it
    is the processor time of this process: both sides run on one thread, and
    waiting while other programs have the core is nobody's cost.

    Args:
        sides (dict[str, Callable]): Functions without arguments, by name.
        repeats (int): Measured rounds. Defaults to 5.
        warm_up (int): Rounds before that. Defaults to 1.
        clock (Callable): Returns seconds. Defaults to ``time.process_time``.

    Returns:
        dict[str, float]: Seconds, by name.
    """
    taken: Dict[str, List[float]] = {name: [] for name in sides}
    for turn in range(warm_up + repeats):
        for name, function in sides.items():
            gc.collect()
            start = clock()
            function()
            if turn >= warm_up:
                taken[name].append(clock() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


def peak_memory() -> int:
    """Most memory this process ever had in use, in bytes (Linux only)."""
    with open('/proc/self/status', encoding='ascii') as file:
        for line in file:
            if line.startswith('VmHWM:'):
                return int(line.split()[1]) * 1024
    raise OSError('/proc/self/status: no line VmHWM; the benchmark needs '
                  'Linux to measure memory')


def in_fresh_process(function: Callable, *args: Any) -> Any:
    """What a function returns in a process that has imported nothing yet.

    Args:
        function (Callable): Of a module, not nested.
        *args: Its arguments; they and the result are pickled.
    """
    context = multiprocessing.get_context('spawn')
    with context.Pool(1) as pool:
        return pool.apply(function, args)


def to_dict(row: Row) -> Dict[str, Any]:
    """The row as json values."""
    return asdict(row)


def number(value: Optional[float]) -> str:
    """Three digits of a number, '' for None."""
    if value is None:
        return ''
    if value and abs(value) < 1000:
        return f'{value:.3g}'
    return f'{value:.0f}'


def table(rows: Sequence[Row], markdown: bool = False) -> str:
    """The rows as text.

    Args:
        rows (Sequence[Row]): Rows.
        markdown (bool): A Markdown table instead of aligned columns.
            Defaults to False.

    Returns:
        str: Lines, the last one ended too.
    """
    head = ['what', 'unit', 'plain', 'ours', 'ratio', 'goal', 'met']
    met = {True: 'yes', False: 'NO', None: ''}
    cells = [[
        row.what, row.unit,
        number(row.plain),
        number(row.ours),
        number(row.ratio), row.goal, met[row.met]
    ] for row in rows]
    if markdown:
        lines = [head, ['---'] * len(head), *cells]
        return ''.join(f'| {" | ".join(line)} |\n' for line in lines)
    widths = [max(map(len, column)) for column in zip(head, *cells)]
    return ''.join(
        '  '.join(cell.ljust(width)
                  for cell, width in zip(line, widths)).rstrip() + '\n'
        for line in [head, *cells])
