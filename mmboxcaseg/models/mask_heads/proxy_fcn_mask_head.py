"""The mask head of Proxy Mask R-CNN."""

import torch
from mmdet.models.roi_heads.mask_heads import FCNMaskHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.utils import InstanceList
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor
from torch.nn import functional as F

from mmboxcaseg.registry import MODELS


def weighted_mask_loss(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over RoIs of their binary cross entropy.

    Args:
        logits (Tensor): Mask logits of R RoIs, each in the channel of its
            class, (R, h, w), R > 0.
        targets (Tensor): Their masks, in [0, 1], (R, h, w).
        weights (Tensor): Weights of the RoIs, >= 0 and not all 0, (R,).

    Returns:
        Tensor: A scalar, the mean over each RoI's pixels, averaged over the
        RoIs by their weights.
    """
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction='none')
    return (losses.flatten(1).mean(1) * weights).sum() / weights.sum()


def valid_rois(
    sampling_results: list[SamplingResult], batch_gt_instances: InstanceList
) -> tuple[Tensor, list[InstanceData]]:
    """Which positive RoIs have a valid mask, one with a weight above 0.

    Args:
        sampling_results (list[SamplingResult]): One per image.
        batch_gt_instances (list[InstanceData]): One per image, with
            ``mask_weights``.

    Returns:
        tuple[Tensor, list[InstanceData]]: The mask weights of all P positives
        of the batch, (P,), and of those with a valid mask what mask targets
        are made from, one per image.

    Raises:
        ValueError: If a ``gt_instances`` has no ``mask_weights``.
    """
    all_weights, kept_results = [], []
    for result, gt_instances in zip(sampling_results, batch_gt_instances):
        if 'mask_weights' not in gt_instances:
            raise ValueError(
                f'gt_instances has the keys {sorted(gt_instances.keys())} and '
                'no "mask_weights", which the mask head needs; end the '
                "training pipeline with type='mmboxcaseg.PackProxyDetInputs' "
                'in place of PackDetInputs'
            )
        weights = gt_instances.mask_weights[result.pos_assigned_gt_inds]
        all_weights.append(weights)
        # All that get_targets() reads of a SamplingResult. Full-size target
        # masks are costly: none for masks that are ignored.
        kept_results.append(
            InstanceData(
                pos_priors=result.pos_priors,
                pos_assigned_gt_inds=result.pos_assigned_gt_inds,
                pos_gt_labels=result.pos_gt_labels,
            )[weights > 0]
        )
    return torch.cat(all_weights), kept_results


@MODELS.register_module()
class ProxyFCNMaskHead(FCNMaskHead):
    """Mask head that learns from the trusted proxy masks only.

    A positive RoI whose ground truth has 0 in ``mask_weights`` (see
    :class:`MarkIgnoredMasks`) has no part in the mask loss, which is the mean
    over the other positives (the paper, Sec. 3.4), weighted where their
    weights are below 1 (not in the paper). In all else it is
    ``mmdet.FCNMaskHead``, whose arguments it takes and whose checkpoints it
    loads; with weights below 1 ``loss_mask`` must be its default, the binary
    cross entropy.

    Args:
        num_classes (int): Number of classes. Defaults to 80.
        num_extra_classes (int): Number of further classes, after the others,
            that are learnt and never detected (see
            :class:`ExtraClassBBoxHead`); each has a channel. The attribute
            ``num_classes`` counts both. Defaults to 0.
        **kwargs: Arguments of ``mmdet.FCNMaskHead``.
    """

    def __init__(
        self, *, num_classes: int = 80, num_extra_classes: int = 0, **kwargs
    ) -> None:
        super().__init__(num_classes=num_classes + num_extra_classes, **kwargs)
        self.num_extra_classes = num_extra_classes

    def loss_and_target(
        self,
        mask_preds: Tensor,
        sampling_results: list[SamplingResult],
        batch_gt_instances: InstanceList,
        rcnn_train_cfg: ConfigDict,
    ) -> dict:
        """Mask loss over the positives whose mask is not ignored.

        P is the number of positive RoIs in the batch, K the number of those
        whose mask is not ignored, C the number of classes, (h, w) the size of
        a predicted mask.

        Args:
            mask_preds (Tensor): Mask logits, (P, C, h, w).
            sampling_results (list[SamplingResult]): One per image.
            batch_gt_instances (list[InstanceData]): One per image, with
                ``bboxes``, ``labels``, ``masks`` and ``mask_weights``.
            rcnn_train_cfg (ConfigDict): ``train_cfg`` of the R-CNN.

        Returns:
            dict: ``loss_mask``, a dict with the loss of the same name, a
            scalar which is 0 and still has a graph if all masks are ignored;
            and ``mask_targets`` of the others, (K, h, w).

        Raises:
            ValueError: If a ``gt_instances`` has no ``mask_weights``, or if
                there are weights between 0 and 1 and ``loss_mask`` is not
                the binary cross entropy.
        """
        weights, kept_results = valid_rois(sampling_results, batch_gt_instances)
        kept = weights > 0
        targets = self.get_targets(kept_results, batch_gt_instances, rcnn_train_cfg)
        labels = torch.cat([result.pos_gt_labels for result in kept_results])
        loss = self._loss(mask_preds[kept], targets, labels, weights[kept])
        return dict(loss_mask=dict(loss_mask=loss), mask_targets=targets)

    def _loss(
        self, mask_preds: Tensor, targets: Tensor, labels: Tensor, weights: Tensor
    ) -> Tensor:
        """Loss of mask logits (K, C, h, w), of ``mmdet.FCNMaskHead`` where no
        weight is below 1."""
        if len(mask_preds) == 0:
            return mask_preds.sum()
        if self.class_agnostic:
            labels = torch.zeros_like(labels)
        if (weights == 1).all():
            return self.loss_mask(mask_preds, targets, labels)
        if not getattr(self.loss_mask, 'use_mask', False):
            raise ValueError(
                'ProxyFCNMaskHead: masks have weights between 0 and 1, which '
                'need loss_mask=dict(type="mmdet.CrossEntropyLoss", '
                f'use_mask=True), not {type(self.loss_mask).__name__}; leave '
                'out mask_weight of the data set'
            )
        logits = mask_preds[torch.arange(len(labels)), labels]
        # A sum over many pixels: in float32 under AMP too.
        return self.loss_mask.loss_weight * weighted_mask_loss(
            logits.float(), targets.float(), weights
        )
