"""What the mini benchmark's numbers are held against."""
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

from . import mini

# What the weak head alone is called, see configs/boxcaseg/ablations.
WEAK = 'heads-weak'


@dataclass(frozen=True)
class Goal:
    """A goal and how far it is reached.

    Attributes:
        what (str): In words.
        value (float): The number that counts.
        least (float): What it must be at least.
    """
    what: str
    value: float
    least: float

    def __str__(self) -> str:
        met = 'met' if self.value >= self.least else 'NOT met'
        return f'{self.what}: {self.value:.1f}, at least {self.least:g}: {met}'


def find_oracle(rows: Sequence[Dict[str, Any]]) -> Optional[str]:
    """The upper bound: of the variants that learn from true masks the one
    with the highest mIoU*.

    Args:
        rows (Sequence[dict]): Of :func:`ablation.spread.summarize`.

    Returns:
        str or None: Its name, None if there is no such variant.
    """
    scores = {
        row['name']: row['mean']['mIoU*'] or 0
        for row in rows if 'oracle' in row['name'].split('+')
    }
    return max(scores, key=scores.get, default=None)


def check(rows: Sequence[Dict[str, Any]]) -> List[Goal]:
    """The goals that the variants of a table can be held against.

    The best variant is the one with the highest mIoU*, of those that have
    learnt from no true mask of a box.

    Args:
        rows (Sequence[dict]): Of :func:`ablation.spread.summarize`.

    Returns:
        list[Goal]: Those whose variants and numbers are there.
    """
    means = {row['name']: row['mean'] for row in rows}
    oracle = find_oracle(rows)
    learnt = {
        name: mean
        for name, mean in means.items() if name not in mini.BASELINES
        and 'oracle' not in name.split('+') and mean['mIoU*'] is not None
    }
    if not learnt:
        return []
    best = max(learnt, key=lambda name: learnt[name]['mIoU*'])
    goals = []
    for other, least in ((WEAK, 4), ('box', 12), ('grabcut', 12)):
        if mini.PAPER in means and other in means:
            goals.append(
                Goal(f'mIoU* of {mini.PAPER} above {other}',
                     means[mini.PAPER]['mIoU*'] - means[other]['mIoU*'],
                     least))
    for whole, shares in ((oracle, (('mIoU*', 99), ('IoU@50', 99),
                                    ('IoU@75', 95))), ('truth', (('AP50',
                                                                  95), ))):
        for title, least in shares:
            numbers = [means[best][title], means.get(whole, {}).get(title)]
            if None not in numbers and numbers[1]:
                goals.append(
                    Goal(f'{title} of {best} in percent of {whole}',
                         100 * numbers[0] / numbers[1], least))
    ranks = [
        means[best][title] for title in ('Spearman', 'of confidence')
        if means[best][title] is not None
    ]
    if ranks:
        goals.append(
            Goal(f'Spearman of {best}, agreement or confidence, times 100',
                 max(ranks), 50))
    return goals
