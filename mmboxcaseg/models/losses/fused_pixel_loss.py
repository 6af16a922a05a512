"""Fusion of the salient and transferred heads, and its loss (Eq. 3)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmboxcaseg.registry import MODELS

FUSION_SPACES = ('prob', 'logit')


def check_fusion(alpha: float, fuse: str) -> None:
    """Check the options of the fusion.

    Args:
        alpha (float): Weight of the salient head.
        fuse (str): Space of the fusion.

    Raises:
        ValueError: If ``alpha`` is not in [0, 1], or ``fuse`` is neither
            ``'prob'`` nor ``'logit'``.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f'alpha must lie in [0, 1], but got {alpha!r}')
    if fuse not in FUSION_SPACES:
        raise ValueError(f'fuse must be one of {FUSION_SPACES}, but got {fuse!r}')


def fused_probs(
    salient: Tensor | None, transferred: Tensor | None, alpha: float, fuse: str
) -> Tensor:
    """Fuse both heads to the prediction alpha * S_a + (1 - alpha) * S_t.

    Args:
        salient (Tensor | None): Logits of the salient head, any shape.
        transferred (Tensor | None): Logits of the transferred head, of the
            same shape. If one of the two is None, the prediction is that of
            the other head.
        alpha (float): Weight of the salient head, in [0, 1].
        fuse (str): ``'prob'`` averages the probabilities, as in Eq. 3.
            ``'logit'`` averages the logits, as in the training of the
            authors' released weights.

    Returns:
        Tensor: Probabilities in [0, 1], float32, of the logits' shape.

    Example:
        The salient head says 0.5, the transferred head almost 1:

        >>> logits = torch.tensor([0.0]), torch.tensor([20.0])
        >>> round(fused_probs(*logits, alpha=0.7, fuse='prob').item(), 2)
        0.65
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
        salient (Tensor | None): Logits of the salient head, shape (B, H, W).
        transferred (Tensor | None): Logits of the transferred head, shape
            (B, H, W).
        mask (Tensor): Object masks, 0 or positive, shape (B, H, W).
        alpha (float): Weight of the salient head, in [0, 1].
        fuse (str): ``'prob'`` or ``'logit'``, see :func:`fused_probs`.

    Returns:
        Tensor: Mean over the pixels of each patch, float32, shape (B,).
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
        # The other head has the weight 0. Multiplied by 0 it gets a zero
        # gradient, and the logarithm of 0 is avoided.
        kept, other = (salient, transferred) if alpha == 1 else (transferred, salient)
        loss = F.binary_cross_entropy_with_logits(kept, target, reduction='none')
        return loss.mean(dim=(1, 2)) + 0 * other.mean(dim=(1, 2))
    # log(a * sigmoid(s) + (1 - a) * sigmoid(t)), computed from logarithms, so
    # that a confident mistake keeps its gradient. Only the term that the
    # target selects is needed: where it is 0, the probability of background is
    # the sigmoid of the negated logit.
    sign = 2 * target - 1
    log_likelihood = torch.logaddexp(
        math.log(alpha) + F.logsigmoid(sign * salient),
        math.log(1 - alpha) + F.logsigmoid(sign * transferred),
    )
    return -log_likelihood.mean(dim=(1, 2))


@MODELS.register_module()
class FusedPixelLoss(nn.Module):
    """Module of :func:`fused_pixel_loss`, averaged over patches with a mask.

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
        """Compute the loss.

        Args:
            salient (Tensor | None): Logits of the salient head, shape
                (B, H, W).
            transferred (Tensor | None): Logits of the transferred head, shape
                (B, H, W).
            mask (Tensor): Object masks, 0 or positive, shape (B, H, W).
            weight (Tensor): Weights of the patches, shape (B,): 1, or 0 for
                patches that don't count.
            avg_factor (Tensor): Divisor of the sum over patches, a scalar.
            alpha (float): Weight of the salient head, in [0, 1].
            fuse (str): ``'prob'`` or ``'logit'``, see :func:`fused_probs`.

        Returns:
            Tensor: A scalar, float32.
        """
        losses = fused_pixel_loss(salient, transferred, mask, alpha, fuse)
        return self.loss_weight * (losses * weight).sum() / avg_factor
