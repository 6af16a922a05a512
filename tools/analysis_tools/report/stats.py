"""The numbers of a report on proxy masks; nothing is drawn here."""
from collections import defaultdict
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

# The paper's Table 8, on COCO: threshold and share of masks dropped.
PAPER_DROPPED = {0.75: 0.27, 0.85: 0.49, 0.9: 0.64, 0.95: 0.8}
BINS = np.linspace(0, 1, 41)
THRESHOLDS = np.linspace(0, 1, 101)
GROUPS = ('best', 'median', 'worst', 'ignored')


def histogram(values: np.ndarray) -> np.ndarray:
    """How many values lie between two neighbours of ``BINS``.

    Args:
        values (np.ndarray): Shape (N, ), in [0, 1].

    Returns:
        np.ndarray: Shape (40, ), int. A value on a bound counts above it, 1
        itself in the last bin.
    """
    # Not np.histogram: 0.95 lies a rounding error above its own bound.
    bins = np.searchsorted(BINS[1:-1] - 1e-9, values, side='right')
    return np.bincount(bins, minlength=len(BINS) - 1)


def share_dropped(agreements: np.ndarray,
                  thresholds: Sequence[float]) -> np.ndarray:
    """Share of masks with an agreement below each threshold (Table 8).

    Args:
        agreements (np.ndarray): Shape (N, ), in [0, 1]; N at least 1.
        thresholds (Sequence[float]): M thresholds.

    Returns:
        np.ndarray: Shape (M, ), in [0, 1].
    """
    ordered = np.sort(agreements)
    return np.searchsorted(ordered, thresholds, side='left') / len(ordered)


def per_class(labels: Sequence[Any],
              agreements: np.ndarray,
              agreement_thr: float,
              ious: Optional[np.ndarray] = None) -> Dict[Any, dict]:
    """Numbers of each class.

    Args:
        labels (Sequence): Class of each mask, N of them.
        agreements (np.ndarray): Shape (N, ), in [0, 1].
        agreement_thr (float): Masks with a lower agreement are ignored.
        ious (np.ndarray, optional): Of each mask with the true one; NaN where
            it isn't known. Defaults to None.

    Returns:
        dict[Any, dict]: By class, those with most masks first: ``count``,
        ``mean``, ``median``, ``ignored`` (share), and ``iou`` (mean, None
        where it isn't known).
    """
    places = defaultdict(list)
    for place, label in enumerate(labels):
        places[label].append(place)
    numbers = {}
    for label in sorted(places, key=lambda one: -len(places[one])):
        values = agreements[places[label]]
        known = np.zeros(0) if ious is None else ious[places[label]]
        known = known[~np.isnan(known)]
        numbers[label] = dict(
            count=len(values),
            mean=float(values.mean()),
            median=float(np.median(values)),
            ignored=float((values < agreement_thr).mean()),
            iou=float(known.mean()) if len(known) else None)
    return numbers


def pick(group: str, labels: Sequence[Any], agreements: np.ndarray,
         areas: np.ndarray, agreement_thr: float, num: int) -> List[int]:
    """Choose the masks that are shown in a group of the gallery.

    The best (or worst, ...) of each class comes before the second best of any
    class, so that every class is shown if there is room. Of masks that are as
    good, the one with the larger box is preferred: more can be seen in it.

    Args:
        group (str): ``'best'``, ``'median'`` (next to the median of all),
            ``'worst'``, or ``'ignored'``: drawn at random, always the same,
            among those below the threshold.
        labels (Sequence): Class of each mask, N of them.
        agreements (np.ndarray): Shape (N, ), in [0, 1].
        areas (np.ndarray): Of the boxes, shape (N, ).
        agreement_thr (float): Masks with a lower agreement are ignored.
        num (int): How many to choose; all if there are fewer.

    Returns:
        list[int]: Places of the masks, in the order to show them: the
        farthest towards the group's name first, the ignored by falling
        agreement.
    """
    if group == 'ignored':
        ignored = np.flatnonzero(agreements < agreement_thr)
        order = np.random.default_rng(0).permutation(ignored)
        shown_by = -agreements
    else:
        shown_by = dict(
            best=-agreements,
            median=np.abs(agreements - np.median(agreements)),
            worst=agreements)[group]
        order = np.lexsort([-areas, shown_by])
    seen: Dict[Any, int] = defaultdict(int)
    rounds = []
    for place in order:
        rounds.append(seen[labels[place]])
        seen[labels[place]] += 1
    chosen = order[np.argsort(rounds, kind='stable')[:num]]
    return chosen[np.lexsort([-areas[chosen], shown_by[chosen]])].tolist()


def agreement_bands(agreements: np.ndarray, ious: np.ndarray) -> List[dict]:
    """IoU in bands of agreement, 0.05 wide.

    Args:
        agreements (np.ndarray): Shape (N, ), in [0, 1].
        ious (np.ndarray): Likewise.

    Returns:
        list[dict]: Bands that have masks: ``low``, ``high``, ``count``,
        ``mean``, and the quartiles ``q25`` and ``q75`` of their IoU.
    """
    bounds = np.linspace(0, 1, 21)
    band = np.searchsorted(bounds[1:-1] - 1e-9, agreements, side='right')
    bands = []
    for index in np.unique(band):
        values = ious[band == index]
        q25, q75 = np.quantile(values, (0.25, 0.75))
        bands.append(
            dict(
                low=float(bounds[index]),
                high=float(bounds[index + 1]),
                count=len(values),
                mean=float(values.mean()),
                q25=float(q25),
                q75=float(q75)))
    return bands
