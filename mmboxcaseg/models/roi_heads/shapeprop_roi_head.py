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
    """RoI head of ShapeProp: box head, shape head and mask head.

    The shape head (:class:`ShapePropHead`) and the mask head
    (:class:`ShapePropMaskHead`) share the features of ``mask_roi_extractor``.
    In training, saliency is activated on all sampled RoIs; shapes and masks
    are predicted and learnt only on positive RoIs with a valid mask. In
    tests, the predicted label selects the map.

    Args:
        shape_head (dict): Config of :class:`ShapePropHead`.
        **kwargs: Arguments of ``mmdet.StandardRoIHead``; ``mask_head`` must
            be a :class:`ShapePropMaskHead`.
    """

    def __init__(self, *, shape_head: ConfigType, **kwargs) -> None:
        super().__init__(**kwargs)
        self.shape_head = MODELS.build(shape_head)

    def _mask_feats(self, x: tuple[Tensor, ...], rois: Tensor) -> Tensor:
        """Features of RoIs (R, 5): place of the image, and xyxy in pixels."""
        return self.mask_roi_extractor(x[: self.mask_roi_extractor.num_inputs], rois)

    def _labels(self, sampling_results: list[SamplingResult]) -> Tensor:
        """Labels of all sampled RoIs, image by image, positive RoIs first.

        The label of the background is the number of classes.
        """
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
        """Compute the losses of the shape head and the mask head.

        Args:
            x (tuple[Tensor, ...]): Feature maps of all levels.
            sampling_results (list[SamplingResult]): Sampled RoIs of each
                image.
            bbox_feats (Tensor): Not used.
            batch_gt_instances (list[InstanceData]): True instances of each
                image, with ``masks`` and ``mask_weights``.

        Returns:
            dict: ``mask_preds``, mask logits of the positive RoIs with a
            valid mask, and ``loss_mask``, a dict of the scalars
            ``loss_activating``, ``loss_propagating`` and ``loss_mask``.

        Raises:
            ValueError: If a ``gt_instances`` has no ``mask_weights``.
        """
        weights, valid_results = valid_rois(sampling_results, batch_gt_instances)
        feats = self._mask_feats(x, bbox2roi([res.priors for res in sampling_results]))
        labels = self._labels(sampling_results)
        class_maps = self.shape_head.activate(feats)
        # The positive RoIs of an image come before its negative ones.
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
        """Predict the masks of detections.

        Args:
            x (tuple[Tensor, ...]): Feature maps of all levels.
            batch_img_metas (list[dict]): Meta keys of each image.
            results_list (list[InstanceData]): Detections of each image, with
                ``bboxes`` and ``labels``.
            rescale (bool): Whether masks have the size of the images before
                resizing. Defaults to False.

        Returns:
            list[InstanceData]: The detections with ``masks``, (N, H, W).
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
        """Predict the masks of RoIs in tests.

        Args:
            x (tuple[Tensor, ...]): Feature maps of all levels.
            rois (Tensor): RoIs, (R, 5): place of the image, and xyxy in
                pixels.
            labels (Tensor, optional): Labels of the RoIs, (R,) int. Defaults
                to None: the class with the highest mean map, for RoIs that
                are not detections, as in ``forward``.

        Returns:
            dict: ``mask_preds``, mask logits (R, 1, h, w), and
            ``mask_feats``, the features of ``mask_roi_extractor``.
        """
        feats = self._mask_feats(x, rois)
        class_maps = self.shape_head.activate(feats)
        if labels is None:
            detected = self.shape_head.num_classes - self.shape_head.num_extra_classes
            labels = class_maps[:, :detected].mean(dim=(2, 3)).argmax(dim=1)
        saliency = maps_of_labels(class_maps, labels)
        shapes = self.shape_head.propagate(feats, saliency)
        return dict(mask_preds=self.mask_head(feats, shapes), mask_feats=feats)
