"""A box head with classes that are learnt and not detected."""

import torch
from mmdet.models.roi_heads.bbox_heads import ConvFCBBoxHead
from mmdet.utils import ConfigType
from mmengine.structures import InstanceData
from torch import Tensor

from mmboxcaseg.registry import MODELS


def without_classes(cls_score: Tensor, count: int) -> Tensor:
    """Take the last classes off class scores.

    Args:
        cls_score (Tensor): Logits of R RoIs, the background last,
            (R, C + count + 1).
        count (int): How many classes before the background are taken off.

    Returns:
        Tensor: Logits of the same shape whose softmax is 0 for those classes,
        has what they had for the background, and is unchanged elsewhere.
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

    The extra classes come after the others; that of salient images is one
    (see :class:`JointInstanceDataset`). What is taken for an extra class in
    the test counts as background, before non-maximum suppression and before
    the best detections of an image are kept. ``num_shared_fcs=2`` is
    ``mmdet.Shared2FCBBoxHead``.

    Args:
        num_classes (int): Number of the other classes. Defaults to 80.
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
        """Detections of one image, as of the parent, of no extra class."""
        return super()._predict_by_feat_single(
            roi,
            without_classes(cls_score, self.num_extra_classes),
            bbox_pred,
            img_meta,
            rescale,
            rcnn_test_cfg,
        )
