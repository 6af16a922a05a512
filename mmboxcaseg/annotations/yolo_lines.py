"""The lines of YOLO's label files.

After the number of the class stand

- four numbers: the centre and the size of a box;
- five: a box and its confidence, or its track where the fifth numbers of the
  data set are all whole and one of them is above 1;
- six: a box with confidence and track, where the data set has tracks;
  otherwise three points;
- more: the points of a polygon, and perhaps a confidence, and a track behind
  that. A turned box is a polygon of four points.

Where the data set has poses, a box with its points stands in their place, and
perhaps the same behind them.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .numbers import decimal, whole

# Boxes may reach over the border of the photo, but not by its size; points of
# polygons hardly do, and 2 among them says that a point of a pose is visible.
FARTHEST, FARTHEST_POINT = 2, 1.5


@dataclass(frozen=True)
class Line:
    """A line of a label file.

    Attributes:
        where (str): File, number and text of the line, for messages.
        label (int): Number of the class, from 0.
        values (tuple[float, ...]): The numbers behind it.
        whole_end (bool): Whether the last of them is written without a point.
    """

    where: str
    label: int
    values: tuple[float, ...]
    whole_end: bool


def parse_lines(text: str, path: str) -> list[Line]:
    """The lines of a label file that are not blank.

    Args:
        text (str): Content of the file.
        path (str): Its path, for messages.

    Returns:
        list[Line]: The lines.

    Raises:
        ValueError: If a line is not a class number and numbers as above.
    """
    lines = []
    for number, line in enumerate(text.split('\n'), 1):
        words = line.split()
        if not words:
            continue
        short = line.strip()
        short = short if len(short) <= 80 else f'{short[:77]}...'
        where = f'{path}:{number}: {short!r}'
        label = whole(words[0])
        values = [decimal(word) for word in words[1:]]
        if label is None or label < 0 or len(values) < 4 or None in values:
            raise ValueError(
                f'{where} is not a class number, the four numbers of a box, '
                'and perhaps a confidence; nor a class number and the points '
                f'of a polygon{_cure(line)}'
            )
        lines.append(
            Line(
                where,
                label,
                tuple(values),  # type: ignore[arg-type]
                words[-1].isdigit(),
            )
        )
    return lines


def _cure(line: str) -> str:
    """What to do about a line that is none, where it is known."""
    if re.fullmatch(r'[-+\d\s.eE,;]*[,;][-+\d\s.eE,;]*', line):
        return '; separate numbers by blanks, and write 0.5 for 0,5'
    words = line.split()
    if len(words) > 4 and None not in map(decimal, words[1:]):
        return '; a class is given by its number, from 0'
    return ''


@dataclass(frozen=True)
class Reading:
    """What the numbers behind boxes mean in a data set.

    Attributes:
        fifth_is_track (bool): Whether a fifth number is a track.
        sixth_is_track (bool): Whether a sixth number is a track.
        pose (tuple[int, int] | None): Points of a pose and numbers of each.
            Defaults to None: there are polygons and no poses.
        maybe_poses (bool): Whether the polygons may be poses of points that
            have two numbers. Defaults to False.
    """

    fifth_is_track: bool
    sixth_is_track: bool
    pose: tuple[int, int] | None = None
    maybe_poses: bool = False

    @classmethod
    def of(
        cls, lines: Iterable[Line], pose: tuple[int, int] | None = None
    ) -> 'Reading':
        """Find it out from all lines of a data set.

        Args:
            lines (Iterable[Line]): The lines.
            pose (tuple[int, int], optional): See the class, where it is
                known. Defaults to None: points that all lie in the box
                before them, with a third number that is 0, 1 or 2, are poses.

        Returns:
            Reading: What the lines mean.
        """
        lines = list(lines)
        long = [line for line in lines if len(line.values) > 6]
        seem = None if pose else _poses(long, 2)
        fifth, sixth, longer = [], [], bool(long)
        for line in lines:
            if len(line.values) == 5:
                fifth.append(line.values[4])
            elif len(line.values) == 6:
                sixth.append(line)
        return cls(
            all(value.is_integer() for value in fifth)
            and any(_is_track(value) for value in fifth),
            any(_is_track(value) for line in sixth for value in line.values[4:])
            or not longer
            and all(line.whole_end for line in sixth),
            pose or _poses(long, 3),
            seem is not None,
        )

    def annotation(self, line: Line, height: int, width: int) -> dict:
        """What a line says, as keys of a COCO annotation.

        Args:
            line (Line): The line.
            height (int): Height of the photo in pixels.
            width (int): Its width.

        Returns:
            dict: ``category_id``, ``bbox`` in pixels, ``iscrowd`` 0, and
            where the line has them ``segmentation``, ``score`` (0 to 1),
            ``track_id``.

        Raises:
            ValueError: If it has coordinates in pixels, or its three points
                lie on a line.
        """
        count = len(line.values)
        if self.pose and (count > 6 or count == 4 + math.prod(self.pose)):
            return self._pose(line, height, width)
        if count < 6 or count == 6 and self.sixth_is_track:
            shape, rest = line.values[:4], line.values[4:]
            _check(shape, line, FARTHEST)
            x, y, w, h = shape
            ann = _found(
                line, [(x - w / 2) * width, (y - h / 2) * height, w * width, h * height]
            )
            track = self.fifth_is_track if count == 5 else count == 6
        else:
            track = _is_track(line.values[-1])
            end = count - count % 2 - (2 if track and count % 2 == 0 else 0)
            shape, rest = line.values[:end], line.values[end:]
            _check(shape, line, FARTHEST_POINT)
            ann = _polygon(line, shape, height, width)
        if track:
            number = whole(rest[-1])
            if number is not None:
                ann['track_id'] = number
        elif len(rest) == 1 and 0 <= rest[0] <= 1:
            ann['score'] = rest[0]
        return ann

    def _pose(self, line: Line, height: int, width: int) -> dict[str, Any]:
        """The box of a pose, whose points are left out."""
        points, each = self.pose  # type: ignore[misc]
        end = 4 + points * each
        rest = line.values[end:]
        if len(line.values) < end or len(rest) > 2:
            raise ValueError(
                f'{line.where} has {len(line.values)} numbers behind its '
                f'class, where a pose of {points} points of {each} numbers '
                f'("kpt_shape" of the YAML file) has {end}'
            )
        box = replace(line, values=line.values[:4])
        ann = self.annotation(box, height, width)
        if rest and 0 <= rest[0] <= 1:
            ann['score'] = rest[0]
        if rest and _is_track(rest[-1]):
            ann['track_id'] = int(rest[-1])
        return ann


def _poses(lines: list[Line], each: int) -> tuple[int, int] | None:
    """The shape of poses where all lines seem to have one, else None.

    Args:
        lines (list[Line]): Lines of more than six numbers.
        each (int): Numbers of a point; the third is 0, 1 or 2.
    """
    counts = {len(line.values) - 4 for line in lines}
    if len(counts) != 1:
        return None
    (count,) = counts
    if count % each or count < 2 * each:
        return None
    for line in lines:
        x, y, w, h = line.values[:4]
        for place in range(4, len(line.values), each):
            px, py, *visible = line.values[place : place + each]
            inside = (
                abs(px - x) <= 0.51 * w and abs(py - y) <= 0.51 * h or px == py == 0
            )
            if not inside or not set(visible) <= {0, 1, 2}:
                return None
    return count // each, each


def _found(line: Line, bbox: list[float]) -> dict[str, Any]:
    return dict(category_id=line.label, bbox=bbox, iscrowd=0)


def _polygon(
    line: Line, shape: tuple[float, ...], height: int, width: int
) -> dict[str, Any]:
    """The box around some points, and the points in pixels."""
    xs = [x * width for x in shape[::2]]
    ys = [y * height for y in shape[1::2]]
    if len(xs) == 3 and _area(xs, ys) == 0:
        raise ValueError(
            f'{line.where} has six numbers behind its class, '
            'which are neither a box nor a triangle'
        )
    if not all(map(math.isfinite, xs + ys)):
        # Told as such and skipped, as a box of this kind is.
        return _found(line, [math.nan] * 4)
    bbox = [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
    points = [value for point in zip(xs, ys, strict=True) for value in point]
    return dict(_found(line, bbox), segmentation=[points])


def _area(xs: list[float], ys: list[float]) -> float:
    """Area of a triangle, up to what is lost in rounding."""
    double = abs((xs[1] - xs[0]) * (ys[2] - ys[0]) - (xs[2] - xs[0]) * (ys[1] - ys[0]))
    return 0.0 if double < 1e-6 else double / 2


def _is_track(value: float) -> bool:
    return value.is_integer() and value >= 2


def _check(shape: tuple[float, ...], line: Line, farthest: float) -> None:
    """Raise ValueError if coordinates seem to be in pixels."""
    for value in shape:
        if math.isfinite(value) and abs(value) > farthest:
            raise ValueError(
                f'{line.where} has {value:g}; coordinates are parts of the '
                "photo's width and height, from 0 to 1, and these seem to "
                'be pixels' + (' or points of a pose' if len(shape) > 4 else '')
            )
