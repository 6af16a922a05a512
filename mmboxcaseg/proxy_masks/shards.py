"""Shards: the results of a run on disk, one line of json for each image.

Beside the output file ``masks.json`` lies the folder ``masks.json.shards``
with ``settings.json`` and one ``rank_K.jsonl`` for each process. A line is
flushed as soon as its image is done, so a run that is killed loses only the
image that it was working on.
"""

import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mmboxcaseg.annotations.output import write_json
from mmboxcaseg.masks import RLE

SETTINGS = 'settings.json'
_log = logging.getLogger(__name__)


def shard_dir(out_file: str) -> str:
    """Path of the folder of shards of an output file.

    Args:
        out_file (str): Path of the output file.

    Returns:
        str: Path of the folder, which need not exist.
    """
    return f'{out_file}.shards'


def shard_paths(folder: str) -> list[str]:
    """Paths of the shards in a folder.

    Args:
        folder (str): Folder of shards; it need not exist.

    Returns:
        list[str]: The paths, sorted.
    """
    if not os.path.isdir(folder):
        return []
    return [
        os.path.join(folder, name)
        for name in sorted(os.listdir(folder))
        if name.startswith('rank_') and name.endswith('.jsonl')
    ]


def iter_lines(path: str) -> Iterator[tuple[int, dict]]:
    """Read the lines of a shard, up to the first that is broken or unfinished.

    Args:
        path (str): Path of the shard.

    Yields:
        tuple[int, dict]: Offset of the end of the line in bytes, and the
        content of the line.
    """
    end = 0
    with open(path, 'rb') as file:
        for line in file:
            if not line.endswith(b'\n'):
                return
            try:
                content = json.loads(line)
            except ValueError:
                _log.warning(
                    '%s is damaged at byte %d; the images after it are done again',
                    path,
                    end,
                )
                return
            end += len(line)
            yield end, content


def done_image_ids(folder: str) -> set[Any]:
    """Ids of the images whose results are in a folder of shards.

    Args:
        folder (str): Folder of shards; it need not exist.

    Returns:
        set[int | str]: Image ids, as in the annotation file.
    """
    return {
        line['image_id'] for path in shard_paths(folder) for _, line in iter_lines(path)
    }


def first_skipped(folder: str) -> tuple[Any, str] | None:
    """The first image in a folder of shards that was skipped.

    Args:
        folder (str): Folder of shards; it need not exist.

    Returns:
        tuple[int | str, str] | None: Id of the image and the reason; None if
        no image was skipped.
    """
    for path in shard_paths(folder):
        for _, line in iter_lines(path):
            if 'skipped' in line:
                return line['image_id'], line['skipped']
    return None


def setting_differences(ours: Any, theirs: Any, key: str = '') -> list[str]:
    """List the values in which two settings differ.

    Args:
        ours (Any): Settings of this run, json values.
        theirs (Any): Settings of the shards, json values.
        key (str): Dotted key of both in the whole settings. Defaults to ''.

    Returns:
        list[str]: A text for each value that differs, such as
        ``'merge: true now, false in the shards'``.

    Example:
        >>> setting_differences(dict(merge=True, a=1), dict(merge=False, a=1))
        ['merge: true now, false in the shards']
    """
    if isinstance(ours, dict) and isinstance(theirs, dict):
        names = list(ours) + [name for name in theirs if name not in ours]
        return [
            text
            for name in names
            for text in setting_differences(
                ours.get(name), theirs.get(name), f'{key}.{name}'.lstrip('.')
            )
        ]
    if ours == theirs:
        return []
    return [f'{key}: {_short(ours)} now, {_short(theirs)} in the shards']


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f'{text[:77]}...'


def check_settings(folder: str, settings: dict[str, Any]) -> bool:
    """Check whether a folder has shards that this run can resume.

    Args:
        folder (str): Folder of shards; it need not exist.
        settings (dict): Settings of this run, json values.

    Returns:
        bool: Whether there are shards to resume.

    Raises:
        ValueError: If the shards were made with other settings.
    """
    path = os.path.join(folder, SETTINGS)
    if not os.path.isfile(path):
        return False
    with open(path, encoding='utf-8') as file:
        theirs = json.load(file)
    differences = setting_differences(json.loads(json.dumps(settings)), theirs)
    if differences:
        raise ValueError(
            f'{folder} was made with other settings, so it cannot be resumed: '
            f'{"; ".join(differences)}. Run with the former settings, or '
            'without --resume to start again from the first image'
        )
    return True


