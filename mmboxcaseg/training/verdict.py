"""Whether a training has made the model better, said honestly."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mmboxcaseg.evaluation.box_fit import BoxFits, FitSummary

# True masks from which on they decide.
ENOUGH = 20


@dataclass(frozen=True)
class Verdict:
    """Scores of the photos kept aside, before a training and after it.

    Attributes:
        before (FitSummary): Of the model that it started from.
        after (FitSummary): Of the trained one.
        measure (str): ``'mIoU'``, which decides, with enough true masks; else
            ``'confidence'``, which doesn't.
        gain (float): Difference in that measure, in points of a hundred.
        error (float): Standard error of the difference, from box to box.
        photos (int): How many photos were kept aside.
        iters (int): Iterations of the training.
    """

    before: FitSummary
    after: FitSummary
    measure: str
    gain: float
    error: float
    photos: int
    iters: int

    @property
    def known(self) -> bool:
        """Whether it can be told which model is better.

        Boxes alone do not tell: confidence was seen to rise and to fall where
        masks became better (docs/train_your_own.md), and agreement is high
        whatever the masks are.
        """
        return self.measure == 'mIoU'

    @property
    def improved(self) -> bool:
        """Whether the trained model is the one to use: unless it is known to be
        no better."""
        return self.gain > 0 or not self.known

    def choice(self) -> str:
        """Which weights are used, and why, in a line."""
        change = f'{self.measure} {self._value(self.before)} -> '
        change += f'{self._value(self.after)} on {self.photos} photos kept aside'
        if not self.known:
            return (
                'the trained weights; whether they are better is not known, for '
                f'lack of true masks ({change})'
            )
        if self.improved:
            return f'the trained weights ({change})'
        return f'the weights it started from, as training has not helped ({change})'

    def _value(self, summary: FitSummary) -> str:
        if self.known:
            return f'{summary.miou:.1f}'
        return f'{summary.confidence:.3f}'

    def summary(self) -> str:
        """What came of it, in a few lines."""
        lines = [f'before: {self.before}', f'after:  {self.after}', self._said()]
        if not self.known:
            lines.append(
                'confidence tells little of it: look at the sheet; for the next '
                f'training draw {ENOUGH} masks on photos kept aside, which are in '
                'data/kept_aside.json'
            )
        if not self.improved:
            lines.append(
                'try more boxes, more iterations, a folder of salient images '
                '(--salient), or some masks drawn by hand (--keep-masks); '
                'the model it started from is used till then'
            )
        return '\n'.join(lines)

    def _said(self) -> str:
        sure = abs(self.gain) > 2 * self.error
        if not self.known:
            text = 'not known to be better'
        elif self.improved:
            text = 'better' if sure else 'better, though by no more than chance may do'
        else:
            text = 'not better' if sure or self.gain == 0 else 'no better than before'
        return (
            f'{text}: {self.measure} changed by {self.gain:+.1f} points '
            f'(standard error {self.error:.1f}) on {self.before.boxes} boxes of '
            f'{self.photos} photos kept aside'
        )

    def to_json(self) -> dict[str, Any]:
        """As json values; :meth:`from_json` reads them."""
        return dict(asdict(self), improved=self.improved)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> 'Verdict':
        """What :meth:`to_json` gave."""
        values = {key: value for key, value in content.items() if key != 'improved'}
        for key in ('before', 'after'):
            values[key] = FitSummary(**values[key])
        return cls(**values)


def judge(before: BoxFits, after: BoxFits, photos: int, iters: int) -> Verdict:
    """Compare two models on the same boxes.

    Args:
        before (BoxFits): Masks of the one, N boxes.
        after (BoxFits): Masks of the other, of the same boxes in the same
            order.
        photos (int): Of how many photos they are.
        iters (int): Iterations between them.

    Returns:
        Verdict: The comparison.

    Raises:
        ValueError: If the boxes differ.
    """
    if before.box_ids != after.box_ids:
        raise ValueError('the boxes before and after a training differ')
    known = before.known
    if known.sum() >= ENOUGH:
        measure, change = 'mIoU', (after.iou - before.iou)[known]
    else:
        measure, change = 'confidence', after.confidence - before.confidence
    spread = np.std(change, ddof=1) if len(change) > 1 else 0.0
    return Verdict(
        before=before.summary(),
        after=after.summary(),
        measure=measure,
        gain=100 * float(change.mean()),
        error=100 * float(spread / np.sqrt(len(change))),
        photos=photos,
        iters=iters,
    )
