"""The mask head of Proxy Mask R-CNN."""
from typing import List

import torch
from mmdet.models.roi_heads.mask_heads import FCNMaskHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.utils import InstanceList
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor

from mmboxcaseg.registry import MODELS


@MODELS.register_module()
class ProxyFCNMaskHead(FCNMaskHead):
    """Mask head that learns from the trusted proxy masks only.

    A positive RoI whose ground truth is marked ``mask_ignored`` (see
    :class:`MarkIgnoredMasks`) has no part in the mask loss, which is the mean
    over the positives that are left (the paper, Sec. 3.4). In all else it is
    ``mmdet.FCNMaskHead``, whose arguments it takes and whose checkpoints it
    loads.
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
                ``bboxes``, ``labels``, ``masks`` and ``mask_ignored``.
            rcnn_train_cfg (ConfigDict): ``train_cfg`` of the R-CNN.

        Returns:
            dict: ``loss_mask``, a dict with the loss of the same name, a
            scalar which is 0 and still has a graph if no mask is kept; and
            ``mask_targets`` of the kept positives, (K, h, w).

        Raises:
            ValueError: If a ``gt_instances`` has no ``mask_ignored``.
        """
        kept_flags, kept_results = [], []
        for result, gt_instances in zip(sampling_results, batch_gt_instances):
            if 'mask_ignored' not in gt_instances:
                raise ValueError(
                    'ProxyFCNMaskHead: gt_instances has the keys '
                    f'{sorted(gt_instances.keys())} and no "mask_ignored"; '
                    "end the training pipeline with type='mmboxcaseg."
                    "PackProxyDetInputs' in place of PackDetInputs")
            kept = ~gt_instances.mask_ignored[result.pos_assigned_gt_inds]
            kept_flags.append(kept)
            # All that the parent reads of a SamplingResult, for the kept.
            # Full-size target masks are costly: none for those left out.
            kept_results.append(
                InstanceData(
                    pos_priors=result.pos_priors,
                    pos_assigned_gt_inds=result.pos_assigned_gt_inds,
                    pos_gt_labels=result.pos_gt_labels)[kept])
        return super().loss_and_target(mask_preds[torch.cat(kept_flags)],
                                       kept_results, batch_gt_instances,
                                       rcnn_train_cfg)
