"""The expected IoU of masks, calibrated on masks whose true ones are known."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from .isotonic import isotonic

VERSION = 1
# Fewer masks make no curve.
LEAST_MASKS = 30
# Masks that each point of the curve stands for at least: of fewer, the mean
# IoU is mostly chance.
POINT_MASKS = 10
# Half the width of a normal distribution's middle 95 %.
WIDTH_95 = 1.96
# How hard weights are drawn to 0, in masks: of no account with thousands.
RIDGE = 5.0
# Of the numbers in a file.
DIGITS = 6


@dataclass(frozen=True, eq=False, kw_only=True)
class MaskTraits:
    """What is known of N masks without their true ones.

    Attributes:
        agreement (np.ndarray): (N,) float64 in [0, 1].
        confidence (np.ndarray): (N,) float64 in [0, 1], see
            :func:`~mmboxcaseg.masks.merged_confidence`.
        areas (np.ndarray): (N,) float64, areas of the masks in pixels.
        rect_areas (np.ndarray): (N,) float64, areas of their pixel
            rectangles; 0 where a box covers nothing of its image.
        shared (np.ndarray): (N,) float64 in [0, 1], how much of each box
            other boxes of its image cover: the sum of their shares of it, 1
            at most.
    """

    agreement: np.ndarray
    confidence: np.ndarray
    areas: np.ndarray
    rect_areas: np.ndarray
    shared: np.ndarray

    def __len__(self) -> int:
        """Number of masks, N."""
        return len(self.agreement)

    def take(self, chosen: np.ndarray) -> 'MaskTraits':
        """Some of them: bool of shape (N,), or places (M,)."""
        return MaskTraits(
            **{one.name: getattr(self, one.name)[chosen] for one in fields(self)}
        )

    @property
    def there(self) -> np.ndarray:
        """Which masks have a pixel, (N,) bool; no IoU but 0 is possible for
        the others."""
        return (self.areas > 0) & (self.rect_areas > 0)


def features(traits: MaskTraits) -> dict[str, np.ndarray]:
    """The numbers from which the expected IoU is told.

    Args:
        traits (MaskTraits): Traits of N masks that have a pixel.

    Returns:
        dict[str, np.ndarray]: (N,) float64 each, about as wide as 1.
    """
    share = np.minimum(traits.areas / traits.rect_areas, 1)
    return dict(
        agreement=traits.agreement,
        confidence=traits.confidence,
        # Merging lowers the confidence by the root of the share that it
        # left, so both together tell what the network was sure of.
        share=share,
        shared=traits.shared,
        # In doublings of the side of a small object, 32 px.
        size=np.log2(np.maximum(traits.rect_areas, 1)) / 2 - 5,
    )


@dataclass(frozen=True)
class Spread:
    """How far true IoUs lie from expected ones, as variances.

    Attributes:
        within (float): Variance of the masks of one photo, around what is
            expected.
        between (float): What masks of one photo share.
        curve (float): Variance of the curve's mean, from these two.
    """

    within: float
    between: float
    curve: float

    def mean_interval(
        self, expected: np.ndarray, images: np.ndarray, sure: np.ndarray
    ) -> tuple[float, float]:
        """Where the true mean IoU of a file lies, in 95 of 100 files.

        From variances, without drawing samples: that of the file's masks
        around what is expected of them, of which those of one photo share a
        part, and that of the curve. It is an interval for photos like those
        of the fit; what others differ by, it can't know.

        Args:
            expected (np.ndarray): (N,) expected IoUs, N at least 1.
            images (np.ndarray): (N,) int, place of each mask's photo.
            sure (np.ndarray): (N,) bool: masks that were given.

        Returns:
            tuple[float, float]: Lower and upper end, in [0, 1].
        """
        open_ = ~np.asarray(sure) & (expected > 0)
        share = open_.mean()
        variance = share**2 * self.curve
        if open_.any():
            variance += share**2 * _mean_variance(
                images[open_], self.within, self.between
            )
        mean, half = float(expected.mean()), WIDTH_95 * float(np.sqrt(variance))
        return max(mean - half, 0.0), min(mean + half, 1.0)

    @classmethod
    def from_json(cls, content: Any) -> 'Spread':
        """What ``dataclasses.asdict`` gave; further keys are not looked at.

        Raises:
            ValueError: If it is none, with the key that is wrong.
        """
        if not isinstance(content, dict):
            raise ValueError('"spread" must be an object')
        for one in fields(cls):
            _check_number(one.name, content.get(one.name))
        return cls(**{one.name: content[one.name] for one in fields(cls)})


@dataclass(frozen=True)
class Calibration:
    """Tells the expected IoU of masks.

    A weighted sum of :func:`features` is the score of a mask; a curve that
    never falls makes an IoU of it.

    Attributes:
        weights (Mapping[str, float]): Weight of each feature.
        scores (tuple[float, ...]): The points of the curve, ascending; between
            them it is straight, beyond them level.
        ious (tuple[float, ...]): Its IoU at each of them, in [0, 1].
        masks (int): How many masks it was fitted on.
        photos (int): How many photos they are of.
        mean_iou (float): Their mean IoU.
        spread (Spread): How far true IoUs lie from expected ones.
        made (Mapping[str, Any]): How these masks were made, json values.
    """

    weights: Mapping[str, float]
    scores: tuple[float, ...]
    ious: tuple[float, ...]
    masks: int
    photos: int
    mean_iou: float
    spread: Spread
    made: Mapping[str, Any] = field(default_factory=dict)

    def predict(self, traits: MaskTraits) -> np.ndarray:
        """The expected IoU of N masks.

        Args:
            traits (MaskTraits): The masks.

        Returns:
            np.ndarray: (N,) float64 in [0, 1]; 0 for an empty mask.
        """
        expected = np.zeros(len(traits))
        there = traits.there
        if there.any():
            score = _score(self.weights, features(traits.take(there)))
            expected[there] = np.interp(score, self.scores, self.ious)
        return expected

    def to_json(self) -> dict[str, Any]:
        """As json values; :meth:`from_json` reads them."""
        return dict(version=VERSION, **asdict(self))

    @classmethod
    def from_json(cls, content: Any) -> 'Calibration':
        """What :meth:`to_json` gave.

        Args:
            content (Any): Json values.

        Returns:
            Calibration: The calibration.

        Raises:
            ValueError: If it is none, with the key that is wrong.
        """
        if not isinstance(content, dict) or 'version' not in content:
            raise ValueError('no "version"; give a file of boxcaseg calibrate')
        if content['version'] != VERSION:
            raise ValueError(
                f'"version" is {content["version"]!r}, this '
                f'program reads {VERSION}; make it anew with '
                'boxcaseg calibrate'
            )
        values = {}
        for one in fields(cls):
            if one.name not in content:
                raise ValueError(f'no "{one.name}"; give a file of boxcaseg calibrate')
            values[one.name] = content[one.name]
        _check(values)
        values.update(
            scores=tuple(values['scores']),
            ious=tuple(values['ious']),
            spread=Spread.from_json(values['spread']),
        )
        return cls(**values)


def fit_calibration(
    traits: MaskTraits,
    ious: np.ndarray,
    images: np.ndarray,
    made: Mapping[str, Any] | None = None,
) -> Calibration:
    """Fit the expected IoU on masks whose true ones are known.

    Empty masks are left out: their IoU is 0 without a curve.

    Args:
        traits (MaskTraits): The N masks.
        ious (np.ndarray): (N,) float in [0, 1], IoU with the true masks.
        images (np.ndarray): (N,) int, place of each mask's photo.
        made (Mapping[str, Any], optional): How they were made. Defaults to
            None.

    Returns:
        Calibration: The calibration.

    Raises:
        ValueError: If fewer than 30 masks are not empty.
    """
    there = traits.there
    traits, ious, images = traits.take(there), ious[there], images[there]
    if len(ious) < LEAST_MASKS:
        raise ValueError(
            f'{len(ious)} masks have a true one and are not '
            f'empty; calibrating needs {LEAST_MASKS}, better 100'
        )
    columns = features(traits)
    weights = _fit_weights(columns, ious)
    score = _score(weights, columns)
    scores, points = _fit_curve(score, ious)
    residuals = ious - np.interp(score, scores, points)
    within, between = _variances(residuals, images)
    return Calibration(
        weights=weights,
        scores=tuple(scores.tolist()),
        ious=tuple(points.tolist()),
        masks=len(ious),
        photos=len(np.unique(images)),
        mean_iou=float(ious.mean()),
        spread=Spread(within, between, _mean_variance(images, within, between)),
        made=dict(made or {}),
    )


def reviews_needed(expected: np.ndarray, target: float) -> int:
    """How many masks to review until the mean IoU is expected to be reached.

    The least expected come first, and one that was reviewed counts as 1: it
    is right, or was made right.

    Args:
        expected (np.ndarray): (N,) expected IoUs in [0, 1], N at least 1.
        target (float): The mean IoU, in [0, 1].

    Returns:
        int: The number, 0 where the mean is reached already.
    """
    gains = np.concatenate([[0.0], np.cumsum(1 - np.sort(expected))])
    lacking = target * len(expected) - expected.sum()
    # A sum of many numbers is as exact as this.
    return int(np.argmax(gains >= lacking - 1e-9))


def _score(
    weights: Mapping[str, float], columns: Mapping[str, np.ndarray]
) -> np.ndarray:
    return np.sum([weight * columns[name] for name, weight in weights.items()], axis=0)


def _fit_weights(
    columns: Mapping[str, np.ndarray], ious: np.ndarray
) -> dict[str, float]:
    """Least squares with a ridge, on features of unit width."""
    table = np.stack(list(columns.values()), axis=1)
    centred = table - table.mean(axis=0)
    width = centred.std(axis=0)
    # A feature that never varies has no weight.
    unit = centred / np.where(width > 1e-9, width, np.inf)
    found = np.linalg.solve(
        unit.T @ unit + RIDGE * np.eye(unit.shape[1]), unit.T @ (ious - ious.mean())
    )
    found = found / np.where(width > 1e-9, width, np.inf)
    return dict(zip(columns, np.round(found, DIGITS).tolist()))


def _fit_curve(score: np.ndarray, ious: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of the curve that never falls: their scores and IoUs."""
    order = np.argsort(score, kind='stable')
    score, ious = score[order], ious[order]
    number = max(int(np.sqrt(len(score))), 1)
    number = min(number, len(score) // POINT_MASKS)
    parts = np.array_split(np.arange(len(score)), number)
    x = np.array([score[part].mean() for part in parts])
    y = isotonic(
        np.array([ious[part].mean() for part in parts]),
        np.array([len(part) for part in parts]),
    )
    x, first = np.unique(np.round(x, DIGITS), return_index=True)
    return x, np.round(y[first], DIGITS)


def _variances(residuals: np.ndarray, images: np.ndarray) -> tuple[float, float]:
    """Variance within photos, and that which masks of a photo share.

    As in an analysis of variance with one random factor.
    """
    _, group, counts = np.unique(images, return_inverse=True, return_counts=True)
    residuals = residuals - residuals.mean()
    means = np.bincount(group, residuals) / counts
    total, photos = len(residuals), len(counts)
    if photos in (1, total):
        return float(residuals.var()), 0.0
    within = float(((residuals - means[group]) ** 2).sum() / (total - photos))
    among = float((counts * means**2).sum() / (photos - 1))
    size = (total - (counts**2).sum() / total) / (photos - 1)
    return within, max((among - within) / size, 0.0)


def _mean_variance(images: np.ndarray, within: float, between: float) -> float:
    """Variance of the mean of masks."""
    _, counts = np.unique(images, return_counts=True)
    total = counts.sum()
    return float(within / total + between * (counts**2).sum() / total**2)


def _check(values: Mapping[str, Any]) -> None:
    """Raise ValueError where a value of a file can't be right."""
    known = _feature_names()
    weights = values['weights']
    if (
        not isinstance(weights, dict)
        or set(weights) != set(known)
        or not all(map(_is_number, weights.values()))
    ):
        raise ValueError(f'"weights" must have a number for each of {", ".join(known)}')
    for key in ('scores', 'ious'):
        column = values[key]
        if (
            not isinstance(column, list)
            or not column
            or not all(map(_is_number, column))
        ):
            raise ValueError(f'"{key}" must be a list of numbers')
        if sorted(column) != column:
            raise ValueError(f'"{key}" must be ascending')
    if len(values['scores']) != len(values['ious']):
        raise ValueError('"scores" and "ious" must have the same length')
    if not 0 <= values['ious'][0] <= values['ious'][-1] <= 1:
        raise ValueError('"ious" must be from 0 to 1')
    for key in ('masks', 'photos', 'mean_iou'):
        _check_number(key, values[key])
    if not isinstance(values['made'], dict):
        raise ValueError('"made" must be an object')


def _feature_names() -> list[str]:
    one = np.ones(1)
    return list(
        features(MaskTraits(**{column.name: one for column in fields(MaskTraits)}))
    )


def _check_number(key: str, value: Any) -> None:
    if not _is_number(value) or value < 0:
        raise ValueError(f'"{key}" is {value!r}; it must be a number, 0 or more')


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and bool(np.isfinite(value))
    )