def prepare_shards(folder: str, settings: dict[str, Any], resume: bool) -> None:
    """Prepare a folder for the shards of a run.

    Only one process of a run may call it.

    Args:
        folder (str): Folder of shards.
        settings (dict): Settings of this run, json values.
        resume (bool): Whether to keep the shards that are there. If False,
            they are removed.

    Raises:
        ValueError: If the shards to resume were made with other settings.
    """
    remove_joined(folder)
    if resume and check_settings(folder, settings):
        return
    stale = shard_paths(folder)
    if stale:
        _log.warning('%s: %d shards of an earlier run are removed', folder, len(stale))
    for path in stale:
        os.remove(path)
    os.makedirs(folder, exist_ok=True)
    write_json(os.path.join(folder, SETTINGS), settings)


def remove_shards(folder: str) -> None:
    """Remove a folder of shards whose results have been joined.

    The folder is renamed first. If the process is killed while it removes the
    files, the rest must not look like shards to resume.

    Args:
        folder (str): Folder of shards.
    """
    remove_joined(folder)
    os.rename(folder, f'{folder}.joined')
    remove_joined(folder)


def remove_joined(folder: str) -> None:
    """Remove the rest of a folder whose :func:`remove_shards` was killed.

    Args:
        folder (str): Folder of shards.
    """
    if os.path.isdir(f'{folder}.joined'):
        shutil.rmtree(f'{folder}.joined')


class ShardWriter:
    """Appends the results of one process to its shard.

    An unfinished last line, left by a process that was killed, is cut off
    when the shard is opened.

    Args:
        folder (str): Folder of shards, made by :func:`prepare_shards`.
        rank (int): Rank of the process. Defaults to 0.

    Attributes:
        done (set[int | str]): Ids of the images in this shard.
    """

    def __init__(self, folder: str, rank: int = 0) -> None:
        path = os.path.join(folder, f'rank_{rank:04d}.jsonl')
        self.done: set[Any] = set()
        end = 0
        if os.path.isfile(path):
            for end, line in iter_lines(path):  # noqa: B007
                self.done.add(line['image_id'])
            os.truncate(path, end)
        self._file = open(path, 'ab')

    def append(
        self,
        image_id: Any,
        size: Sequence[int],
        ann_ids: Sequence[Any],
        rles: Sequence[RLE],
        agreements: np.ndarray,
        confidences: np.ndarray | None = None,
    ) -> None:
        """Write the results of an image unless they are in the shard already.

        A distributed sampler that pads its last round gives an image twice.

        Args:
            image_id (int | str): Id of the image.
            size (Sequence[int]): Height and width of the image in pixels.
            ann_ids (Sequence[int | str]): Ids of the N annotations.
            rles (Sequence[dict]): Masks as N compressed RLEs of that size.
            agreements (np.ndarray): (N,) float in [0, 1].
            confidences (np.ndarray, optional): (N,) float in [0, 1]; four
                decimals are written. Defaults to None.

        Raises:
            ValueError: If the numbers of ids, masks and scores differ.
        """
        if image_id in self.done:
            return
        instances = [
            dict(id=ann_id, counts=rle['counts'], agreement=float(score))
            for ann_id, rle, score in zip(ann_ids, rles, agreements, strict=True)
        ]
        if confidences is not None:
            for item, score in zip(instances, confidences, strict=True):
                # More digits have no meaning and make the file larger.
                item['confidence'] = round(float(score), 4)
        self._write(dict(image_id=image_id, size=list(size), instances=instances))

    def skip(self, image_id: Any, reason: str) -> None:
        """Write that an image was skipped, unless it is in the shard already.

        Args:
            image_id (int | str): Id of the image.
            reason (str): Why it could not be used.
        """
        if image_id not in self.done:
            self._write(dict(image_id=image_id, skipped=reason))

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line).encode('ascii') + b'\n')
        self._file.flush()
        self.done.add(line['image_id'])

    def close(self) -> None:
        """Write everything to the disk and close the shard."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
