"""The mask head of Proxy Mask R-CNN."""
from typing import List

import torch
from mmdet.models.roi_heads.mask_heads import FCNMaskHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.utils import InstanceList
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor
from torch.nn import functional as F

from mmboxcaseg.registry import MODELS


def weighted_mask_loss(logits: Tensor, targets: Tensor,
                       weights: Tensor) -> Tensor:
    """Weighted mean over RoIs of their binary cross entropy.

    Args:
        logits (Tensor): Of R RoIs, each in the channel of its class,
            (R, h, w), R > 0.
        targets (Tensor): Their masks, in [0, 1], (R, h, w).
        weights (Tensor): Of the RoIs, >= 0 and not all 0, (R,).

    Returns:
        Tensor: A scalar, the mean over each RoI's pixels, averaged over the
        RoIs by their weights.
    """
    losses = F.binary_cross_entropy_with_logits(
        logits, targets, reduction='none')
    return (losses.flatten(1).mean(1) * weights).sum() / weights.sum()


@MODELS.register_module()
class ProxyFCNMaskHead(FCNMaskHead):
    """Mask head that learns from the trusted proxy masks only.

    A positive RoI whose ground truth has 0 in ``mask_weights`` (see
    :class:`MarkIgnoredMasks`) has no part in the mask loss, which is the mean
    over the positives that are left (the paper, Sec. 3.4), weighted where
    their weights are below 1 (not in the paper). In all else it is
    ``mmdet.FCNMaskHead``, whose arguments it takes and whose checkpoints it
    loads; with weights below 1 ``loss_mask`` must be its default, the binary
    cross entropy.
    """

    def loss_and_target(self, mask_preds: Tensor,
                        sampling_results: List[SamplingResult],
                        batch_gt_instances: InstanceList,
                        rcnn_train_cfg: ConfigDict) -> dict:
        """Mask loss over the positives whose mask is kept.

        P is the number of positive RoIs in the batch, K the number of those
        whose mask is kept, C the number of classes, (h, w) the size of a
        predicted mask.

        Args:
            mask_preds (Tensor): Mask logits, (P, C, h, w).
            sampling_results (list[SamplingResult]): One per image.
            batch_gt_instances (list[InstanceData]): One per image, with
                ``bboxes``, ``labels``, ``masks`` and ``mask_weights``.
            rcnn_train_cfg (ConfigDict): ``train_cfg`` of the R-CNN.

        Returns:
            dict: ``loss_mask``, a dict with the loss of the same name, a
            scalar which is 0 and still has a graph if no mask is kept; and
            ``mask_targets`` of the kept positives, (K, h, w).

        Raises:
            ValueError: If a ``gt_instances`` has no ``mask_weights``, or if
                there are weights between 0 and 1 and ``loss_mask`` is not
                the binary cross entropy.
        """
        kept_flags, kept_weights, kept_results = [], [], []
        for result, gt_instances in zip(sampling_results, batch_gt_instances):
            if 'mask_weights' not in gt_instances:
                raise ValueError(
                    'ProxyFCNMaskHead: gt_instances has the keys '
                    f'{sorted(gt_instances.keys())} and no "mask_weights"; '
                    "end the training pipeline with type='mmboxcaseg."
                    "PackProxyDetInputs' in place of PackDetInputs")
            weights = gt_instances.mask_weights[result.pos_assigned_gt_inds]
            kept = weights > 0
            kept_flags.append(kept)
            kept_weights.append(weights[kept])
            # All that the parent reads of a SamplingResult, for the kept.
            # Full-size target masks are costly: none for those left out.
            kept_results.append(
                InstanceData(
                    pos_priors=result.pos_priors,
                    pos_assigned_gt_inds=result.pos_assigned_gt_inds,
                    pos_gt_labels=result.pos_gt_labels)[kept])
        mask_preds = mask_preds[torch.cat(kept_flags)]
        result = super().loss_and_target(mask_preds, kept_results,
                                         batch_gt_instances, rcnn_train_cfg)
        weights = torch.cat(kept_weights)
        if (weights < 1).any():
            labels = torch.cat([kept.pos_gt_labels for kept in kept_results])
            result['loss_mask'] = dict(
                loss_mask=self._weighted_loss(mask_preds, labels,
                                              result['mask_targets'], weights))
        return result

    def _weighted_loss(self, mask_preds: Tensor, labels: Tensor,
                       targets: Tensor, weights: Tensor) -> Tensor:
        """:func:`weighted_mask_loss` of mask logits (K, C, h, w)."""
        if not getattr(self.loss_mask, 'use_mask', False):
            raise ValueError(
                'ProxyFCNMaskHead: masks have weights between 0 and 1, which '
                'need loss_mask=dict(type="mmdet.CrossEntropyLoss", '
                f'use_mask=True), not {type(self.loss_mask).__name__}; leave '
                'out mask_weight of the data set')
        if self.class_agnostic:
            labels = torch.zeros_like(labels)
        logits = mask_preds[torch.arange(len(labels)), labels]
        # A sum over many pixels: in float32 under AMP too.
        return self.loss_mask.loss_weight * weighted_mask_loss(
            logits.float(), targets.float(), weights)
