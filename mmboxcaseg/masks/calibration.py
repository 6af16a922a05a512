"""The expected IoU of masks, calibrated on masks whose true ones are known."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from .isotonic import isotonic
from .spread import Spread, check_number, is_number, mean_variance, variances
from .traits import MaskTraits, feature_names, features

VERSION = 1
# Fewest masks to which a curve can be fitted.
LEAST_MASKS = 30
# Fewest masks for each point of the curve. The mean IoU of fewer masks is mostly
# noise.
POINT_MASKS = 10
# Strength of the ridge penalty, in masks; it hardly matters with thousands.
RIDGE = 5.0
# Decimals of the numbers in a file.
DIGITS = 6


@dataclass(frozen=True)
class Calibration:
    """Predicts the expected IoU of masks.

    The score of a mask is a weighted sum of its :func:`features`. A curve
    that never falls maps the score to an IoU.

    Attributes:
        weights (Mapping[str, float]): Weight of each feature.
        scores (tuple[float, ...]): Scores at the points of the curve,
            ascending. The curve is linear between its points and constant
            beyond them.
        ious (tuple[float, ...]): IoUs at the points of the curve, in [0, 1].
        masks (int): Number of masks that it was fitted to.
        photos (int): Number of photos of these masks.
        mean_iou (float): Mean IoU of these masks, in [0, 1].
        spread (Spread): How far true IoUs lie from expected ones.
        made (Mapping[str, Any]): Settings that these masks were made with,
            json values. Defaults to none.
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
        """Predict the expected IoU of N masks.

        Args:
            traits (MaskTraits): Traits of the masks.

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
        """The calibration as json values, which :meth:`from_json` reads."""
        return dict(version=VERSION, **asdict(self))

    @classmethod
    def from_json(cls, content: Any) -> 'Calibration':
        """Read what :meth:`to_json` returned.

        Args:
            content (Any): Json values.

        Returns:
            Calibration: The calibration.

        Raises:
            ValueError: If a value is missing or wrong; names the key.
        """
        if not isinstance(content, dict) or 'version' not in content:
            raise ValueError('no "version"; give a file of boxcaseg calibrate')
        if content['version'] != VERSION:
            raise ValueError(
                f'"version" is {content["version"]!r}, but this version of '
                f'mmboxcaseg reads {VERSION}; make the file again with '
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
    """Fit a calibration to masks whose true ones are known.

    Empty masks are not used: their IoU is 0 anyway.

    Args:
        traits (MaskTraits): Traits of the N masks.
        ious (np.ndarray): (N,) float in [0, 1], IoU with the true masks.
        images (np.ndarray): (N,) int, place of each mask's photo.
        made (Mapping[str, Any], optional): Settings that the masks were made
            with, json values. Defaults to None.

    Returns:
        Calibration: The calibration.

    Raises:
        ValueError: If fewer than 30 masks are not empty.
    """
    there = traits.there
    traits, ious, images = traits.take(there), ious[there], images[there]
    if len(ious) < LEAST_MASKS:
        raise ValueError(
            f'{len(ious)} masks have a true one and are not empty; a '
            f'calibration needs {LEAST_MASKS}, better 100'
        )
    columns = features(traits)
    weights = _fit_weights(columns, ious)
    score = _score(weights, columns)
    scores, points = _fit_curve(score, ious)
    residuals = ious - np.interp(score, scores, points)
    within, between = variances(residuals, images)
    return Calibration(
        weights=weights,
        scores=tuple(scores.tolist()),
        ious=tuple(points.tolist()),
        masks=len(ious),
        photos=len(np.unique(images)),
        mean_iou=float(ious.mean()),
        spread=Spread(within, between, mean_variance(images, within, between)),
        made=dict(made or {}),
    )


def reviews_needed(expected: np.ndarray, target: float) -> int:
    """Number of masks to review to reach an expected mean IoU.

    Masks with the lowest expected IoU are reviewed first. A reviewed mask has
    an IoU of 1: it was right, or it was corrected.

    Args:
        expected (np.ndarray): (N,) expected IoUs in [0, 1], N at least 1.
        target (float): The mean IoU to reach, in [0, 1].

    Returns:
        int: The number; 0 if the mean is reached without a review.

    Example:
        The mean is 0.7. With the first mask reviewed it is 0.9:

        >>> reviews_needed(np.array([0.4, 0.7, 1.0]), target=0.85)
        1
    """
    gains = np.concatenate([[0.0], np.cumsum(1 - np.sort(expected))])
    lacking = target * len(expected) - expected.sum()
    # Sums of many floats have rounding errors of this size.
    return int(np.argmax(gains >= lacking - 1e-9))


def _score(
    weights: Mapping[str, float], columns: Mapping[str, np.ndarray]
) -> np.ndarray:
    return np.sum([weight * columns[name] for name, weight in weights.items()], axis=0)


def _fit_weights(
    columns: Mapping[str, np.ndarray], ious: np.ndarray
) -> dict[str, float]:
    """Ridge regression on standardised features."""
    table = np.stack(list(columns.values()), axis=1)
    centred = table - table.mean(axis=0)
    width = centred.std(axis=0)
    # A constant feature gets the weight 0.
    unit = centred / np.where(width > 1e-9, width, np.inf)
    found = np.linalg.solve(
        unit.T @ unit + RIDGE * np.eye(unit.shape[1]), unit.T @ (ious - ious.mean())
    )
    found = found / np.where(width > 1e-9, width, np.inf)
    return dict(zip(columns, np.round(found, DIGITS).tolist()))


def _fit_curve(score: np.ndarray, ious: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores and IoUs at the points of a curve that never falls."""
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


def _check(values: Mapping[str, Any]) -> None:
    """Raise ValueError if a value of a file is wrong; names the key."""
    known = feature_names()
    weights = values['weights']
    if (
        not isinstance(weights, dict)
        or set(weights) != set(known)
        or not all(map(is_number, weights.values()))
    ):
        raise ValueError(f'"weights" must have a number for each of {", ".join(known)}')
    for key in ('scores', 'ious'):
        column = values[key]
        if (
            not isinstance(column, list)
            or not column
            or not all(map(is_number, column))
        ):
            raise ValueError(f'"{key}" must be a list of numbers')
        if sorted(column) != column:
            raise ValueError(f'"{key}" must be ascending')
    if len(values['scores']) != len(values['ious']):
        raise ValueError('"scores" and "ious" must have the same length')
    if not 0 <= values['ious'][0] <= values['ious'][-1] <= 1:
        raise ValueError('"ious" must be from 0 to 1')
    for key in ('masks', 'photos', 'mean_iou'):
        check_number(key, values[key])
    if not isinstance(values['made'], dict):
        raise ValueError('"made" must be an object')
