"""How BoxCaseg predicts: the options of ``test_cfg``, frozen and passed on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from mmboxcaseg.head_names import HEADS

__all__ = ['HEADS', 'PredictOptions']


@dataclass(frozen=True)
class PredictOptions:
    """How masks are made of boxes (the paper, Sec. 3.4).

    A model has its own, ``model.predict_options``, from its config's
    ``model.test_cfg``. Others are made by :func:`dataclasses.replace` and
    given to :meth:`BoxCaseg.predict`::

        weak = replace(model.predict_options, head='weak')

    Attributes:
        crops_per_batch (int): The most crops that go through the network at
            once. Defaults to 32.
        head (str | tuple[str, ...]): ``'weak'``, ``'salient'`` or
            ``'transferred'``; several of them, whose probabilities are
            averaged; or ``'fused'``, the fusion of those that learn from
            masks (Eq. 3). Defaults to ``'fused'``.
        threshold (float): Pixels with a higher probability are in the mask.
            Defaults to 0.5.
        min_threshold (float, optional): How far down an instance's own
            threshold may go for its mask to reach all four sides of the box,
            see :func:`~mmboxcaseg.masks.reaching_threshold`; in
            [0, threshold]. Defaults to None: not at all.
        min_max (bool): Whether each instance's probabilities are min-max
            normalised before the threshold. Defaults to True.
        with_probs (bool): Whether predictions carry ``probs`` beside
            ``masks``. Defaults to False.
        merge_exponent (float, optional): Where masks of an image are merged,
            a pixel that several claim goes to the highest probability *
            (box area)^-merge_exponent, see
            :func:`~mmboxcaseg.masks.merge_by_probability`; at least 0.
            Predictions carry ``probs`` then. Defaults to None: to the
            smallest object, as in the paper.
        flip (bool): Whether probabilities are averaged over a crop and its
            mirror image. Defaults to False.
        precision (str): ``'fp32'``, or ``'bf16'``: the network computes in
            bfloat16 where autocast does. Defaults to ``'fp32'``.

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
    flip: bool = False
    precision: str = 'fp32'

    def __post_init__(self) -> None:
        if not isinstance(self.head, str):
            # Configs hold lists.
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
        """The options of a model.

        Args:
            test_cfg (Mapping, optional): Some of the attributes by name;
                None: all defaults.
            built (Sequence[str]): The heads that the model has.

        Returns:
            PredictOptions: The options.

        Raises:
            ValueError: If a key is unknown, a value is not as described
                above, or the model has no such head.
        """
        known = sorted(field.name for field in fields(cls))
        unknown = sorted(set(test_cfg or ()) - set(known))
        if unknown:
            raise ValueError(f'BoxCaseg: test_cfg knows {known}, not {unknown}')
        options = cls(**(test_cfg or {}))
        options.heads(built)
        return options

    def heads(self, built: Sequence[str]) -> tuple[str, ...]:
        """The heads that the prediction needs.

        Args:
            built (Sequence[str]): The heads that the model has.

        Returns:
            tuple[str, ...]: Their names. For ``'fused'`` those that learn
            from masks, or the weak head if there is none of them.

        Raises:
            ValueError: If the model lacks one.
        """
        if self.head == 'fused':
            return tuple(
                name for name in ('salient', 'transferred') if name in built
            ) or ('weak',)
        names = (self.head,) if isinstance(self.head, str) else self.head
        if not names or not set(names) <= set(built):
            raise ValueError(
                f'BoxCaseg: test_cfg.head is {self.head!r}, but it must be '
                f"'fused' or of the heads {list(built)}"
            )
        return names
