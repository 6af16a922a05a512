"""What an output that exists already is, so that no other file is replaced."""

import json
import os.path as osp
from typing import Any

# Beginning of a json that boxcaseg masks, or an export of it, has written.
OPENING = '{"info": '
# Number of characters that are read of a file. Its "info" is shorter.
HEAD = 2**20


def read_head(path: str) -> str:
    """Read the beginning of a file.

    Args:
        path (str): Path of a file of any kind.

    Returns:
        str: Up to ``HEAD`` characters; bytes that are no text are replaced.
    """
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read(HEAD)


def made_and_rest(head: str) -> tuple[dict[str, Any] | None, str]:
    """Find the settings that masks were made with at the beginning of a json.

    Args:
        head (str): Beginning of the json, see :func:`read_head`.

    Returns:
        tuple[dict | None, str]: ``info.proxy_masks``, or None if the json
        does not begin with it; what follows ``info``.
    """
    if not head.startswith(OPENING):
        return None, ''
    try:
        info, end = json.JSONDecoder().raw_decode(head, len(OPENING))
    except (ValueError, RecursionError):
        return None, ''
    made = info.get('proxy_masks') if isinstance(info, dict) else None
    return made if isinstance(made, dict) else None, head[end:]


def check_masks_output(path: str) -> None:
    """Check that ``boxcaseg masks`` may write to a path.

    Args:
        path (str): Path of the json to write; no folder and no device.

    Raises:
        ValueError: If the path exists and is not an empty file or a file with
            ``info.proxy_masks``, which ``boxcaseg masks`` writes.
    """
    if not osp.exists(path):
        return
    head = read_head(path)
    if head and made_and_rest(head)[0] is None:
        raise ValueError(
            f'--out: {path} exists, and boxcaseg masks did not write it; give '
            'another name, or remove the file'
        )
