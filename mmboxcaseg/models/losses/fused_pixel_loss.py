"""Fusion of the salient and transferred heads, and its loss (Eq. 3)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmboxcaseg.registry import MODELS

FUSION_SPACES = ('prob', 'logit')


def check_fusion(alpha: float, fuse: str) -> None:
    """Raise ValueError unless ``alpha`` and ``fuse`` are usable."""
    if not 0 <= alpha <= 1:
        raise ValueError(f'alpha must lie in [0, 1], but got {alpha!r}')
    if fuse not in FUSION_SPACES:
        raise ValueError(f'fuse must be one of {FUSION_SPACES}, but got {fuse!r}')


def fused_probs(
    salient: Tensor | None, transferred: Tensor | None, alpha: float, fuse: str
) -> Tensor:
    """alpha * S_a + (1 - alpha) * S_t, the prediction of BoxCaseg.

    Args:
        salient (Tensor, optional): Logits of the salient head, any shape.
        transferred (Tensor, optional): Logits of the transferred head, of
            the same shape. Where one of the two is None, the other is taken
            alone; one must be given.
        alpha (float): Weight of the salient head, in [0, 1].
        fuse (str): ``'prob'``: the probabilities are averaged, as Eq. 3 is
            written. ``'logit'``: the logits are averaged, as the authors'
            released weights were trained.

    Returns:
        Tensor: Probabilities, float32, of the logits' shape.
    """
    if salient is None or transferred is None:
        only = transferred if salient is None else salient
        return only.float().sigmoid()
    salient, transferred = salient.float(), transferred.float()
    if fuse == 'logit':
        return torch.lerp(transferred, salient, alpha).sigmoid()
    return torch.lerp(transferred.sigmoid(), salient.sigmoid(), alpha)


def fused_pixel_loss(
    salient: Tensor | None,
    transferred: Tensor | None,
    mask: Tensor,
    alpha: float,
    fuse: str,
) -> Tensor:
    """Cross entropy between the mask and the fused prediction (Eq. 3).

    Args:
        salient (Tensor, optional): As in :func:`fused_probs`, shape
            (B, H, W).
        transferred (Tensor, optional): As in :func:`fused_probs`, shape
            (B, H, W).
        mask (Tensor): Object masks, shape (B, H, W), 0 or positive.
        alpha (float): Weight of the salient head, in [0, 1].
        fuse (str): ``'prob'`` or ``'logit'``.

    Returns:
        Tensor: Mean over the pixels of each patch, shape (B,), float32.
    """
    target = (mask > 0).float()
    if salient is None or transferred is None or fuse == 'logit':
        if salient is None or transferred is None:
            logits = (transferred if salient is None else salient).float()
        else:
            logits = torch.lerp(transferred.float(), salient.float(), alpha)
        loss = F.binary_cross_entropy_with_logits(logits, target, reduction='none')
        return loss.mean(dim=(1, 2))
    salient, transferred = salient.float(), transferred.float()
    if alpha in (0, 1):
        # The other head has no share; times zero it keeps its (zero)
        # gradient without the logarithm of zero.
        kept, other = (salient, transferred) if alpha == 1 else (transferred, salient)
        loss = F.binary_cross_entropy_with_logits(kept, target, reduction='none')
        return loss.mean(dim=(1, 2)) + 0 * other.mean(dim=(1, 2))
    # log(a * sigmoid(s) + (1 - a) * sigmoid(t)) without leaving the log
    # domain, so that a confident mistake keeps its gradient. Only the term
    # that the binary target selects is needed: where it is 0, the
    # probability of background is the sigmoid of the negated logit.
    sign = 2 * target - 1
    log_likelihood = torch.logaddexp(
        math.log(alpha) + F.logsigmoid(sign * salient),
        math.log(1 - alpha) + F.logsigmoid(sign * transferred),
    )
    return -log_likelihood.mean(dim=(1, 2))


@MODELS.register_module()
class FusedPixelLoss(nn.Module):
    """:func:`fused_pixel_loss`, averaged over the mask-supervised patches.

    Args:
        loss_weight (float): Lambda of Eq. 4. Defaults to 1.0.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self,
        salient: Tensor | None,
        transferred: Tensor | None,
        mask: Tensor,
        weight: Tensor,
        avg_factor: Tensor,
        alpha: float,
        fuse: str,
    ) -> Tensor:
        """As :func:`fused_pixel_loss`, with two more arguments.

        Args:
            weight (Tensor): 1 for patches to learn from, 0 for others,
                shape (B,).
            avg_factor (Tensor): What the sum over patches is divided by.
        """
        losses = fused_pixel_loss(salient, transferred, mask, alpha, fuse)
        return self.loss_weight * (losses * weight).sum() / avg_factor
