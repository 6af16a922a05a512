"""Which masks the mask loss ignores (the paper, Sec. 3.4 and Table 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# The best one of the paper's Table 8.
DEFAULT_AGREEMENT_THR = 0.95


def ignored_masks(
    agreement: np.ndarray,
    confidence: np.ndarray | None = None,
    agreement_thr: float = DEFAULT_AGREEMENT_THR,
    confidence_thr: float | None = None,
    rejected: np.ndarray | None = None,
) -> np.ndarray:
    """Which masks are below a threshold, or were rejected by a person.

    Their boxes and classes still train.

    Args:
        agreement (np.ndarray): (N,) in [0, 1].
        confidence (np.ndarray | None): (N,) in [0, 1]. Defaults to None.
        agreement_thr (float): A mask with a lower agreement is ignored.
            Defaults to 0.95.
        confidence_thr (float | None): So is one with a lower confidence. With
            None confidence is not looked at. Defaults to None.
        rejected (np.ndarray | None): (N,) bool, masks that are ignored
            whatever their scores. Defaults to None: none.

    Returns:
        np.ndarray: (N,) bool.

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
