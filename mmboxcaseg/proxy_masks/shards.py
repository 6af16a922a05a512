"""Results on disk while a run is under way, one json line an image.

Next to the output file ``masks.json`` stands the folder ``masks.json.shards``
with ``settings.json`` and one ``rank_K.jsonl`` a process. A line is flushed
as soon as its image is done, so a run killed at any moment loses the image it
was at and no more.
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
    """The folder in which the shards of an output file are kept."""
    return f'{out_file}.shards'


def shard_paths(folder: str) -> list[str]:
    """The shards in a folder, sorted; none if the folder does not exist."""
    if not os.path.isdir(folder):
        return []
    return [
        os.path.join(folder, name)
        for name in sorted(os.listdir(folder))
        if name.startswith('rank_') and name.endswith('.jsonl')
    ]


def iter_lines(path: str) -> Iterator[tuple[int, dict]]:
    """The whole lines of a shard, up to the first broken one.

    Args:
        path (str): Path of the shard.

    Yields:
        tuple[int, dict]: Offset behind the line in bytes, and its content.
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
                    '%s is damaged at byte %d; what follows there is done again',
                    path,
                    end,
                )
                return
            end += len(line)
            yield end, content


def done_image_ids(folder: str) -> set[Any]:
    """Ids of the images whose results are in the shards of a folder.

    Args:
        folder (str): Folder of shards; it need not exist.

    Returns:
        set: Image ids, as in the annotation file.
    """
    return {
        line['image_id'] for path in shard_paths(folder) for _, line in iter_lines(path)
    }


def first_skipped(folder: str) -> tuple[Any, str] | None:
    """An image that an earlier run could not use, if there is one.

    Args:
        folder (str): Folder of shards; it need not exist.

    Returns:
        tuple or None: Image id and reason.
    """
    for path in shard_paths(folder):
        for _, line in iter_lines(path):
            if 'skipped' in line:
                return line['image_id'], line['skipped']
    return None


def setting_differences(ours: Any, theirs: Any, key: str = '') -> list[str]:
    """What two settings differ in, one line a leaf.

    Args:
        ours (Any): Settings as json values.
        theirs (Any): Settings as json values.
        key (str): Dotted name of the place they come from. Defaults to ''.

    Returns:
        list[str]: Such as ``'merge: true now, false in the shards'``.
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
    """Whether a folder holds shards to resume, made with these settings.

    Args:
        folder (str): Folder of shards; it need not exist.
        settings (dict): Settings of this run, json values.

    Returns:
        bool: False if there is nothing to resume.

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
            'without --resume to start afresh'
        )
    return True


def prepare_shards(folder: str, settings: dict[str, Any], resume: bool) -> None:
    """Make a folder ready for the shards of a run; for one process to call.

    Args:
        folder (str): Folder of shards.
        settings (dict): Settings of this run, json values.
        resume (bool): Keep what is in the folder. If False, or if there is
            nothing to resume, results in it are removed.

    Raises:
        ValueError: If asked to resume what was made with other settings.
    """
    remove_joined(folder)
    if resume and check_settings(folder, settings):
        return
    stale = shard_paths(folder)
    if stale:
        _log.warning('%s: starting afresh, removing %d shards', folder, len(stale))
    for path in stale:
        os.remove(path)
    os.makedirs(folder, exist_ok=True)
    write_json(os.path.join(folder, SETTINGS), settings)


def remove_shards(folder: str) -> None:
    """Remove a folder of shards whose results have been joined.

    It is renamed first: a folder that was half removed when the process was
    killed must not look like one to resume.
    """
    remove_joined(folder)
    os.rename(folder, f'{folder}.joined')
    remove_joined(folder)


def remove_joined(folder: str) -> None:
    """Remove what a process left that was killed in :func:`remove_shards`."""
    if os.path.isdir(f'{folder}.joined'):
        shutil.rmtree(f'{folder}.joined')


class ShardWriter:
    """Appends the results of one process to its shard.

    A last line that was being written when the process was killed is cut off
    on opening.

    Args:
        folder (str): Folder of shards, made by :func:`prepare_shards`.
        rank (int): Rank of the process. Defaults to 0.

    Attributes:
        done (set): Ids of the images in this shard.
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
        """Write the results of an image, once.

        A sampler that fills up the last round gives an image twice: the
        second time nothing is written.

        Args:
            image_id (int or str): Id of the image.
            size (Sequence[int]): Height and width of the image in pixels.
            ann_ids (Sequence[int or str]): N annotation ids.
            rles (Sequence[dict]): N compressed RLEs of that size.
            agreements (np.ndarray): (N,) float in [0, 1].
            confidences (np.ndarray, optional): (N,) float in [0, 1]; four
                decimals are written. Defaults to None.
        """
        if image_id in self.done:
            return
        instances = [
            dict(id=ann_id, counts=rle['counts'], agreement=float(score))
            for ann_id, rle, score in zip(ann_ids, rles, agreements, strict=True)
        ]
        if confidences is not None:
            for item, score in zip(instances, confidences, strict=True):
                # Further digits mean nothing and fill the file.
                item['confidence'] = round(float(score), 4)
        self._write(dict(image_id=image_id, size=list(size), instances=instances))

    def skip(self, image_id: Any, reason: str) -> None:
        """Write that an image could not be used, once.

        Args:
            image_id (int or str): Id of the image.
            reason (str): What is wrong with it.
        """
        if image_id not in self.done:
            self._write(dict(image_id=image_id, skipped=reason))

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line).encode('ascii') + b'\n')
        self._file.flush()
        self.done.add(line['image_id'])

    def close(self) -> None:
        """Put everything on the disk and close the file."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
