"""Metric of predicted masks by their boxes and the true masks that are known."""

from collections.abc import Sequence

from mmengine.evaluator import BaseMetric

from mmboxcaseg.registry import METRICS

from ..box_fit import BoxFits, box_fits, known_masks


@METRICS.register_module()
class BoxFitMetric(BaseMetric):
    """Mean agreement and confidence of the masks of :meth:`BoxCaseg.predict`.

    It needs no true masks. If some are known, ``mIoU`` is the mean IoU with
    them, in percent. Masks are scored before merging.

    Args:
        truth (str): Path of the COCO json of the boxes. Masks in it that were
            given, and not predicted, are true ones, see :func:`known_masks`.
        collect_device (str): See :class:`mmengine.evaluator.BaseMetric`.
            Defaults to ``'cpu'``.
        prefix (str, optional): See :class:`mmengine.evaluator.BaseMetric`.
            Defaults to None.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a COCO json.
    """

    def __init__(
        self, truth: str, collect_device: str = 'cpu', prefix: str | None = None
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.truth = known_masks(truth)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Score one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): Data samples as dicts, with
                ``prompt_instances`` and ``pred_instances``.
        """
        for sample in data_samples:
            prompts, pred = sample['prompt_instances'], sample['pred_instances']
            # One result for each image: mmengine cuts the results to the length
            # of the data set.
            self.results.append(
                box_fits(
                    prompts['ann_ids'],
                    pred['masks'],
                    pred['rects'].cpu().numpy(),
                    prompts['bboxes'].cpu().numpy(),
                    pred['confidence'],
                    tuple(sample['ori_shape'][:2]),
                    self.truth,
                )
            )

    def compute_metrics(self, results: list[BoxFits]) -> dict[str, float]:
        """Summarize all batches.

        Args:
            results (list[BoxFits]): Scores of each image.

        Returns:
            dict[str, float]: Mean ``agreement`` and ``confidence`` in [0, 1];
            the numbers of ``boxes`` and ``true_masks``; and, if a true mask
            is known, ``mIoU`` in percent.
        """
        found = BoxFits.join(results).summary()
        metrics = dict(
            agreement=found.agreement,
            confidence=found.confidence,
            boxes=found.boxes,
            true_masks=found.true_masks,
        )
        return metrics if found.miou is None else dict(metrics, mIoU=found.miou)
