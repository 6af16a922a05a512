"""Writing text and json files."""

import glob
import json
import os
from typing import Any


def remove_unfinished(path: str) -> None:
    """Remove temporary files of processes that were killed while writing.

    Args:
        path (str): Path that was given to :func:`write_json`. No other
            process may be writing to it.
    """
    for one in glob.glob(f'{glob.escape(path)}.*.tmp'):
        os.remove(one)


def write_json(path: str, content: Any) -> None:
    """Write a json file so that it is either absent or complete.

    Args:
        path (str): Path of the file.
        content (Any): Json values.

    Raises:
        OSError: If the file can't be written.
        ValueError: If the path is a folder or a device.
    """
    check_output(path)
    # With its id in the name, no process overwrites another's temporary file.
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
    """Check that a file can be written to a path.

    A finished file replaces what is there. A folder can't be replaced, and a
    device, such as ``/dev/null``, must not be.

    Args:
        path (str): Path of a file to write.

    Raises:
        ValueError: If the path exists and is no ordinary file.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        what = 'a folder' if os.path.isdir(path) else 'no ordinary file'
        raise ValueError(f'{path} is {what}; give the path of a file to write')


def check_output_folder(option: str, path: str) -> None:
    """Check that a folder exists or can be made.

    Args:
        option (str): Option that names the folder, for the message.
        path (str): Path of the folder.

    Raises:
        ValueError: If the path, or one above it, is a file.
    """
    parent = os.path.abspath(path)
    while not os.path.lexists(parent):
        parent = os.path.dirname(parent)
    if os.path.isdir(parent):
        return
    if parent == os.path.abspath(path):
        raise ValueError(f'{option}: {path} is a file; give the path of a folder')
    raise ValueError(
        f'{option}: {path} lies below {parent}, which is a file; give another path'
    )


def check_not_photos(option: str, path: str, img_dir: str) -> None:
    """Check that an output does not fill the folder of the photos.

    Args:
        option (str): Option that names the output, for the message.
        path (str): Path of the output folder; it need not exist.
        img_dir (str): Folder of the photos.

    Raises:
        ValueError: If both are the same folder.
    """
    if os.path.exists(path) and os.path.samefile(path, img_dir):
        raise ValueError(
            f'{option}: {path} is the folder of the photos; give another folder'
        )


def write_text(path: str, text: str) -> None:
    """Write a UTF-8 text file, and make its folder if there is none.

    Args:
        path (str): Path of the file.
        text (str): Content of the file. Lines end with ``\\n`` on every
            system.

    Raises:
        OSError: If the file can't be written.
    """
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    with open(path, 'w', encoding='utf-8', newline='\n') as file:
        file.write(text)
