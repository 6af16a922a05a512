"""Scores of a file of masks as typed rows, with a table and a json of them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mmboxcaseg.markdown import markdown_table

# What a row scores: the masks, or their filled boxes as a baseline.
MASKS, BOX = 'masks', 'box'
# The part of the masks that a row scores: all, or some by the size of the true
# mask, by how much other boxes cover, or by a threshold.
PARTS = ('all', 'small', 'medium', 'large', 'free', 'covered', 'kept', 'ignored')
# Columns of the table, with their metrics.
COLUMNS = {
    'mIoU*': 'mIoU_star',
    'mIoU': 'mIoU',
    'IoU@25': 'IoU@25',
    'IoU@50': 'IoU@50',
    'IoU@70': 'IoU@70',
    'IoU@75': 'IoU@75',
}


@dataclass(frozen=True)
class ScoreRow:
    """Metrics of some of the masks, or of their filled boxes.

    Attributes:
        of (str): What is scored, ``'masks'`` or ``'box'``.
        part (str): Which masks are scored, one of ``PARTS``. ``'kept'`` masks
            have a score at or above the threshold; ``'ignored'`` ones are
            below it or were rejected.
        agreement_thr (float | None): Threshold of the agreement, in [0, 1],
            if ``part`` is ``'kept'`` or ``'ignored'`` by it.
        instances (int): Number of masks.
        share (float): Share of all masks, in percent.
        metrics (Mapping[str, float | None]): ``mIoU_star``, ``mIoU``,
            ``IoU@25``, ``IoU@50``, ``IoU@70``, ``IoU@75`` in percent, and, if
            they were asked for, the same with ``boundary_`` before them. None
            without instances.
        confidence_thr (float | None): Threshold of the confidence, in [0, 1],
            if ``part`` is ``'kept'`` or ``'ignored'`` by it. Defaults to
            None.
    """

    of: str
    part: str
    agreement_thr: float | None
    instances: int
    share: float
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    confidence_thr: float | None = None

    @property
    def key(self) -> tuple:
        """The key by which :meth:`MaskScores.row` finds the row."""
        return self.of, self.part, self.agreement_thr, self.confidence_thr

    @property
    def name(self) -> str:
        """Name of the row in tables."""
        if self.part in ('kept', 'ignored'):
            score, thr = ('agreement', self.agreement_thr)
            if thr is None:
                score, thr = ('confidence', self.confidence_thr)
            sign = '>=' if self.part == 'kept' else '<'
            return f'{score} {sign} {thr:g} ({self.part})'
        what = 'masks' if self.of == MASKS else 'filled box'
        return what if self.part == 'all' else f'{what}, {self.part}'


@dataclass(frozen=True)
class MaskScores:
    """All scores of a file of masks.

    Attributes:
        rows (tuple[ScoreRow, ...]): Rows in the order of the table.
        spearman (float | None): Spearman's rank correlation of agreement and
            IoU; None if there is no agreement or one of the two is constant.
        spearman_confidence (float | None): Spearman's rank correlation of
            confidence and IoU; None if there is no confidence or one of the
            two is constant.
        unusable (int): Number of boxes that are not scored because they cover
            nothing of their image.
        rejected (int): Number of masks that a person rejected. They are
            scored, and ignored at every threshold.
        skipped (int): Number of boxes that are not scored because they have
            no mask: they or their photo could not be used.
    """

    rows: tuple[ScoreRow, ...]
    spearman: float | None = None
    spearman_confidence: float | None = None
    unusable: int = 0
    rejected: int = 0
    skipped: int = 0

    def row(
        self,
        of: str = MASKS,
        part: str = 'all',
        agreement_thr: float | None = None,
        confidence_thr: float | None = None,
    ) -> ScoreRow:
        """Find a row.

        Args:
            of (str): What is scored, ``'masks'`` or ``'box'``. Defaults to
                ``'masks'``.
            part (str): Which masks are scored, one of ``PARTS``. Defaults to
                ``'all'``.
            agreement_thr (float, optional): Threshold of the agreement, for
                ``'kept'`` and ``'ignored'``. Defaults to None.
            confidence_thr (float, optional): Threshold of the confidence, for
                ``'kept'`` and ``'ignored'``. Defaults to None.

        Returns:
            ScoreRow: The row.

        Raises:
            KeyError: If there is no such row.
        """
        key = of, part, agreement_thr, confidence_thr
        for row in self.rows:
            if row.key == key:
                return row
        there = ', '.join(row.name for row in self.rows)
        raise KeyError(
            f'no scores of (of, part, agreement_thr, '
            f'confidence_thr) = {key}; there are: {there}'
        )

    def to_markdown(self) -> str:
        """The rows as a Markdown table, in percent."""
        columns = dict(COLUMNS)
        if 'boundary_mIoU' in self.rows[0].metrics:
            columns['boundary mIoU'] = 'boundary_mIoU'
        return markdown_table(
            ['', 'instances', '% of all', *columns],
            [
                [
                    row.name,
                    row.instances,
                    row.share,
                    *map(row.metrics.get, columns.values()),
                ]
                for row in self.rows
            ],
        )

    def to_json(self) -> dict[str, Any]:
        """The scores as json values, which :meth:`from_json` reads."""
        rows = []
        for row in self.rows:
            entry = dict(name=row.name, **asdict(row))
            metrics = entry.pop('metrics')
            rows.append({**entry, **metrics})
        return dict(
            rows=rows,
            spearman=self.spearman,
            spearman_confidence=self.spearman_confidence,
            unusable=self.unusable,
            rejected=self.rejected,
            skipped=self.skipped,
        )

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> 'MaskScores':
        """Read what :meth:`to_json` returned.

        Args:
            content (Mapping[str, Any]): Json values.

        Returns:
            MaskScores: The scores.

        Raises:
            KeyError: If a key is missing.
        """
        return cls(
            rows=tuple(map(_read_row, content['rows'])),
            spearman=content['spearman'],
            spearman_confidence=content['spearman_confidence'],
            unusable=content['unusable'],
            # Older files lack these keys.
            rejected=content.get('rejected', 0),
            skipped=content.get('skipped', 0),
        )

    @classmethod
    def read(cls, path: str) -> 'MaskScores':
        """Read a file of ``boxcaseg score --json``.

        Args:
            path (str): Path of the file.

        Returns:
            MaskScores: The scores.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is another file, or one of version 0.1, whose
                rows have names but no keys.
        """
        with open(path, encoding='utf-8') as file:
            content = json.load(file)
        try:
            return cls.from_json(content)
        except (KeyError, TypeError) as error:
            raise ValueError(
                f'{path}: no scores of masks; give a file that boxcaseg score --json '
                'has written, version 0.2 or later'
            ) from error


def _read_row(entry: Mapping[str, Any]) -> ScoreRow:
    """Read a row of :meth:`MaskScores.to_json`."""
    keys = ('of', 'part', 'agreement_thr', 'confidence_thr', 'instances', 'share')
    return ScoreRow(
        **{key: entry[key] for key in keys},
        metrics={
            key: value for key, value in entry.items() if key not in (*keys, 'name')
        },
    )
