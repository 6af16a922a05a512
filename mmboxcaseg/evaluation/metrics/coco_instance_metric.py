"""COCO's average precision, by the names of classes."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from mmdet.datasets.api_wrappers import COCO
from mmengine.fileio import get_local_path

from mmboxcaseg.annotations import BoxFile, read_coco
from mmboxcaseg.annotations.instances import annotation_areas, class_labels
from mmboxcaseg.registry import METRICS

with warnings.catch_warnings():
    # Of a faster scorer that is not installed and not needed.
    warnings.simplefilter('ignore', UserWarning)
    from mmdet.evaluation import CocoMetric


@METRICS.register_module()
class COCOInstanceMetric(CocoMetric):
    """COCO's AP as :class:`mmdet.CocoMetric`, by the names of classes.

    A label stands for the class of its name, as in
    :class:`mmboxcaseg.datasets.COCOInstanceDataset`, whatever the order of
    the file's categories. A class that the file lacks does not count in the
    mean. Annotations are numbered from 1, since pycocotools takes a match
    with annotation 0 for none, and a missing ``area`` is that of the mask or
    box. The numbers of a file that has nothing of this are those of
    :class:`mmdet.CocoMetric`.

    Args:
        ann_file (str): COCO json with the truth; true masks are needed for
            the metric ``'segm'`` alone.
        metric (str | Sequence[str]): See :class:`mmdet.CocoMetric`. Defaults
            to 'bbox'.
        backend_args (dict, optional): Where the file lies, as there.
            Defaults to None.
        **kwargs: The other arguments of :class:`mmdet.CocoMetric`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no COCO json, or lacks a mask for ``'segm'``.
    """

    def __init__(
        self,
        ann_file: str,
        metric: str | Sequence[str] = 'bbox',
        backend_args: dict | None = None,
        **kwargs,
    ) -> None:
        metric = metric if isinstance(metric, str) else list(metric)
        super().__init__(metric=metric, backend_args=backend_args, **kwargs)
        self.ann_file = ann_file
        # Read now, so that a file that won't do is told before training.
        with get_local_path(ann_file, backend_args=backend_args) as path:
            self._truth: BoxFile | None = read_coco(path, with_masks=True)
        self._image_ids = frozenset(self._truth.image_ids)
        if 'segm' in self.metrics:
            self._check_masks(self._truth)

    def _check_masks(self, truth: BoxFile) -> None:
        for ann in truth.content['annotations']:
            if not ann.get('segmentation'):
                raise ValueError(
                    f'{self.ann_file}: annotation {ann["id"]!r} has no '
                    '"segmentation", which metric=\'segm\' scores against; '
                    "score boxes with metric='bbox' of val_evaluator, or give "
                    'a file with true masks'
                )

    def check_images(self, image_ids: Iterable[Any]) -> None:
        """Check that images can be scored.

        Args:
            image_ids (Iterable): Their ids.

        Raises:
            ValueError: If one is not in the file.
        """
        for image_id in image_ids:
            if image_id not in self._image_ids:
                raise ValueError(
                    f'{self.ann_file} has no image {image_id!r}, which is '
                    'validated; give the evaluator the annotation file of '
                    'its dataset: val_evaluator, test_evaluator'
                )

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Take the predictions of one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): See :class:`mmdet.CocoMetric`.

        Raises:
            ValueError: See :func:`class_labels` and :meth:`check_images`.
        """
        self.check_images(sample['img_id'] for sample in data_samples)
        self._index_truth()
        super().process(data_batch, data_samples)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Summarize all batches.

        Args:
            results (list): See :class:`mmdet.CocoMetric`.

        Returns:
            dict[str, float]: As there.
        """
        self._index_truth()
        return super().compute_metrics(results)

    def _index_truth(self) -> None:
        """Hand the truth to pycocotools, categories numbered as labels."""
        if self._truth is None:
            return
        classes = self.dataset_meta['classes']
        self._coco_api = COCO()
        self._coco_api.dataset = _with_labels(self._truth, classes)
        self._coco_api.createIndex()
        self.cat_ids = list(range(len(classes)))
        self._truth = None


def _with_labels(truth: BoxFile, classes: Sequence[str]) -> dict[str, Any]:
    """A COCO dictionary whose categories are numbered as the classes."""
    labels = class_labels(truth, classes)[truth.category_index].tolist()
    areas = annotation_areas(truth).tolist()
    crowd = truth.crowd.tolist()
    content = truth.content
    anns = [
        dict(ann, id=number, category_id=label, area=area, iscrowd=int(is_crowd))
        for number, (ann, label, area, is_crowd) in enumerate(
            zip(content['annotations'], labels, areas, crowd, strict=True), 1
        )
        if label >= 0
    ]
    return dict(
        content,
        annotations=anns,
        categories=[dict(id=label, name=name) for label, name in enumerate(classes)],
    )
