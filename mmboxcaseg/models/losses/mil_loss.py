"""Multiple-instance loss of the weak head (the paper, Eq. 1)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmboxcaseg.registry import MODELS

BAG_EXTENTS = ('line', 'box')


def tight_box_lines(label: Tensor) -> tuple[Tensor, Tensor]:
    """Find the columns and rows that cross the tight box of each label.

    Args:
        label (Tensor): Foreground of each patch, 0 or positive, shape
            (B, H, W): the filled box of a box-supervised patch, the object's
            mask of a salient one.

    Returns:
        tuple[Tensor, Tensor]: Which columns cross the box, (B, W) bool, and
        which rows, (B, H) bool. All False if the label is empty.

    Example:
        >>> columns, rows = tight_box_lines(torch.tensor([[[0, 1, 1], [0, 0, 0]]]))
        >>> columns.tolist(), rows.tolist()
        ([[False, True, True]], [[True, False]])
    """
    foreground = label > 0

    def between_first_and_last(line: Tensor) -> Tensor:
        # A mask may have several parts; its box has no gaps.
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
    """Cross entropy of the highest score of each bag (unary terms of Eq. 1).

    Each row and each column of a patch is a bag. A bag is positive if it
    crosses the tight box of the label, otherwise negative.

    Args:
        logits (Tensor): Logits of the patches, shape (B, H, W).
        label (Tensor): Filled box or mask of each patch, 0 or positive, shape
            (B, H, W).
        bag_extent (str): ``'line'`` if a bag is a whole row or column of the
            patch; ``'box'`` if a positive bag is only the part of it inside
            the box. Defaults to ``'line'``.
        reduction (str): ``'mean'`` for the mean over all bags of all patches;
            ``'sum'`` for the sum over the bags of a patch, as in Eq. 1,
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
        # A negative bag lies outside the box as a whole and is not changed.
        column_source = logits.masked_fill(outside & columns[:, None, :], lowest)
        row_source = logits.masked_fill(outside & rows[:, :, None], lowest)
    # The sigmoid is monotone, so the highest score has the highest logit.
    bags = torch.cat([column_source.amax(dim=1), row_source.amax(dim=2)], dim=1)
    targets = torch.cat([columns, rows], dim=1).float()
    loss = F.binary_cross_entropy_with_logits(bags, targets, reduction='none')
    return loss.mean() if reduction == 'mean' else loss.sum(1).mean()


@MODELS.register_module()
class MILLoss(nn.Module):
    """Module of :func:`mil_loss`.

    Args:
        bag_extent (str): ``'line'`` or ``'box'``, see :func:`mil_loss`.
            Defaults to ``'line'``.
        reduction (str): ``'mean'`` or ``'sum'``, see :func:`mil_loss`.
            Defaults to ``'mean'``.
        loss_weight (float): Factor of the loss. Defaults to 1.0.

    Raises:
        ValueError: If ``bag_extent`` or ``reduction`` has another value.
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
        """Compute the loss.

        Args:
            logits (Tensor): Logits of the patches, shape (B, H, W).
            label (Tensor): Filled box or mask of each patch, 0 or positive,
                shape (B, H, W).

        Returns:
            Tensor: A scalar, float32.
        """
        return self.loss_weight * mil_loss(
            logits, label, self.bag_extent, self.reduction
        )
