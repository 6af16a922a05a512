"""The mask head of BBTP, which learns masks from boxes alone."""

import torch
from mmdet.models.roi_heads.mask_heads import FCNMaskHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures.bbox import get_box_tensor
from mmdet.utils import ConfigType, InstanceList
from mmengine.config import ConfigDict
from torch import Tensor

from mmboxcaseg.registry import MODELS


def boxes_on_rois(rois: Tensor, boxes: Tensor, size: tuple) -> Tensor:
    """Draw boxes on the grids of cells of RoIs.

    Args:
        rois (Tensor): R RoIs, x1, y1, x2, y2 in pixels of the image, (R, 4).
        boxes (Tensor): The box of each RoI, x1, y1, x2, y2 in pixels of the
            image, (R, 4).
        size (tuple[int, int]): Cells of a RoI down and along, (h, w).

    Returns:
        Tensor: 1 in the cells whose centre is in the box, else 0, of the
        dtype of ``rois``, (R, h, w).
    """
    inside = []
    for axis, cells in enumerate(size[::-1]):
        start, end = rois[:, axis, None], rois[:, axis + 2, None]
        steps = torch.arange(cells, dtype=rois.dtype, device=rois.device)
        centres = start + (steps + 0.5) / cells * (end - start)
        inside.append(
            (centres >= boxes[:, axis, None]) & (centres < boxes[:, axis + 2, None])
        )
    columns, rows = inside
    return (rows[:, :, None] & columns[:, None, :]).to(rois.dtype)


@MODELS.register_module()
class BBTPMaskHead(FCNMaskHead):
    """Mask head of BBTP (Hsu et al., NeurIPS 2019).

    Multiple-instance learning on the patch that the head predicts of every
    positive RoI, in the channel of the RoI's class. The rows and columns that
    cross the ground-truth box are positive bags, reaching as far as the box
    does; the others are negative bags, as long as the patch. The loss is that
    of BoxCaseg's weak head (the paper, Eq. 1 and 2). True masks are never
    read: ``gt_instances`` needs none.

    Args:
        loss_mil (dict): Unary term, see :class:`MILLoss`. With
            ``bag_extent='line'`` positive bags too are as long as the patch,
            as in BBTP's published code. Defaults to bags in the box.
        loss_smooth (dict): Pairwise term, see
            :class:`PairwiseSmoothnessLoss`. Defaults to weight 0.05.
        **kwargs: Of :class:`mmdet.FCNMaskHead`; ``loss_mask`` is not used.
    """

    def __init__(
        self,
        *args,
        loss_mil: ConfigType = dict(type='mmboxcaseg.MILLoss', bag_extent='box'),
        loss_smooth: ConfigType = dict(type='mmboxcaseg.PairwiseSmoothnessLoss'),
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.loss_mil = MODELS.build(loss_mil)
        self.loss_smooth = MODELS.build(loss_smooth)

    def loss_and_target(
        self,
        mask_preds: Tensor,
        sampling_results: list[SamplingResult],
        batch_gt_instances: InstanceList,
        rcnn_train_cfg: ConfigDict,
    ) -> dict:
        """Losses of the positive RoIs.

        P is the number of positive RoIs in the batch, C the number of classes
        (1 if ``class_agnostic``), (h, w) the size of a predicted mask.

        Args:
            mask_preds (Tensor): Mask logits, (P, C, h, w).
            sampling_results (list[SamplingResult]): One per image; the boxes
                are taken from here.
            batch_gt_instances (list[InstanceData]): Not used.
            rcnn_train_cfg (ConfigDict): Not used.

        Returns:
            dict: ``loss_mask``, a dict of the scalars ``loss_mask_mil`` and
            ``loss_mask_smooth``, both 0 and still with a graph if there is no
            positive; and ``mask_targets``, the boxes on the RoIs, (P, h, w).
        """
        rois = torch.cat([get_box_tensor(res.pos_priors) for res in sampling_results])
        boxes = torch.cat(
            [get_box_tensor(res.pos_gt_bboxes) for res in sampling_results]
        )
        labels = torch.cat([res.pos_gt_labels for res in sampling_results])
        targets = boxes_on_rois(rois, boxes, mask_preds.shape[-2:])
        if len(mask_preds) == 0:
            zero = mask_preds.sum()
            losses = dict(loss_mask_mil=zero, loss_mask_smooth=zero)
        else:
            channels = torch.zeros_like(labels) if self.class_agnostic else labels
            logits = mask_preds[torch.arange(len(labels)), channels]
            losses = dict(
                loss_mask_mil=self.loss_mil(logits, targets),
                loss_mask_smooth=self.loss_smooth(logits),
            )
        return dict(loss_mask=losses, mask_targets=targets)
