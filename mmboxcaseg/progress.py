"""The progress of long work, and the time left."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as BarProgress

# A function that takes the numbers of images and of instances done since its
# last call.
Update = Callable[..., None]
# What is counted unless a caller names something else.
IMAGES = 'images'


class Progress:
    """Counts what is done and works out the rate and the time left.

    Args:
        total (int): Number of images to process.
        interval (float): Minimum time between two lines, in seconds. Defaults
            to 5.
        clock (Callable): Returns seconds; for tests. Defaults to
            ``time.monotonic``.
        unit (str): Plural noun for what is counted. Defaults to ``'images'``,
            whose instances are counted too.
    """

    def __init__(
        self,
        total: int,
        interval: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        unit: str = IMAGES,
    ) -> None:
        self.total = total
        self.interval = interval
        self.unit = unit
        self.images = 0
        self.instances = 0
        self._clock = clock
        self._start = self._last = clock()

    def update(self, images: int, instances: int = 0) -> str | None:
        """Count what has been done since the last call.

        Args:
            images (int): Number of images, or of what ``unit`` names.
            instances (int): Number of instances in the images. Defaults to 0.

        Returns:
            str | None: A line such as ``'120/500 images, 843 instances, 3.1
            images/s, 0:02:02 left'`` if one is due, and after the last image;
            None otherwise.
        """
        self.images += images
        self.instances += instances
        now = self._clock()
        if now - self._last < self.interval and self.images < self.total:
            return None
        self._last = now
        # The first images may be done within the clock's resolution.
        rate = self.images / max(now - self._start, 1e-9)
        left = max(self.total - self.images, 0) / rate if rate else 0.0
        counted = f'{self.images}/{self.total} {self.unit}'
        if self.unit == IMAGES:
            counted += f', {self.instances} instances'
        return (
            f'{counted}, {rate:.1f} {self.unit}/s, '
            f'{timedelta(seconds=round(left))} left'
        )


@contextmanager
def show_progress(
    total: int,
    title: str = '',
    stream: TextIO | None = None,
    quiet: bool = False,
    unit: str = IMAGES,
) -> Iterator[Update]:
    """Show the progress of some work on standard error.

    A terminal shows one bar. A log file or a pipe gets a line every five
    seconds with the time left.

    Args:
        total (int): Number of images to come.
        title (str): Name of the work, in a word or two. Defaults to ''.
        stream (TextIO, optional): Stream to write to. Defaults to None:
            standard error.
        quiet (bool): Whether nothing is shown, as in all processes but one.
            Defaults to False.
        unit (str): Plural noun for what is counted. Defaults to ``'images'``,
            whose instances are counted too.

    Yields:
        Callable[[int, int], None]: A function to call with the numbers of
        images and of instances that have been done since the last call.
    """
    stream = stream or sys.stderr
    if quiet:
        yield lambda images, instances=0: None
        return
    if stream.isatty():
        with _bar(stream, unit) as bar:
            task = bar.add_task(title, total=total, instances=0)

            def update(images: int, instances: int = 0) -> None:
                bar.update(
                    task,
                    advance=images,
                    instances=bar.tasks[0].fields['instances'] + instances,
                )

            yield update
        return
    progress = Progress(total, unit=unit)
    before = f'{title}: ' if title else ''

    def write(images: int, instances: int = 0) -> None:
        line = progress.update(images, instances)
        if line:
            print(before + line, file=stream, flush=True)

    yield write


class Steps:
    """Shows the progress of a training with its losses and the time left.

    Args:
        total (int): Number of iterations.
        done (int): Iterations of earlier runs. Defaults to 0.
        stream (TextIO, optional): Stream to write to. Defaults to None:
            standard error.
        interval (float): Least time between two lines where there is no
            terminal, in seconds. Defaults to 30.
        clock (Callable): Returns seconds; for tests. Defaults to
            ``time.monotonic``.
    """

    def __init__(
        self,
        total: int,
        done: int = 0,
        stream: TextIO | None = None,
        interval: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self.interval = interval
        self._done = self._before = done
        self._stream = stream or sys.stderr
        self._clock = clock
        self._start = self._last = clock()
        self._shown: BarProgress | None = None

    def __enter__(self) -> 'Steps':
        if self._stream.isatty():
            self._shown = _step_bar(self._stream)
            self._shown.start()
            self._shown.add_task('', total=self.total, completed=self._done, losses='')
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown:
            self._shown.stop()

    def update(self, done: int, losses: str) -> None:
        """Show how many iterations are done.

        Args:
            done (int): Number of iterations, those of earlier runs included.
            losses (str): The losses as text.
        """
        self._done = done
        if self._shown:
            (task,) = self._shown.task_ids
            self._shown.update(task, completed=done, losses=losses)
            return
        now = self._clock()
        if now - self._last < self.interval and done < self.total:
            return
        self._last = now
        self.tell(f'{losses}, {self._left(now)} left')

    def tell(self, text: str) -> None:
        """Write a line that begins with the number of iterations done.

        Args:
            text (str): The text behind that number.
        """
        line = f'{self._done}/{self.total} iterations: {text}'
        if self._shown:
            self._shown.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=self._stream, flush=True)

    def _left(self, now: float) -> timedelta:
        done = max(self._done - self._before, 1)
        seconds = (now - self._start) / done * max(self.total - self._done, 0)
        return timedelta(seconds=round(seconds))


def _step_bar(stream: TextIO) -> 'BarProgress':
    """A bar with iterations, losses and the time left."""
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn('iterations, {task.fields[losses]}'),
        progress.TimeRemainingColumn(),
        console=Console(file=stream),
    )


def _bar(stream: TextIO, unit: str) -> 'BarProgress':
    """A bar with counts and the time left."""
    counted = ', {task.fields[instances]} instances' if unit == IMAGES else ''
    # Commands that show no bar need not wait for the import.
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn('{task.description}'),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn(unit + counted),
        progress.TimeRemainingColumn(),
        console=Console(file=stream),
    )
