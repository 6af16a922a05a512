"""Options of the prediction, which ``model.test_cfg`` of a config sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from mmboxcaseg.head_names import HEADS

__all__ = ['HEADS', 'PredictOptions']


@dataclass(frozen=True)
class PredictOptions:
    """Options of the prediction of masks from boxes (the paper, Sec. 3.4).

    A model has the options of its config's ``model.test_cfg`` as
    ``model.predict_options``. :func:`dataclasses.replace` changes them for
    :meth:`BoxCaseg.predict`::

        weak = replace(model.predict_options, head='weak')

    Attributes:
        crops_per_batch (int): Largest number of crops that go through the
            network at once. Defaults to 32.
        head (str | tuple[str, ...]): Head that predicts: ``'weak'``,
            ``'salient'`` or ``'transferred'``; several of them, whose
            probabilities are averaged; or ``'fused'``, the fusion of the
            heads that learn from masks (Eq. 3). Defaults to ``'fused'``.
        threshold (float): Pixels with a higher probability are in the mask.
            Defaults to 0.5.
        min_threshold (float, optional): Smallest threshold, in
            [0, threshold], that an instance may get so that its mask reaches
            all four sides of its box, see
            :func:`~mmboxcaseg.masks.reaching_threshold`. Defaults to None:
            all instances have the same threshold.
        min_max (bool): Whether the probabilities of each instance are min-max
            normalised before the threshold. Defaults to True.
        with_probs (bool): Whether predictions have ``probs`` beside
            ``masks``. Defaults to False.
        merge_exponent (float, optional): Exponent of the rule by which masks
            are merged, at least 0: a pixel goes to the mask with the highest
            probability * (box area)^-merge_exponent, see
            :func:`~mmboxcaseg.masks.merge_by_probability`. Predictions then
            have ``probs``. Defaults to None: a pixel goes to the smallest
            object, as in the paper.
        merge_tolerance (float): With ``merge_exponent``, a mask keeps a pixel
            unless the claim of another mask is more than this many times as
            strong, at least 1, see :class:`~mmboxcaseg.masks.Claims`. Defaults
            to 1: a pixel goes to one mask.
        flip (bool): Whether the probabilities of a crop and its mirror image
            are averaged. Defaults to False.
        precision (str): ``'fp32'``, or ``'bf16'`` for bfloat16 in the
            operations for which autocast uses it. Defaults to ``'fp32'``.

    Raises:
        ValueError: If a value is not as described here.
    """

    crops_per_batch: int = 32
    head: str | tuple[str, ...] = 'fused'
    threshold: float = 0.5
    min_threshold: float | None = None
    min_max: bool = True
    with_probs: bool = False
    merge_exponent: float | None = None
    merge_tolerance: float = 1.0
    flip: bool = False
    precision: str = 'fp32'

    def __post_init__(self) -> None:
        if not isinstance(self.head, str):
            # Configs have lists in place of tuples.
            object.__setattr__(self, 'head', tuple(self.head))
        self.heads(HEADS)
        if self.precision not in ('fp32', 'bf16'):
            raise ValueError(
                f'BoxCaseg: test_cfg.precision is {self.precision!r}, '
                "but it must be 'fp32' or 'bf16'"
            )
        if self.merge_exponent is not None and not self.merge_exponent >= 0:
            raise ValueError(
                'BoxCaseg: test_cfg.merge_exponent is '
                f'{self.merge_exponent!r}, but it must not be '
                'negative'
            )
        if not 1 <= self.merge_tolerance < float('inf'):
            raise ValueError(
                'BoxCaseg: test_cfg.merge_tolerance is '
                f'{self.merge_tolerance!r}, but it must be at least 1, and finite'
            )
        if self.merge_tolerance > 1 and self.merge_exponent is None:
            raise ValueError(
                f'BoxCaseg: test_cfg.merge_tolerance is {self.merge_tolerance!r}, '
                'which needs merge_exponent; set that too, for example to 0.1, or '
                'merge_tolerance to 1'
            )
        low, high = self.min_threshold, self.threshold
        if low is not None and not 0 <= low <= high:
            raise ValueError(
                f'BoxCaseg: test_cfg.min_threshold is {low!r}, '
                f'but it must lie in [0, threshold={high!r}]'
            )

    @classmethod
    def from_cfg(
        cls, test_cfg: Mapping | None, built: Sequence[str]
    ) -> 'PredictOptions':
        """Make the options of a model from its config.

        Args:
            test_cfg (Mapping | None): Values of some attributes by name; None
                for all defaults.
            built (Sequence[str]): Names of the heads that the model has.

        Returns:
            PredictOptions: The options.

        Raises:
            ValueError: If a key is unknown, a value is not as described
                above, or the model has no such head.
        """
        known = sorted(field.name for field in fields(cls))
        unknown = sorted(set(test_cfg or ()) - set(known))
        if unknown:
            raise ValueError(
                f'BoxCaseg: test_cfg has unknown keys {unknown}; it knows {known}'
            )
        options = cls(**(test_cfg or {}))
        options.heads(built)
        return options

    def heads(self, built: Sequence[str]) -> tuple[str, ...]:
        """The heads that the prediction needs.

        Args:
            built (Sequence[str]): Names of the heads that the model has.

        Returns:
            tuple[str, ...]: Names of the heads. For ``'fused'`` they are the
            heads that learn from masks, or the weak head if there is no such
            head.

        Raises:
            ValueError: If the model lacks a head.

        Example:
            >>> PredictOptions().heads(['weak', 'salient', 'transferred'])
            ('salient', 'transferred')
        """
        if self.head == 'fused':
            return tuple(
                name for name in ('salient', 'transferred') if name in built
            ) or ('weak',)
        names = (self.head,) if isinstance(self.head, str) else self.head
        if not names or not set(names) <= set(built):
            raise ValueError(
                f'BoxCaseg: test_cfg.head is {self.head!r}, but it must be '
                f"'fused' or one or several of the heads {list(built)}"
            )
        return names
