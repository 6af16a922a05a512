"""The results of single images, looked up in the shards of a run."""

import json
from collections import OrderedDict
from typing import IO, Any

import numpy as np

from mmboxcaseg.annotations import SCORES
from mmboxcaseg.masks import RLE, encode_rle

from .shards import iter_lines, shard_paths

# Lines kept parsed: annotations of an image seldom stand far apart, and a
# fixed number keeps memory from growing with the masks.
CACHED_LINES = 256


class ShardReader:
    """Looks up the results of single images in a folder of shards.

    It is a context manager that closes the shards. In memory it keeps where
    each line of a shard begins, but not the lines.

    Args:
        folder (str): Folder of shards.

    Attributes:
        folder (str): The folder.
        skipped (dict[int | str, str]): Why an image was skipped, by its id.
        scores (set[str]): Those of ``SCORES`` that the masks have.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.skipped: dict[Any, str] = {}
        self.scores: set[str] = set()
        self._files: list[IO[bytes]] = []
        self._places: dict[Any, tuple[int, int]] = {}
        self._lines: OrderedDict[Any, dict] = OrderedDict()
        for number, path in enumerate(shard_paths(folder)):
            start = 0
            for end, line in iter_lines(path):
                self._places.setdefault(line['image_id'], (number, start))
                if 'skipped' in line:
                    self.skipped[line['image_id']] = line['skipped']
                for item in line.get('instances', ()):
                    self.scores.update(item.keys() & SCORES)
                start = end
            self._files.append(open(path, 'rb'))
        # If all masks are kept, none was predicted and had scores.
        self.scores = self.scores or set(SCORES)

    def __enter__(self) -> 'ShardReader':
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._files:
            file.close()

    def find(self, image_id: Any, ann_id: Any) -> tuple[RLE, dict[str, float]] | None:
        """Look up the mask and the scores of an annotation.

        Args:
            image_id (int | str): Id of the image.
            ann_id (int | str): Id of the annotation.

        Returns:
            tuple[dict, dict[str, float]] | None: The mask as compressed RLE,
            and its scores by their keys in the output; None if the shards
            have no such mask.
        """
        if image_id not in self._places:
            return None
        if image_id not in self._lines:
            number, start = self._places[image_id]
            self._files[number].seek(start)
            line = json.loads(self._files[number].readline())
            line['instances'] = {item['id']: item for item in line['instances']}
            self._lines[image_id] = line
            if len(self._lines) > CACHED_LINES:
                self._lines.popitem(last=False)
        line = self._lines[image_id]
        item = line['instances'].get(ann_id)
        if item is None:
            return None
        rle: RLE = dict(size=line['size'], counts=item['counts'])
        return rle, {f'proxy_{name}': item[name] for name in SCORES if name in item}

    def empty(self, height: int, width: int) -> tuple[RLE, dict[str, float]]:
        """The empty mask of an image that was skipped, with scores of 0.

        Args:
            height (int): Height of the image in pixels.
            width (int): Width of the image in pixels.

        Returns:
            tuple[dict, dict[str, float]]: As :meth:`find` returns them.
        """
        rle = encode_rle(np.zeros((0, 0), dtype=bool), (0, 0, 0, 0), height, width)
        return rle, self.all_scores(0.0)

    def all_scores(self, value: float) -> dict[str, float]:
        """The scores of a mask that has the same value in all of them.

        Args:
            value (float): The value, in [0, 1].

        Returns:
            dict[str, float]: The value by the keys of the scores.
        """
        # Not in the order of the set, which differs from process to process.
        return {f'proxy_{name}': value for name in SCORES if name in self.scores}
