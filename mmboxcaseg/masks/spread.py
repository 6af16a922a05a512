"""How far the true IoUs of masks lie from the expected ones."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

# Half the width of the middle 95 % of a normal distribution, in its deviations.
WIDTH_95 = 1.96


@dataclass(frozen=True)
class Spread:
    """How far true IoUs lie from expected ones, as variances.

    Attributes:
        within (float): Variance of the differences within a photo.
        between (float): Variance of the mean differences of photos.
        curve (float): Variance of the mean of the calibration's curve, which
            follows from the other two.
    """

    within: float
    between: float
    curve: float

    def mean_interval(
        self, expected: np.ndarray, images: np.ndarray, sure: np.ndarray
    ) -> tuple[float, float]:
        """The 95 % interval of the true mean IoU of a file.

        The variance of the mean is the sum of two: that of the file's masks,
        whose differences are correlated within a photo, and that of the
        curve. The interval holds for photos like those of the calibration.

        Args:
            expected (np.ndarray): (N,) expected IoUs in [0, 1], N at least 1.
            images (np.ndarray): (N,) int, place of each mask's photo.
            sure (np.ndarray): (N,) bool, masks that were given: their IoU is
                known to be 1.

        Returns:
            tuple[float, float]: Lower and upper end, in [0, 1].
        """
        open_ = ~np.asarray(sure) & (expected > 0)
        share = open_.mean()
        variance = share**2 * self.curve
        if open_.any():
            variance += share**2 * mean_variance(
                images[open_], self.within, self.between
            )
        mean, half = float(expected.mean()), WIDTH_95 * float(np.sqrt(variance))
        return max(mean - half, 0.0), min(mean + half, 1.0)

    @classmethod
    def from_json(cls, content: Any) -> 'Spread':
        """Read what ``dataclasses.asdict`` returned.

        Args:
            content (Any): Json values. Unknown keys are ignored.

        Returns:
            Spread: The spread.

        Raises:
            ValueError: If a value is missing or wrong; names the key.
        """
        if not isinstance(content, dict):
            raise ValueError('"spread" must be an object')
        for one in fields(cls):
            check_number(one.name, content.get(one.name))
        return cls(**{one.name: content[one.name] for one in fields(cls)})


def variances(residuals: np.ndarray, images: np.ndarray) -> tuple[float, float]:
    """Estimate the variances within and between photos.

    This is an analysis of variance with one random factor, the photo.

    Args:
        residuals (np.ndarray): (N,) float64, true minus expected IoUs.
        images (np.ndarray): (N,) int, place of each mask's photo.

    Returns:
        tuple[float, float]: Variance within photos, and between them.
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


def mean_variance(images: np.ndarray, within: float, between: float) -> float:
    """Variance of the mean over some masks.

    Args:
        images (np.ndarray): (N,) int, place of each mask's photo.
        within (float): Variance within photos.
        between (float): Variance between photos.

    Returns:
        float: The variance.
    """
    _, counts = np.unique(images, return_counts=True)
    total = counts.sum()
    return float(within / total + between * (counts**2).sum() / total**2)


def check_number(key: str, value: Any) -> None:
    """Raise ValueError unless the value of a key is a number, 0 or more."""
    if not is_number(value) or value < 0:
        raise ValueError(f'"{key}" is {value!r}; it must be a number, 0 or more')


def is_number(value: Any) -> bool:
    """Whether a json value is a finite number."""
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and bool(np.isfinite(value))
    )
