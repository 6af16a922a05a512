"""A run in several processes on this machine."""

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from mmboxcaseg.progress import Update


@dataclass(frozen=True)
class Part:
    """A part of the photos of a run, which one process works on.

    Attributes:
        number (int): Number of the part, from 0. Defaults to 0.
        of (int): Number of parts. Defaults to 1.
    """

    number: int = 0
    of: int = 1


# Makes the masks of a part and calls the function with its progress. The
# returned value is pickled.
Work = Callable[[Part, Update], Any]


def run_parts(
    work: Work, count: int, update: Update, start_method: str | None = None
) -> list[Any]:
    """Call a function for each part, each in a process of its own.

    The processes end with this one, even if it is killed.

    Args:
        work (Callable): Function of a part, see :data:`Work`.
        count (int): Number of parts, 1 or more.
        update (Callable[[int, int], None]): Function that takes the numbers
            of images and of instances that any part has done since the last
            call.
        start_method (str, optional): Start method of multiprocessing; all but
            ``'fork'`` pickle ``work``. Defaults to None: the default of
            multiprocessing.

    Returns:
        list: Returned values of the parts, in their order.

    Raises:
        ChildProcessError: If a process was ended from outside.
        Exception: The first exception of a part; the other processes are
            ended.
    """
    context: Any = multiprocessing.get_context(start_method)
    parts: dict[Connection, int] = {}
    processes: list[multiprocessing.Process] = []
    try:
        for number in range(count):
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(
                target=_do_part, args=(work, Part(number, count), sender)
            )
            process.start()
            # Once only the process itself holds this end, the other end
            # shows when the process is gone.
            sender.close()
            parts[receiver] = number
            processes.append(process)
        return _collect(parts, processes, update)
    except BaseException:
        for process in processes:
            process.terminate()
        raise
    finally:
        for process in processes:
            process.join()


def _collect(
    parts: dict[Connection, int],
    processes: list[multiprocessing.Process],
    update: Update,
) -> list[Any]:
    """Returned values of the parts, in their order."""
    found: list[Any] = [None] * len(parts)
    left = dict(parts)
    while left:
        for receiver in cast(list[Connection], wait(list(left))):
            number = left[receiver]
            try:
                kind, value = receiver.recv()
            except EOFError:
                processes[number].join()
                raise ChildProcessError(
                    f'process {number + 1} of {len(parts)} was ended from '
                    f'outside (exit status {processes[number].exitcode}), '
                    'perhaps because memory ran out; give a lower --jobs'
                ) from None
            if kind == 'error':
                raise value
            if kind == 'progress':
                update(*value)
            else:
                found[number] = value
                del left[receiver]
    return found


def _do_part(work: Work, part: Part, sender: Connection) -> None:
    """Do a part in this process, and send its result or its error."""
    # Ctrl-C reaches all processes; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def update(images: int, instances: int = 0) -> None:
        sender.send(('progress', (images, instances)))

    try:
        message = 'done', work(part, update)
    # Any error is raised again in the first process.
    except Exception as error:
        message = 'error', _sendable(error)
    sender.send(message)
    sender.close()


def _sendable(error: Exception) -> Exception:
    """The error, or one with the same message that can be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    # Pickling calls methods of the error, which may raise anything.
    except Exception:
        return RuntimeError(f'{type(error).__name__}: {error}')
    return error


def _end_with_parent() -> None:
    """End this process when the process that started it is gone."""
    parent = multiprocessing.parent_process()
    wait([parent.sentinel])
    os._exit(1)
