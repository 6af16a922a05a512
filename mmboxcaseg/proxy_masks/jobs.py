"""One run in several processes on this machine."""

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
    """A part of the photos of a run, and who makes its masks.

    Attributes:
        number (int): Its number, from 0.
        of (int): How many parts there are.
    """

    number: int = 0
    of: int = 1


# Makes the masks of a part; told how far it is. What it returns is pickled.
Work = Callable[[Part, Update], Any]


def run_parts(
    work: Work, count: int, update: Update, start_method: str | None = None
) -> list[Any]:
    """Do the parts of a work, each in a process of its own.

    The processes end with this one, also where it is killed.

    Args:
        work (Callable): See :data:`Work`.
        count (int): Number of parts, 1 or more.
        update (Callable): It is told of all parts.
        start_method (str, optional): How processes are started; all but
            ``'fork'`` pickle ``work``. Defaults to None: as multiprocessing
            does.

    Returns:
        list: What the work returned of each part.

    Raises:
        ChildProcessError: If a process was ended from outside.
        Exception: The first that a part raised; the others are ended.
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
            # Only the process itself holds this end, so that the other one
            # tells when it is gone.
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
    """What the parts return, in their order."""
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
                    'perhaps since memory is short; give a lower --jobs'
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
    """Do a part in this process, and send what comes of it."""
    # Ctrl-C reaches all processes; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def update(images: int, instances: int = 0) -> None:
        sender.send(('progress', (images, instances)))

    try:
        message = 'done', work(part, update)
    # All that is raised is raised again in the first process.
    except Exception as error:
        message = 'error', _sendable(error)
    sender.send(message)
    sender.close()


def _sendable(error: Exception) -> Exception:
    """An error that can be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    # Whatever the class of the error has in store.
    except Exception:
        return RuntimeError(f'{type(error).__name__}: {error}')
    return error


def _end_with_parent() -> None:
    """Wait until the process is gone that has started this one, and go too."""
    parent = multiprocessing.parent_process()
    wait([parent.sentinel])
    os._exit(1)
