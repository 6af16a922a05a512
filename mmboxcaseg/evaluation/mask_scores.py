"""Numbers of masks whose boxes are given, as typed rows with keys."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mmboxcaseg.markdown import markdown_table

# What a row is about: the masks, or their boxes filled, which masks beat.
MASKS, BOX = 'masks', 'box'
# Which of them: all, by the size of the true mask, by what other boxes cover,
# or by a threshold.
PARTS = ('all', 'small', 'medium', 'large', 'free', 'covered', 'kept', 'ignored')
# Columns of the table, and the metrics in them.
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
    """The numbers of some of the masks, or of their filled boxes.

    Attributes:
        of (str): ``'masks'`` or ``'box'``.
        part (str): One of ``PARTS``. ``'kept'`` are those with a score at or
            above the threshold, ``'ignored'`` the others.
        agreement_thr (float | None): The threshold, for these two, where the
            score is the agreement.
        instances (int): How many there are.
        share (float): Percent of all.
        metrics (Mapping[str, float | None]): ``mIoU_star``, ``mIoU``,
            ``IoU@25``, ``IoU@50``, ``IoU@70``, ``IoU@75`` in percent, and
            the same behind ``boundary_`` where they were asked for; None
            without instances.
        confidence_thr (float | None): The threshold where the score is the
            confidence. Defaults to None.
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
        """What :meth:`MaskScores.row` looks for."""
        return self.of, self.part, self.agreement_thr, self.confidence_thr

    @property
    def name(self) -> str:
        """The row in words, for tables."""
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
    """All numbers of a file of masks.

    Attributes:
        rows (tuple[ScoreRow, ...]): In the order of the table.
        spearman (float | None): Rank correlation of agreement and IoU; None
            where there is no agreement or one of the two is constant.
        spearman_confidence (float | None): The same for confidence.
        unusable (int): Boxes that are not scored because they cover nothing
            of their image.
        rejected (int): Masks that a person rejected: they are scored, and
            ignored at every threshold.
    """

    rows: tuple[ScoreRow, ...]
    spearman: float | None = None
    spearman_confidence: float | None = None
    unusable: int = 0
    rejected: int = 0

    def row(
        self,
        of: str = MASKS,
        part: str = 'all',
        agreement_thr: float | None = None,
        confidence_thr: float | None = None,
    ) -> ScoreRow:
        """A row by its key.

        Args:
            of (str): ``'masks'`` or ``'box'``. Defaults to ``'masks'``.
            part (str): One of ``PARTS``. Defaults to ``'all'``.
            agreement_thr (float, optional): For ``'kept'`` and ``'ignored'``
                by agreement. Defaults to None.
            confidence_thr (float, optional): For those by confidence.
                Defaults to None.

        Returns:
            ScoreRow: The row.

        Raises:
            KeyError: If it was not scored.
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
        """As json values; :meth:`from_json` reads them."""
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
        )

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> 'MaskScores':
        """What :meth:`to_json` gave."""
        return cls(
            rows=tuple(map(_read_row, content['rows'])),
            spearman=content['spearman'],
            spearman_confidence=content['spearman_confidence'],
            unusable=content['unusable'],
            # Files from before there were decisions have none.
            rejected=content.get('rejected', 0),
        )

    @classmethod
    def read(cls, path: str) -> 'MaskScores':
        """Read a file of ``boxcaseg score --json``.

        Args:
            path (str): Path of the file.

        Returns:
            MaskScores: The numbers.

        Raises:
            ValueError: If it is none, or of version 0.1, whose rows have
                names but no keys.
        """
        with open(path, encoding='utf-8') as file:
            content = json.load(file)
        try:
            return cls.from_json(content)
        except (KeyError, TypeError) as error:
            raise ValueError(
                f'{path}: no {error}; give a file of boxcaseg '
                'score --json, of version 0.2 or later'
            ) from error


def _read_row(entry: Mapping[str, Any]) -> ScoreRow:
    """A row of :meth:`MaskScores.to_json`."""
    keys = ('of', 'part', 'agreement_thr', 'confidence_thr', 'instances', 'share')
    return ScoreRow(
        **{key: entry[key] for key in keys},
        metrics={
            key: value for key, value in entry.items() if key not in (*keys, 'name')
        },
    )
