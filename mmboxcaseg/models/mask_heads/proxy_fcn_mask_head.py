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
    """Weighted mean of the binary cross entropies of RoIs.

    Args:
        logits (Tensor): Mask logits of R > 0 RoIs in the channels of their
            classes, (R, h, w).
        targets (Tensor): Target masks in [0, 1], (R, h, w).
        weights (Tensor): Weights of the RoIs, at least 0 and not all 0, (R,).

    Returns:
        Tensor: A scalar: the means over the pixels of each RoI, averaged over
        the RoIs by their weights.
    """
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction='none')
    return (losses.flatten(1).mean(1) * weights).sum() / weights.sum()


def valid_rois(
    sampling_results: list[SamplingResult], batch_gt_instances: InstanceList
) -> tuple[Tensor, list[InstanceData]]:
    """Select the positive RoIs with a valid mask, whose weight is above 0.

    Args:
        sampling_results (list[SamplingResult]): Sampled RoIs of each image.
        batch_gt_instances (list[InstanceData]): True instances of each image,
            with ``mask_weights``.

    Returns:
        tuple[Tensor, list[InstanceData]]: Mask weights of all P positive RoIs
        of the batch, (P,); and for each image the RoIs with a valid mask,
        with the keys from which mask targets are made.

    Raises:
        ValueError: If a ``gt_instances`` has no ``mask_weights``.
    """
    all_weights, kept_results = [], []
    for result, gt_instances in zip(sampling_results, batch_gt_instances):
        if 'mask_weights' not in gt_instances:
            raise ValueError(
                f'gt_instances has the keys {sorted(gt_instances.keys())}, but '
                'not "mask_weights", which the mask head needs; end the '
                "training pipeline with type='mmboxcaseg.PackProxyDetInputs' "
                'in place of PackDetInputs'
            )
        weights = gt_instances.mask_weights[result.pos_assigned_gt_inds]
        all_weights.append(weights)
        # The keys that get_targets() reads. Targets are costly to make, so
        # ignored masks get none.
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
    """Mask head whose loss ignores the proxy masks that are not trusted.

    A positive RoI whose true instance has the weight 0 in ``mask_weights``
    (see :class:`MarkIgnoredMasks`) is ignored in the mask loss, which is the
    mean over the other positive RoIs (the paper, Sec. 3.4). Weights below 1
    make it a weighted mean (not in the paper). Apart from that it is
    ``mmdet.FCNMaskHead``, with the same arguments and checkpoints. With
    weights below 1, ``loss_mask`` must be the default, the binary cross
    entropy.

    Args:
        num_classes (int): Number of classes. Defaults to 80.
        num_extra_classes (int): Number of extra classes after the others.
            They are learnt and never detected, see
            :class:`ExtraClassBBoxHead`. The attribute ``num_classes`` counts
            both. Defaults to 0.
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
        """Compute the mask loss over positive RoIs whose mask is not ignored.

        P is the number of positive RoIs in the batch, K the number of those
        whose mask is not ignored, C the number of classes, (h, w) the size of
        a predicted mask.

        Args:
            mask_preds (Tensor): Mask logits, (P, C, h, w).
            sampling_results (list[SamplingResult]): Sampled RoIs of each
                image.
            batch_gt_instances (list[InstanceData]): True instances of each
                image, with ``bboxes``, ``labels``, ``masks`` and
                ``mask_weights``.
            rcnn_train_cfg (ConfigDict): ``train_cfg`` of the R-CNN.

        Returns:
            dict: ``loss_mask``, a dict with the scalar ``loss_mask``, which is
            0 and still has a graph if all masks are ignored; and
            ``mask_targets``, target masks of the K RoIs, (K, h, w).

        Raises:
            ValueError: If a ``gt_instances`` has no ``mask_weights``, or a
                weight lies between 0 and 1 and ``loss_mask`` is not the
                binary cross entropy.
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
        """Loss of mask logits (K, C, h, w); that of ``mmdet.FCNMaskHead`` if no
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
                f'use_mask=True), not {type(self.loss_mask).__name__}; set this '
                'loss, or remove mask_weight from the data set'
            )
        logits = mask_preds[torch.arange(len(labels)), labels]
        # The sum over many pixels needs float32, also under AMP.
        return self.loss_mask.loss_weight * weighted_mask_loss(
            logits.float(), targets.float(), weights
        )
