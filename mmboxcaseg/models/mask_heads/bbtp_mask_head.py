"""The mask head of BBTP, which learns masks from boxes."""

import torch
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures.bbox import get_box_tensor
from mmdet.utils import ConfigType, InstanceList
from mmengine.config import ConfigDict
from torch import Tensor

from mmboxcaseg.registry import MODELS

from .proxy_fcn_mask_head import ProxyFCNMaskHead, valid_rois


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
class BBTPMaskHead(ProxyFCNMaskHead):
    """Mask head of BBTP (Hsu et al., NeurIPS 2019), and of BBTP+S.

    Multiple-instance learning on the patch that the head predicts of every
    positive RoI, in the channel of the RoI's class. The rows and columns that
    cross the ground-truth box are positive bags, reaching as far as the box
    does; the others are negative bags, as long as the patch. The loss is that
    of BoxCaseg's weak head (the paper, Eq. 1 and 2). Masks are not read:
    ``gt_instances`` needs none.

    With ``with_masks`` some objects have a valid mask, a weight above 0 in
    ``mask_weights`` (BBTP+S; our reading of the paper's Table 1). They have
    the pixel-wise loss of :class:`ProxyFCNMaskHead` in place of the
    smoothness, beside the multiple-instance loss of their box, as every
    image of BoxCaseg has (Eq. 4).

    Args:
        loss_mil (dict): Unary term, see :class:`MILLoss`. With
            ``bag_extent='line'`` positive bags too are as long as the patch,
            as in BBTP's published code. Defaults to bags in the box.
        loss_smooth (dict): Pairwise term, see
            :class:`PairwiseSmoothnessLoss`. Defaults to weight 0.05.
        with_masks (bool): Whether objects with a valid mask learn from it.
            Defaults to False.
        **kwargs: Arguments of :class:`ProxyFCNMaskHead`; ``loss_mask``, the pixel-wise
            loss, is used only with ``with_masks``.
    """

    def __init__(
        self,
        *,
        loss_mil: ConfigType = dict(type='mmboxcaseg.MILLoss', bag_extent='box'),
        loss_smooth: ConfigType = dict(type='mmboxcaseg.PairwiseSmoothnessLoss'),
        with_masks: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.loss_mil = MODELS.build(loss_mil)
        self.loss_smooth = MODELS.build(loss_smooth)
        self.with_masks = with_masks

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
            batch_gt_instances (list[InstanceData]): One per image, with
                ``masks`` and ``mask_weights``. Not used without
                ``with_masks``.
            rcnn_train_cfg (ConfigDict): ``train_cfg`` of the R-CNN. Not used
                without ``with_masks``.

        Returns:
            dict: ``loss_mask``, a dict of the scalars ``loss_mask_mil``, over
            all positives, ``loss_mask_smooth``, over those without a valid
            mask, and with ``with_masks`` ``loss_mask``, over those with one;
            each is 0 and still has a graph if there are none. And
            ``mask_targets``, the boxes on the RoIs, (P, h, w).

        Raises:
            ValueError: As of :class:`ProxyFCNMaskHead`, with ``with_masks``.
        """
        rois = torch.cat([get_box_tensor(res.pos_priors) for res in sampling_results])
        boxes = torch.cat(
            [get_box_tensor(res.pos_gt_bboxes) for res in sampling_results]
        )
        labels = torch.cat([res.pos_gt_labels for res in sampling_results])
        targets = boxes_on_rois(rois, boxes, mask_preds.shape[-2:])
        if self.class_agnostic:
            labels = torch.zeros_like(labels)
        logits = mask_preds[torch.arange(len(labels)), labels]
        losses, boxed = {}, logits
        if self.with_masks:
            weights, _ = valid_rois(sampling_results, batch_gt_instances)
            boxed = logits[weights == 0]
            losses = super().loss_and_target(
                mask_preds, sampling_results, batch_gt_instances, rcnn_train_cfg
            )['loss_mask']
        # The mean over nothing is no number.
        losses['loss_mask_mil'] = (
            self.loss_mil(logits, targets) if len(logits) else logits.sum()
        )
        losses['loss_mask_smooth'] = (
            self.loss_smooth(boxed) if len(boxed) else boxed.sum()
        )
        return dict(loss_mask=losses, mask_targets=targets)
