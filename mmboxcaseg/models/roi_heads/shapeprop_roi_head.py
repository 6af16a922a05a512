"""The RoI head of ShapeProp."""

import torch
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.models.utils import empty_instances
from mmdet.structures.bbox import bbox2roi
from mmdet.structures.mask import mask_target
from mmdet.utils import ConfigType, InstanceList
from mmengine.config import ConfigDict
from torch import Tensor

from mmboxcaseg.registry import MODELS

from ..mask_heads import valid_rois
from .shapeprop_head import maps_of_labels


@MODELS.register_module()
class ShapePropRoIHead(StandardRoIHead):
    """Box head, :class:`ShapePropHead` and :class:`ShapePropMaskHead`.

    The features of ``mask_roi_extractor`` serve both heads. In training the
    saliency is activated on all sampled RoIs; shapes and masks are predicted,
    and learnt, on the positives with a valid mask alone. In the test the
    predicted label chooses the map.

    Args:
        shape_head (dict): Config of :class:`ShapePropHead`.
        **kwargs: Arguments of ``mmdet.StandardRoIHead``; ``mask_head`` is a
            :class:`ShapePropMaskHead`.
    """

    def __init__(self, *, shape_head: ConfigType, **kwargs) -> None:
        super().__init__(**kwargs)
        self.shape_head = MODELS.build(shape_head)

    def _mask_feats(self, x: tuple[Tensor, ...], rois: Tensor) -> Tensor:
        """Features of RoIs (R, 5): image and xyxy in pixels."""
        return self.mask_roi_extractor(x[: self.mask_roi_extractor.num_inputs], rois)

    def _labels(self, sampling_results: list[SamplingResult]) -> Tensor:
        """Labels of all sampled RoIs, image by image, positives first; the
        background's is one past the last class."""
        return torch.cat(
            [
                label
                for res in sampling_results
                for label in (
                    res.pos_gt_labels,
                    res.pos_gt_labels.new_full(
                        (len(res.neg_priors),), self.shape_head.num_classes
                    ),
                )
            ]
        )

    def mask_loss(
        self,
        x: tuple[Tensor, ...],
        sampling_results: list[SamplingResult],
        bbox_feats: Tensor,
        batch_gt_instances: InstanceList,
    ) -> dict:
        """Losses of shape head and mask head.

        Args:
            x (tuple[Tensor]): Feature maps of all levels.
            sampling_results (list[SamplingResult]): One per image.
            bbox_feats (Tensor): Not used.
            batch_gt_instances (list[InstanceData]): One per image, with
                ``masks`` and ``mask_weights``.

        Returns:
            dict: ``mask_preds``, logits of the positives with a valid mask,
            and ``loss_mask``, a dict of the scalars ``loss_activating``,
            ``loss_propagating`` and ``loss_mask``.

        Raises:
            ValueError: If a ``gt_instances`` has no ``mask_weights``.
        """
        weights, valid_results = valid_rois(sampling_results, batch_gt_instances)
        feats = self._mask_feats(x, bbox2roi([res.priors for res in sampling_results]))
        labels = self._labels(sampling_results)
        class_maps = self.shape_head.activate(feats)
        # Positives stand before the negatives of each image.
        positive = torch.cat(
            [
                torch.arange(len(res.priors), device=feats.device) < len(res.pos_priors)
                for res in sampling_results
            ]
        )
        valid = positive.nonzero()[:, 0][weights > 0]
        feats = feats[valid]
        saliency = maps_of_labels(class_maps[valid], labels[valid])
        shapes = self.shape_head.propagate(feats, saliency)
        targets = mask_target(
            [res.pos_priors for res in valid_results],
            [res.pos_assigned_gt_inds for res in valid_results],
            [gt_instances.masks for gt_instances in batch_gt_instances],
            ConfigDict(self.train_cfg, mask_size=shapes.shape[-2:]),
        )
        mask_preds = self.mask_head(feats, shapes)
        losses = self.mask_head.loss_and_target(
            mask_preds, valid_results, batch_gt_instances, self.train_cfg
        )['loss_mask']
        losses['loss_activating'] = self.shape_head.loss_activating(class_maps, labels)
        losses['loss_propagating'] = self.shape_head.loss_propagating(shapes, targets)
        return dict(mask_preds=mask_preds, loss_mask=losses)

    def predict_mask(
        self,
        x: tuple[Tensor, ...],
        batch_img_metas: list[dict],
        results_list: InstanceList,
        rescale: bool = False,
    ) -> InstanceList:
        """Masks of detections.

        Args:
            x (tuple[Tensor]): Feature maps of all levels.
            batch_img_metas (list[dict]): One per image.
            results_list (list[InstanceData]): Detections of each image, with
                ``bboxes`` and ``labels``.
            rescale (bool): Whether masks are those of the images as they
                were before resizing. Defaults to False.

        Returns:
            list[InstanceData]: The same with ``masks``, (N, H, W).
        """
        rois = bbox2roi([res.bboxes for res in results_list])
        if not len(rois):
            return empty_instances(
                batch_img_metas,
                rois.device,
                task_type='mask',
                instance_results=results_list,
                mask_thr_binary=self.test_cfg.mask_thr_binary,
            )
        labels = torch.cat([res.labels for res in results_list])
        mask_preds = self._mask_forward(x, rois, labels)['mask_preds']
        return self.mask_head.predict_by_feat(
            mask_preds.split([len(res) for res in results_list]),
            results_list,
            batch_img_metas,
            rcnn_test_cfg=self.test_cfg,
            rescale=rescale,
        )

    def _mask_forward(
        self, x: tuple[Tensor, ...], rois: Tensor, labels: Tensor | None = None
    ) -> dict:
        """Masks of RoIs by their labels, in the test.

        Args:
            x (tuple[Tensor]): Feature maps of all levels.
            rois (Tensor): Image and xyxy in pixels, (R, 5).
            labels (Tensor, optional): Labels of the RoIs, int, (R,). Defaults
                to None: the class whose map is highest, where nothing has
                been detected, as in ``forward``.

        Returns:
            dict: ``mask_preds`` (R, 1, h, w), and the ``mask_feats`` of
            ``mask_roi_extractor``.
        """
        feats = self._mask_feats(x, rois)
        class_maps = self.shape_head.activate(feats)
        if labels is None:
            detected = self.shape_head.num_classes - self.shape_head.num_extra_classes
            labels = class_maps[:, :detected].mean(dim=(2, 3)).argmax(dim=1)
        saliency = maps_of_labels(class_maps, labels)
        shapes = self.shape_head.propagate(feats, saliency)
        return dict(mask_preds=self.mask_head(feats, shapes), mask_feats=feats)
