"""Numbers of masks whose boxes are given, as typed rows with keys."""
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, Mapping, Optional, Tuple

# What a row is about: the masks, or their boxes filled, which masks beat.
MASKS, BOX = 'masks', 'box'
# Which of them: all, by the size of the true mask, or by agreement.
PARTS = ('all', 'small', 'medium', 'large', 'kept', 'ignored')


@dataclass(frozen=True)
class ScoreRow:
    """The numbers of some of the masks, or of their filled boxes.

    Attributes:
        of (str): ``'masks'`` or ``'box'``.
        part (str): One of ``PARTS``. ``'kept'`` are those with an agreement
            at or above ``agreement_thr``, ``'ignored'`` the others.
        agreement_thr (float | None): The threshold, for these two.
        instances (int): How many there are.
        share (float): Percent of all.
        metrics (Mapping[str, float | None]): ``mIoU_star``, ``mIoU``,
            ``IoU@25``, ``IoU@50``, ``IoU@70``, ``IoU@75`` in percent, and
            the same behind ``boundary_`` where they were asked for; None
            without instances.
    """
    of: str
    part: str
    agreement_thr: Optional[float]
    instances: int
    share: float
    metrics: Mapping[str, Optional[float]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The row in words, for tables."""
        what = 'masks' if self.of == MASKS else 'filled box'
        if self.part == 'kept':
            return f'agreement >= {self.agreement_thr:g} (kept)'
        if self.part == 'ignored':
            return f'agreement < {self.agreement_thr:g} (ignored)'
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
    """
    rows: Tuple[ScoreRow, ...]
    spearman: Optional[float] = None
    spearman_confidence: Optional[float] = None
    unusable: int = 0

    def row(self,
            of: str = MASKS,
            part: str = 'all',
            agreement_thr: Optional[float] = None) -> ScoreRow:
        """A row by its key.

        Args:
            of (str): ``'masks'`` or ``'box'``. Defaults to ``'masks'``.
            part (str): One of ``PARTS``. Defaults to ``'all'``.
            agreement_thr (float, optional): For ``'kept'`` and
                ``'ignored'``. Defaults to None.

        Returns:
            ScoreRow: The row.

        Raises:
            KeyError: If it was not scored.
        """
        for row in self.rows:
            if (row.of, row.part, row.agreement_thr) == (of, part,
                                                         agreement_thr):
                return row
        there = sorted({(row.of, row.part, row.agreement_thr)
                        for row in self.rows}, key=str)
        raise KeyError(f'no scores of {(of, part, agreement_thr)}; there are '
                       f'{there}')

    def to_json(self) -> Dict[str, Any]:
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
            unusable=self.unusable)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> 'MaskScores':
        """What :meth:`to_json` gave."""
        keys = ('of', 'part', 'agreement_thr', 'instances', 'share')
        rows = tuple(
            ScoreRow(
                **{key: row[key]
                   for key in keys},
                metrics={
                    key: value
                    for key, value in row.items()
                    if key not in (*keys, 'name')
                }) for row in content['rows'])
        return cls(
            rows=rows,
            spearman=content['spearman'],
            spearman_confidence=content['spearman_confidence'],
            unusable=content['unusable'])

    @classmethod
    def read(cls, path: str) -> 'MaskScores':
        """Read a file of ``boxcaseg score --json``."""
        with open(path, encoding='utf-8') as file:
            return cls.from_json(json.load(file))
