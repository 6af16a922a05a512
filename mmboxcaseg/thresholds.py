"""Thresholds below which the mask loss ignores a mask.

See Sec. 3.4 and Table 8 of the paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# The best threshold in Table 8 of the paper.
DEFAULT_AGREEMENT_THR = 0.95


def ignored_masks(
    agreement: np.ndarray,
    confidence: np.ndarray | None = None,
    agreement_thr: float = DEFAULT_AGREEMENT_THR,
    confidence_thr: float | None = None,
    rejected: np.ndarray | None = None,
) -> np.ndarray:
    """Find the masks that the mask loss ignores.

    A mask is ignored if one of its scores is below the threshold, or if a
    person rejected it. The boxes and classes of ignored masks still train.

    Args:
        agreement (np.ndarray): Agreement of N masks, shape (N,), in [0, 1].
        confidence (np.ndarray | None): Confidence of the masks, shape (N,),
            in [0, 1]. Defaults to None.
        agreement_thr (float): Threshold of the agreement, in [0, 1]. Defaults
            to 0.95.
        confidence_thr (float | None): Threshold of the confidence, in [0, 1].
            Defaults to None: the confidence does not matter.
        rejected (np.ndarray | None): (N,) bool, True for masks that a person
            rejected, which are ignored whatever their scores. Defaults to
            None: none is rejected.

    Returns:
        np.ndarray: (N,) bool, True for ignored masks.

    Raises:
        ValueError: If a threshold is not in [0, 1], or ``confidence_thr`` is
            given without ``confidence``.

    Example:
        >>> import numpy as np
        >>> ignored_masks(np.array([0.99, 0.90]), agreement_thr=0.95).tolist()
        [False, True]
    """
    for name, thr in (
        ('agreement_thr', agreement_thr),
        ('confidence_thr', confidence_thr),
    ):
        if thr is not None and not 0 <= thr <= 1:
            raise ValueError(f'{name} must be from 0 to 1, not {thr:g}')
    ignored = agreement < agreement_thr
    if rejected is not None:
        ignored = ignored | rejected
    if confidence_thr is None:
        return ignored
    if confidence is None:
        raise ValueError('confidence_thr is given, but the masks have no confidence')
    return ignored | (confidence < confidence_thr)
