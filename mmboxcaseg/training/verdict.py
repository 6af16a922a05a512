"""The verdict whether a training has made the model better."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mmboxcaseg.evaluation.box_fit import BoxFits, FitSummary

# Number of true masks from which on the verdict depends on them.
ENOUGH = 20


@dataclass(frozen=True)
class Verdict:
    """Scores on the photos kept aside, before and after a training.

    Attributes:
        before (FitSummary): Scores of the model that the training started
            from.
        after (FitSummary): Scores of the trained model.
        measure (str): Score that is compared: ``'mIoU'`` if there are enough
            true masks, else ``'confidence'``, which does not tell which model
            is better.
        gain (float): Difference of that score, in points of a hundred.
        error (float): Standard error of the difference over the boxes, in
            points of a hundred.
        photos (int): Number of photos that were kept aside.
        iters (int): Number of iterations of the training.
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
        """Whether it is known which model is better.

        Boxes alone don't tell: in some trainings that made masks better the
        confidence rose, in others it fell (docs/train_your_own.md), and the
        agreement is always high.
        """
        return self.measure == 'mIoU'

    @property
    def improved(self) -> bool:
        """Whether the trained model is used: it is, unless known to be no better."""
        return self.gain > 0 or not self.known

    def choice(self) -> str:
        """Say in a line of text which weights are used, and why."""
        change = f'{self.measure} {self._value(self.before)} -> '
        change += f'{self._value(self.after)} on {self.photos} photos kept aside'
        if not self.known:
            return (
                'the trained weights; without true masks it is not known whether '
                f'they are better ({change})'
            )
        if self.improved:
            return f'the trained weights ({change})'
        return (
            'the weights that the training started from, because training has '
            f'not helped ({change})'
        )

    def _value(self, summary: FitSummary) -> str:
        if self.known:
            return f'{summary.miou:.1f}'
        return f'{summary.confidence:.3f}'

    def summary(self) -> str:
        """Summarize the verdict in a few lines of text, with advice."""
        lines = [f'before: {self.before}', f'after:  {self.after}', self._said()]
        if not self.known:
            lines.append(
                'confidence alone tells little: look at before_after.png; for the '
                f'next training draw {ENOUGH} masks on photos kept aside, which '
                'are in data/kept_aside.json'
            )
        if not self.improved:
            lines.append(
                'try more boxes, more iterations, a folder of salient images '
                '(--salient), or some masks drawn by hand (--keep-masks); '
                'until then the model that the training started from is used'
            )
        return '\n'.join(lines)

    def _said(self) -> str:
        sure = abs(self.gain) > 2 * self.error
        if not self.known:
            text = 'not known to be better'
        elif self.improved:
            text = 'better' if sure else 'better, but perhaps only by chance'
        else:
            text = 'not better' if sure or self.gain == 0 else 'no better than before'
        return (
            f'{text}: {self.measure} changed by {self.gain:+.1f} points '
            f'(standard error {self.error:.1f}) on {self.before.boxes} boxes of '
            f'{self.photos} photos kept aside'
        )

    def to_json(self) -> dict[str, Any]:
        """Convert the verdict to json values, for :meth:`from_json`.

        ``improved`` is null if it is not known.
        """
        return dict(asdict(self), improved=self.improved if self.known else None)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> 'Verdict':
        """Make a verdict from json values.

        Args:
            content (Mapping[str, Any]): Values from :meth:`to_json`.

        Returns:
            Verdict: The verdict.
        """
        values = {key: value for key, value in content.items() if key != 'improved'}
        for key in ('before', 'after'):
            values[key] = FitSummary(**values[key])
        return cls(**values)


def judge(before: BoxFits, after: BoxFits, photos: int, iters: int) -> Verdict:
    """Compare a model before and after a training, on the same boxes.

    Args:
        before (BoxFits): Scores of the masks before the training.
        after (BoxFits): Scores of the masks after the training, for the same
            boxes in the same order.
        photos (int): Number of photos that the boxes are in.
        iters (int): Number of iterations of the training.

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
