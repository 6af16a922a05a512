"""A box head with extra classes, which are learnt and never detected."""

import torch
from mmdet.models.roi_heads.bbox_heads import ConvFCBBoxHead
from mmdet.utils import ConfigType
from mmengine.structures import InstanceData
from torch import Tensor

from mmboxcaseg.registry import MODELS


def without_classes(cls_score: Tensor, count: int) -> Tensor:
    """Move the probability of the last classes to the background.

    Args:
        cls_score (Tensor): Logits of R RoIs, the background last,
            (R, C + count + 1).
        count (int): Number of classes to remove, those before the background.

    Returns:
        Tensor: Logits of the same shape. Their softmax is 0 for the removed
        classes, is larger by the same amount for the background, and is the
        same for the other classes.
    """
    if count == 0:
        return cls_score
    logs = cls_score.log_softmax(dim=-1)
    kept, rest = logs.split([logs.shape[-1] - count - 1, count + 1], dim=-1)
    dropped = rest[:, :-1]
    background = rest.logsumexp(dim=-1, keepdim=True)
    return torch.cat([kept, torch.full_like(dropped, -torch.inf), background], dim=-1)


@MODELS.register_module()
class ExtraClassBBoxHead(ConvFCBBoxHead):
    """Box head that learns extra classes and detects none of them.

    The extra classes come after the others. An example is the class of
    salient images, see :class:`JointInstanceDataset`. In tests the
    probability of an extra class counts as background, before non-maximum
    suppression and the choice of the best detections of an image. With
    ``num_shared_fcs=2`` the architecture is ``mmdet.Shared2FCBBoxHead``.

    Args:
        num_classes (int): Number of classes without the extra ones. Defaults
            to 80.
        num_extra_classes (int): Number of extra classes. The attribute
            ``num_classes`` counts both. Defaults to 1.
        **kwargs: Arguments of ``mmdet.ConvFCBBoxHead``.
    """

    def __init__(
        self, *, num_classes: int = 80, num_extra_classes: int = 1, **kwargs
    ) -> None:
        super().__init__(num_classes=num_classes + num_extra_classes, **kwargs)
        self.num_extra_classes = num_extra_classes

    def _predict_by_feat_single(
        self,
        roi: Tensor,
        cls_score: Tensor,
        bbox_pred: Tensor,
        img_meta: dict,
        rescale: bool = False,
        rcnn_test_cfg: ConfigType | None = None,
    ) -> InstanceData:
        """Detections of an image as in the parent class, but no extra classes."""
        return super()._predict_by_feat_single(
            roi,
            without_classes(cls_score, self.num_extra_classes),
            bbox_pred,
            img_meta,
            rescale,
            rcnn_test_cfg,
        )
