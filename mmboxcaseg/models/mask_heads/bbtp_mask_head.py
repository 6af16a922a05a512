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
    """Draw the box of each RoI on the grid of cells of the RoI.

    Args:
        rois (Tensor): R RoIs, xyxy in pixels of the image, (R, 4).
        boxes (Tensor): Box of each RoI, xyxy in pixels of the image, (R, 4).
        size (tuple[int, int]): Height and width (h, w) of a RoI in cells.

    Returns:
        Tensor: Filled boxes, (R, h, w), of the dtype of ``rois``: 1 in cells
        whose centre lies in the box, 0 elsewhere.
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

    It learns masks from boxes by multiple-instance learning on the mask that
    it predicts for each positive RoI, in the channel of the RoI's class. Rows
    and columns that cross the true box are positive bags, limited to the box;
    the others are negative bags, as long as the predicted mask. The loss is
    that of BoxCaseg's weak head (the paper, Eq. 1 and 2). ``gt_instances``
    needs no masks.

    With ``with_masks`` (BBTP+S, our reading of the paper's Table 1) some
    objects have a valid mask: their weight in ``mask_weights`` is above 0.
    These objects have the pixel-wise loss of :class:`ProxyFCNMaskHead` in
    place of the smoothness term, and keep the multiple-instance loss of their
    box, which every image of BoxCaseg has (Eq. 4).

    Args:
        loss_mil (dict): Config of the unary term, see :class:`MILLoss`. With
            ``bag_extent='line'``, positive bags are as long as the predicted
            mask too, as in BBTP's published code. Defaults to bags limited to
            the box.
        loss_smooth (dict): Config of the pairwise term, see
            :class:`PairwiseSmoothnessLoss`. Defaults to weight 0.05.
        with_masks (bool): Whether objects with a valid mask learn from it.
            Defaults to False.
        **kwargs: Arguments of :class:`ProxyFCNMaskHead`. ``loss_mask``, the
            pixel-wise loss, is used only with ``with_masks``.
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
        """Compute the losses of the positive RoIs.

        P is the number of positive RoIs in the batch, C the number of classes
        (1 if ``class_agnostic``), (h, w) the size of a predicted mask.

        Args:
            mask_preds (Tensor): Mask logits, (P, C, h, w).
            sampling_results (list[SamplingResult]): Sampled RoIs and their
                true boxes, one for each image.
            batch_gt_instances (list[InstanceData]): True instances of each
                image, with ``masks`` and ``mask_weights``. Not used without
                ``with_masks``.
            rcnn_train_cfg (ConfigDict): ``train_cfg`` of the R-CNN. Not used
                without ``with_masks``.

        Returns:
            dict: ``loss_mask``, a dict of scalars: ``loss_mask_mil`` over all
            positive RoIs, ``loss_mask_smooth`` over those without a valid
            mask and, with ``with_masks``, ``loss_mask`` over those with one.
            A loss over no RoI is 0 and still has a graph. And
            ``mask_targets``, the boxes on the RoIs, (P, h, w).

        Raises:
            ValueError: With ``with_masks``, if a ``gt_instances`` has no
                ``mask_weights``, or a weight lies between 0 and 1 and
                ``loss_mask`` is not the binary cross entropy.
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
        # The mean over no RoI would be NaN.
        losses['loss_mask_mil'] = (
            self.loss_mil(logits, targets) if len(logits) else logits.sum()
        )
        losses['loss_mask_smooth'] = (
            self.loss_smooth(boxed) if len(boxed) else boxed.sum()
        )
        return dict(loss_mask=losses, mask_targets=targets)
