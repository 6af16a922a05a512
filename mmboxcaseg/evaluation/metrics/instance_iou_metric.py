"""Metric of masks that were predicted from boxes, against the true masks."""

import math
from collections.abc import Sequence

from mmengine.evaluator import BaseMetric

from mmboxcaseg.masks import encode_rles
from mmboxcaseg.registry import METRICS

from ..accumulator import InstanceIoUs, MaskScoreAccumulator, image_ious
from ..mask_scores import BOX, MASKS, MaskScores


@METRICS.register_module()
class InstanceIoUMetric(BaseMetric):
    """mIoU* and IoU@k of the masks of :meth:`BoxCaseg.predict`.

    The prompts must have ``true_rles``: set ``with_mask=True`` of
    :class:`BoxPromptDataset`. Keys and units are those of
    :func:`summarize_ious`.

    Args:
        with_box (bool): Whether there are also metrics of the filled boxes,
            a baseline for the masks. Their keys begin with ``box_``. Defaults
            to True.
        by_size (bool): Whether there are also metrics by object size, see
            :func:`summarize_by_size`. Defaults to False.
        with_boundary (bool): Whether there are also metrics of Boundary IoU,
            see :func:`rect_boundary_iou`. Their keys begin with
            ``boundary_``. The boundary is 2 % of the image's diagonal wide.
            Defaults to False.
        collect_device (str): See :class:`mmengine.evaluator.BaseMetric`.
            Defaults to ``'cpu'``.
        prefix (str, optional): See :class:`mmengine.evaluator.BaseMetric`.
            Defaults to None.
        by_overlap (bool): Whether there are also metrics of free and of
            covered objects: of the box of a free object, other boxes cover
            less than a fifth. Their keys begin with ``free_`` and
            ``covered_``. Defaults to False.
    """

    def __init__(
        self,
        with_box: bool = True,
        by_size: bool = False,
        with_boundary: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        by_overlap: bool = False,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.with_box = with_box
        self.by_size = by_size
        self.by_overlap = by_overlap
        self.with_boundary = with_boundary

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Score one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): Data samples as dicts, with
                ``prompt_instances`` and ``pred_instances``.

        Raises:
            ValueError: If the prompts have no true masks.
        """
        for sample in data_samples:
            prompts, pred = (sample['prompt_instances'], sample['pred_instances'])
            if 'true_rles' not in prompts:
                raise ValueError(
                    'InstanceIoUMetric needs true masks: set with_mask=True '
                    'of the BoxPromptDataset'
                )
            rects, true_rles = pred['rects'].cpu().numpy(), prompts['true_rles']
            size = true_rles[0]['size'] if len(true_rles) else (1, 1)
            # One result for each image: mmengine cuts the results to the length
            # of the data set, as the rest is padding.
            self.results.append(
                image_ious(
                    encode_rles(pred['masks'], rects, *size),
                    rects,
                    true_rles,
                    prompts['labels'].cpu().numpy(),
                    self.with_boundary,
                )
            )

    def compute_metrics(self, results: list[InstanceIoUs]) -> dict[str, float]:
        """Summarize all batches.

        Args:
            results (list[InstanceIoUs]): IoUs of each image.

        Returns:
            dict[str, float]: Metrics in percent by their keys, see the class.
        """
        accumulator = MaskScoreAccumulator(self.with_boundary, results)
        scores = accumulator.compute(self.by_size, by_overlap=self.by_overlap)
        metrics = _flat(scores, MASKS, '')
        if self.with_box:
            metrics.update(_flat(scores, BOX, 'box_'))
        return metrics


def _flat(scores: MaskScores, of: str, prefix: str) -> dict[str, float]:
    """Metrics of the masks or of the boxes by key, NaN without instances.

    Boundary IoU comes last, and only for all instances together.
    """
    rows = [row for row in scores.rows if row.of == of]
    metrics = {
        ('' if row.part == 'all' else f'{row.part}_') + key: value
        for row in rows
        for key, value in row.metrics.items()
        if not key.startswith('boundary_')
    }
    metrics.update(rows[0].metrics)
    return {
        prefix + key: math.nan if value is None else value
        for key, value in metrics.items()
    }
