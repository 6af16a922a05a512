"""Reading the lines of YOLO's label files.

A line has the number of the class, followed by

- four numbers: centre and size of a box;
- five numbers: a box and its confidence. It is a box and its track instead if
  the fifth numbers of the data set are all whole and one of them is above 1;
- six numbers: a box, its confidence and its track if the data set has tracks,
  otherwise the three points of a polygon;
- more numbers: the points of a polygon, then perhaps a confidence, then
  perhaps a track. A rotated box is a polygon of four points.

In a data set of poses, long lines have a box and the points of a pose, then
perhaps a confidence and a track.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .numbers import decimal, whole

# Largest coordinates, as fractions of the photo's size. Boxes may reach out
# of the photo, points of polygons hardly do. A larger number is taken for
# pixels; a 2 among points may also mean that a point of a pose is visible.
FARTHEST, FARTHEST_POINT = 2, 1.5


@dataclass(frozen=True)
class Line:
    """A line of a label file.

    Attributes:
        where (str): File, number and text of the line, for messages.
        label (int): Number of the class, from 0.
        values (tuple[float, ...]): The numbers that follow it.
        whole_end (bool): Whether the last number is written without a decimal
            point.
    """

    where: str
    label: int
    values: tuple[float, ...]
    whole_end: bool


def parse_lines(text: str, path: str) -> list[Line]:
    """Parse the lines of a label file.

    Args:
        text (str): Content of the file.
        path (str): Path of the file, for messages.

    Returns:
        list[Line]: The lines that are not blank.

    Raises:
        ValueError: If a line is not a class number followed by at least four
            numbers.

    Example:
        >>> (line,) = parse_lines('2 0.5 0.5 0.25 0.5', 'a.txt')
        >>> line.label, line.values
        (2, (0.5, 0.5, 0.25, 0.5))
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
                f'{where} is neither a class number with the four numbers of a '
                'box and perhaps a confidence, nor a class number with the '
                f'points of a polygon{_cure(line)}'
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
    """How to correct a line that is not valid, if that is clear."""
    if re.fullmatch(r'[-+\d\s.eE,;]*[,;][-+\d\s.eE,;]*', line):
        return '; separate numbers by blanks, and write 0.5 for 0,5'
    words = line.split()
    if len(words) > 4 and None not in map(decimal, words[1:]):
        return '; a class is given by its number, from 0'
    return ''


@dataclass(frozen=True)
class Reading:
    """How the lines of a data set are to be read.

    Attributes:
        fifth_is_track (bool): Whether a fifth number is a track, not a
            confidence.
        sixth_is_track (bool): Whether a sixth number is a track, so that six
            numbers are a box and not three points.
        pose (tuple[int, int] | None): Number of points of a pose, and numbers
            per point. None if long lines are polygons. Defaults to None.
        maybe_poses (bool): Whether the polygons may really be poses whose
            points have two numbers. Defaults to False.
    """

    fifth_is_track: bool
    sixth_is_track: bool
    pose: tuple[int, int] | None = None
    maybe_poses: bool = False

    @classmethod
    def of(
        cls, lines: Iterable[Line], pose: tuple[int, int] | None = None
    ) -> 'Reading':
        """Find out how to read the lines of a data set.

        Args:
            lines (Iterable[Line]): All lines of the data set.
            pose (tuple[int, int], optional): Number of points of a pose, and
                numbers per point, if they are known. Defaults to None: long
                lines are poses if their points have a third number that is 0,
                1 or 2, and all lie in the box of their line.

        Returns:
            Reading: How to read the lines.
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
        """Convert a line to a COCO annotation without ids.

        Args:
            line (Line): The line.
            height (int): Height of the photo in pixels.
            width (int): Width of the photo in pixels.

        Returns:
            dict: ``category_id``, ``bbox`` as x, y, width, height in pixels,
            ``iscrowd`` 0; if the line has them also ``segmentation`` in
            pixels, ``score`` in [0, 1] and ``track_id``.

        Raises:
            ValueError: If coordinates seem to be in pixels, three points lie
                on a straight line, or a pose has another number of points
                than the data set.
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
        """Convert the box of a pose to an annotation; its points are dropped."""
        points, each = self.pose  # type: ignore[misc]
        end = 4 + points * each
        rest = line.values[end:]
        if len(line.values) < end or len(rest) > 2:
            raise ValueError(
                f'{line.where} has {len(line.values)} numbers after its class, '
                f'but a pose of {points} points with {each} numbers each '
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
    """The shape of poses if all lines seem to be poses, else None.

    Args:
        lines (list[Line]): Lines of more than six numbers.
        each (int): Numbers per point, 2 or 3; the third is 0, 1 or 2.

    Returns:
        tuple[int, int] | None: Points of a pose and numbers per point.
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
    """An annotation with a polygon and the box around it."""
    xs = [x * width for x in shape[::2]]
    ys = [y * height for y in shape[1::2]]
    if len(xs) == 3 and _area(xs, ys) == 0:
        raise ValueError(
            f'{line.where} has six numbers after its class, which are neither '
            'a box with confidence and track nor a triangle'
        )
    if not all(map(math.isfinite, xs + ys)):
        # A box that is not finite is reported and skipped.
        return _found(line, [math.nan] * 4)
    bbox = [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
    points = [value for point in zip(xs, ys, strict=True) for value in point]
    return dict(_found(line, bbox), segmentation=[points])


def _area(xs: list[float], ys: list[float]) -> float:
    """Area of a triangle; 0 if it is no more than a rounding error."""
    double = abs((xs[1] - xs[0]) * (ys[2] - ys[0]) - (xs[2] - xs[0]) * (ys[1] - ys[0]))
    return 0.0 if double < 1e-6 else double / 2


def _is_track(value: float) -> bool:
    return value.is_integer() and value >= 2


def _check(shape: tuple[float, ...], line: Line, farthest: float) -> None:
    """Raise ValueError if coordinates seem to be in pixels."""
    for value in shape:
        if math.isfinite(value) and abs(value) > farthest:
            raise ValueError(
                f'{line.where} has {value:g}; coordinates must be fractions of '
                "the photo's width and height, from 0 to 1, but these seem to "
                'be pixels' + (' or points of a pose' if len(shape) > 4 else '')
            )
