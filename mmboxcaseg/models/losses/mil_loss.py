"""Multiple-instance loss of the weak head (the paper, Eq. 1)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmboxcaseg.registry import MODELS

BAG_EXTENTS = ('line', 'box')


def tight_box_lines(label: Tensor) -> tuple[Tensor, Tensor]:
    """The columns and rows that cross the tight box of every label.

    Args:
        label (Tensor): Foreground of each patch, shape (B, H, W), 0 or
            positive. For a box-supervised patch it is the filled box, for a
            salient one the object's mask.

    Returns:
        tuple[Tensor, Tensor]: Booleans of shape (B, W) for the columns and
        (B, H) for the rows. All False where the label is empty.
    """
    foreground = label > 0

    def between_first_and_last(line: Tensor) -> Tensor:
        # A mask may be in several pieces; its box has no gaps.
        seen = line.int()
        after_first = seen.cummax(dim=1).values
        before_last = seen.flip(1).cummax(dim=1).values.flip(1)
        return (after_first * before_last).bool()

    return (
        between_first_and_last(foreground.any(dim=1)),
        between_first_and_last(foreground.any(dim=2)),
    )


def mil_loss(
    logits: Tensor, label: Tensor, bag_extent: str = 'line', reduction: str = 'mean'
) -> Tensor:
    """The unary terms of Eq. 1: cross entropy of each bag's highest score.

    Every row and every column of the patch is a bag. It is positive if it
    crosses the tight box of the label, otherwise negative.

    Args:
        logits (Tensor): Scores before the sigmoid, shape (B, H, W).
        label (Tensor): Box or mask of each patch, shape (B, H, W), 0 or
            positive.
        bag_extent (str): ``'line'``: a bag is the whole row or column of the
            patch. ``'box'``: a positive bag is only the part of the line
            inside the box. Defaults to ``'line'``.
        reduction (str): ``'mean'`` over all bags of all patches, or
            ``'sum'`` as Eq. 1 is written: the sum over the bags of a patch,
            averaged over the patches. Defaults to ``'mean'``.

    Returns:
        Tensor: A scalar, float32.

    Example:
        With all scores at 0 every bag has the probability 0.5, whatever the box:

        >>> label = torch.zeros(1, 4, 4)
        >>> label[:, 1:3, 1:3] = 1
        >>> round(mil_loss(torch.zeros(1, 4, 4), label).item(), 4)
        0.6931
    """
    logits = logits.float()
    columns, rows = tight_box_lines(label)
    column_source = row_source = logits
    if bag_extent == 'box':
        lowest = torch.finfo(logits.dtype).min
        outside = ~(rows[:, :, None] & columns[:, None, :])
        # A negative line lies outside in whole and stays as it is.
        column_source = logits.masked_fill(outside & columns[:, None, :], lowest)
        row_source = logits.masked_fill(outside & rows[:, :, None], lowest)
    # The sigmoid is monotone: the highest score has the highest logit.
    bags = torch.cat([column_source.amax(dim=1), row_source.amax(dim=2)], dim=1)
    targets = torch.cat([columns, rows], dim=1).float()
    loss = F.binary_cross_entropy_with_logits(bags, targets, reduction='none')
    return loss.mean() if reduction == 'mean' else loss.sum(1).mean()


@MODELS.register_module()
class MILLoss(nn.Module):
    """:func:`mil_loss` as a module.

    Args:
        bag_extent (str): ``'line'`` or ``'box'``. Defaults to ``'line'``.
        reduction (str): ``'mean'`` or ``'sum'``. Defaults to ``'mean'``.
        loss_weight (float): Factor of the loss. Defaults to 1.0.

    Raises:
        ValueError: If ``bag_extent`` or ``reduction`` is none of the above.
    """

    def __init__(
        self,
        bag_extent: str = 'line',
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if bag_extent not in BAG_EXTENTS:
            raise ValueError(
                f'MILLoss: bag_extent must be one of '
                f'{BAG_EXTENTS}, but got {bag_extent!r}'
            )
        if reduction not in ('mean', 'sum'):
            raise ValueError(
                f"MILLoss: reduction must be 'mean' or 'sum', but got {reduction!r}"
            )
        self.bag_extent = bag_extent
        self.reduction = reduction
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        """Shapes and values as in :func:`mil_loss`."""
        return self.loss_weight * mil_loss(
            logits, label, self.bag_extent, self.reduction
        )
