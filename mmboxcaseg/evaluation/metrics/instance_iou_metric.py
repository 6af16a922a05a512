"""Metric of predicted masks against true ones, boxes given."""
from typing import Optional, Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from pycocotools import mask as mask_utils

from mmboxcaseg.registry import METRICS
from ..instance_iou import rect_mask_iou, summarize_ious


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
        collect_device (str): See :class:`mmengine.evaluator.BaseMetric`.
        prefix (str, optional): Likewise.
    """

    def __init__(self,
                 with_box: bool = True,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.with_box = with_box

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
                iou = rect_mask_iou(mask, rect, truth)
                box_iou = rect_mask_iou(np.ones_like(mask), rect, truth)
                rows.append((label, iou, box_iou))
            # One entry an image: mmengine keeps as many entries as the data
            # set has items and drops the rest as padding.
            self.results.append(rows)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Summarize all batches.

        Args:
            results (list): For each image, a list with label, IoU of the
                mask and IoU of the box of each instance.

        Returns:
            dict[str, float]: See the class.
        """
        table = np.array([row for rows in results for row in rows],
                         dtype=np.float64).reshape(-1, 3)
        metrics = summarize_ious(table[:, 1], table[:, 0])
        if self.with_box:
            box = summarize_ious(table[:, 2], table[:, 0])
            metrics.update({f'box_{key}': v for key, v in box.items()})
        return metrics
