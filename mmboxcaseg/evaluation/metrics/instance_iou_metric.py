"""Metric of predicted masks against true ones, boxes given."""
from typing import Optional, Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from pycocotools import mask as mask_utils

from mmboxcaseg.masks import boundary_width, rect_boundary_iou, rect_mask_iou
from mmboxcaseg.registry import METRICS
from ..instance_iou import summarize_by_size, summarize_ious


@METRICS.register_module()
class InstanceIoUMetric(BaseMetric):
    """mIoU* and IoU@k of the masks of :meth:`BoxCaseg.predict`.

    The prompts must carry ``true_rles``: set ``with_mask=True`` of
    :class:`BoxPromptDataset`. Keys and units are those of
    :func:`summarize_ious`.

    Args:
        with_box (bool): Whether the same numbers are given, under keys
            beginning with ``box_``, for the filled box itself, which any
            mask should beat. Defaults to True.
        by_size (bool): Whether they are also given by object size, see
            :func:`summarize_by_size`. Defaults to False.
        with_boundary (bool): Whether they are also given, under keys
            beginning with ``boundary_``, for Boundary IoU, see
            :func:`rect_boundary_iou`; the boundaries are as wide as 2 % of
            the image's diagonal. Defaults to False.
        collect_device (str): See :class:`mmengine.evaluator.BaseMetric`.
        prefix (str, optional): Likewise.
    """

    def __init__(self,
                 with_box: bool = True,
                 by_size: bool = False,
                 with_boundary: bool = False,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.with_box = with_box
        self.by_size = by_size
        self.with_boundary = with_boundary

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Score one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``prompt_instances`` and
                ``pred_instances``.

        Raises:
            ValueError: If the prompts carry no true masks.
        """
        for sample in data_samples:
            prompts, pred = (sample['prompt_instances'],
                             sample['pred_instances'])
            if 'true_rles' not in prompts:
                raise ValueError(
                    'InstanceIoUMetric needs true masks: set with_mask=True '
                    'of the BoxPromptDataset')
            rows = []
            for mask, rect, rle, label in zip(pred['masks'],
                                              pred['rects'].tolist(),
                                              prompts['true_rles'],
                                              prompts['labels'].tolist()):
                truth = mask_utils.decode(rle)
                rows.append((label, np.count_nonzero(truth),
                             *self._score(mask, rect, truth),
                             *self._score(np.ones_like(mask), rect, truth)))
            # One entry an image: mmengine keeps as many entries as the data
            # set has items and drops the rest as padding.
            self.results.append(rows)

    def _score(self, mask: np.ndarray, rect: Sequence[int],
               truth: np.ndarray) -> tuple[float, float]:
        """IoU and Boundary IoU, the latter 0 where it is not asked for."""
        boundary = 0.0
        if self.with_boundary:
            boundary = rect_boundary_iou(mask, rect, truth,
                                         boundary_width(*truth.shape))
        return rect_mask_iou(mask, rect, truth), boundary

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Summarize all batches.

        Args:
            results (list): For each image, a list with label, area of the
                true mask, IoU and Boundary IoU of the mask, and those of the
                box, of each instance.

        Returns:
            dict[str, float]: See the class.
        """
        table = np.array([row for rows in results for row in rows],
                         dtype=np.float64).reshape(-1, 6)
        metrics = self._summarize(table[:, 0], table[:, 1], table[:, 2:4])
        if self.with_box:
            box = self._summarize(table[:, 0], table[:, 1], table[:, 4:])
            metrics.update({f'box_{key}': v for key, v in box.items()})
        return metrics

    def _summarize(self, labels: np.ndarray, areas: np.ndarray,
                   ious: np.ndarray) -> dict[str, float]:
        """Numbers of the masks or of the boxes: (N, 2) IoUs."""
        metrics = summarize_ious(ious[:, 0], labels)
        if self.by_size:
            metrics.update(summarize_by_size(ious[:, 0], labels, areas))
        if self.with_boundary:
            boundary = summarize_ious(ious[:, 1], labels)
            metrics.update({f'boundary_{k}': v for k, v in boundary.items()})
        return metrics
