"""Text and json that are written whole: a file is absent or complete."""

import glob
import json
import os
from typing import Any


def remove_unfinished(path: str) -> None:
    """Remove what processes left that were killed in :func:`write_json`.

    Args:
        path (str): Path of the json; nobody else may be writing it.
    """
    for one in glob.glob(f'{glob.escape(path)}.*.tmp'):
        os.remove(one)


def write_json(path: str, content: Any) -> None:
    """Write a json file so that it is either absent or complete.

    Args:
        path (str): The file.
        content (Any): json values.

    Raises:
        OSError: If it can't be written.
        ValueError: If there is something else than a file.
    """
    check_output(path)
    # The process id keeps processes apart that write the same file.
    temporary = f'{path}.{os.getpid()}.tmp'
    try:
        with open(temporary, 'w', encoding='utf-8') as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def check_output(path: str) -> None:
    """Raise ValueError if a path is neither a file nor free to be one.

    A finished file takes the place of what is there, which a folder can't
    make way for and a device, such as the null device, must not.

    Args:
        path (str): Path of a file to write.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        what = 'a folder' if os.path.isdir(path) else 'no ordinary file'
        raise ValueError(f'{path} is {what}; name a file to write')


def write_text(path: str, text: str) -> None:
    """Write a UTF-8 text file, with folders above it as needed.

    Args:
        path (str): Path of the file.
        text (str): What it holds; lines end with ``\\n`` on every system.
    """
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    with open(path, 'w', encoding='utf-8', newline='\n') as file:
        file.write(text)
