"""A region proposal network that trains with and without salient images."""

from mmdet.models.dense_heads import RPNHead
from mmdet.utils import InstanceList, OptInstanceList
from torch import Tensor

from mmboxcaseg.registry import MODELS


@MODELS.register_module()
class JointRPNHead(RPNHead):
    """RPN that may exclude salient images from its losses.

    In a salient image only one object is annotated, and the RPN would learn
    all others as background. The RPN proposes regions in all images.

    Args:
        salient_images (bool): Whether the losses include images with the meta
            key ``supervision='mask'``, see :class:`SalientInstanceDataset`.
            Defaults to True.
        **kwargs: Arguments of ``mmdet.RPNHead``.
    """

    def __init__(self, salient_images: bool = True, **kwargs) -> None:
        super().__init__(**kwargs)
        self.salient_images = salient_images

    def loss_by_feat(
        self,
        cls_scores: list[Tensor],
        bbox_preds: list[Tensor],
        batch_gt_instances: InstanceList,
        batch_img_metas: list[dict],
        batch_gt_instances_ignore: OptInstanceList = None,
    ) -> dict:
        """Compute the losses over the images that they include.

        Args:
            cls_scores (list[Tensor]): Scores of each level, (B, A, H, W).
            bbox_preds (list[Tensor]): Deltas of each level, (B, 4 A, H, W).
            batch_gt_instances (list[InstanceData]): True instances of each
                image.
            batch_img_metas (list[dict]): Meta keys of each image.
            batch_gt_instances_ignore (list[InstanceData], optional): Instances
                to ignore in each image. Defaults to None.

        Returns:
            dict: Losses of ``mmdet.RPNHead``. If they include no image, they
            are 0 and still have a graph.
        """
        learnt = [
            place
            for place, meta in enumerate(batch_img_metas)
            if self.salient_images or meta.get('supervision') != 'mask'
        ]
        if not learnt:
            return dict(
                loss_rpn_cls=[scores.sum() * 0 for scores in cls_scores],
                loss_rpn_bbox=[deltas.sum() * 0 for deltas in bbox_preds],
            )
        if len(learnt) < len(batch_img_metas):
            cls_scores = [scores[learnt] for scores in cls_scores]
            bbox_preds = [deltas[learnt] for deltas in bbox_preds]
            batch_gt_instances = [batch_gt_instances[place] for place in learnt]
            batch_img_metas = [batch_img_metas[place] for place in learnt]
            if batch_gt_instances_ignore is not None:
                batch_gt_instances_ignore = [
                    batch_gt_instances_ignore[place] for place in learnt
                ]
        return super().loss_by_feat(
            cls_scores,
            bbox_preds,
            batch_gt_instances,
            batch_img_metas,
            batch_gt_instances_ignore,
        )
