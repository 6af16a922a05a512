"""The projection term of BoxInst, in place of the MIL loss."""
import torch
from torch import Tensor, nn

from mmboxcaseg.registry import MODELS
from .mil_loss import tight_box_lines


def projection_dice(logits: Tensor,
                    label: Tensor,
                    eps: float = 1e-5) -> Tensor:
    """Dice losses of a mask's projections and its box's (Tian et al. 2021).

    The bags are those of the MIL loss, rows and columns of the patch; the
    highest scores of all columns together are compared with the width of the
    box, those of the rows with its height.

    Args:
        logits (Tensor): Scores before the sigmoid, shape (B, H, W).
        label (Tensor): Box or mask of each patch, shape (B, H, W), 0 or
            positive.
        eps (float): Keeps the fraction finite. Defaults to 1e-5.

    Returns:
        Tensor: Sum over the two axes, mean over patches; a scalar, float32,
        in [0, 2].
    """
    columns, rows = tight_box_lines(label)
    probs = logits.float().sigmoid()
    losses = []
    for scores, target in ((probs.amax(dim=1), columns.float()),
                           (probs.amax(dim=2), rows.float())):
        shared = (scores * target).sum(dim=1)
        total = scores.square().sum(dim=1) + target.sum(dim=1)
        losses.append(1 - 2 * shared / (total + eps))
    return torch.stack(losses).sum(dim=0).mean()


@MODELS.register_module()
class ProjectionDiceLoss(nn.Module):
    """:func:`projection_dice` as a module, for ``loss_mil`` of BoxCaseg.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.0.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        """Shapes and values as in :func:`projection_dice`."""
        return self.loss_weight * projection_dice(logits, label)
