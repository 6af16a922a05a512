"""COCO's average precision, with classes matched by name."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from mmdet.datasets.api_wrappers import COCO
from mmengine.fileio import get_local_path

from mmboxcaseg.annotations import BoxFile, read_coco
from mmboxcaseg.annotations.instances import annotation_areas, class_labels
from mmboxcaseg.registry import METRICS

with warnings.catch_warnings():
    # A warning about an optional scorer that is not needed.
    warnings.simplefilter('ignore', UserWarning)
    from mmdet.evaluation import CocoMetric


@METRICS.register_module()
class COCOInstanceMetric(CocoMetric):
    """COCO's AP as in :class:`mmdet.CocoMetric`, with classes matched by name.

    It differs from :class:`mmdet.CocoMetric` in three ways:

    - A label stands for the class with its name, as in
      :class:`mmboxcaseg.datasets.COCOInstanceDataset`, whatever the order of
      the file's categories. A class that the file lacks is not part of the
      mean.
    - Annotations are numbered from 1, since pycocotools treats a match with
      annotation 0 as none.
    - A missing ``area`` is that of the mask or the box.

    For other files the results are the same.

    Args:
        ann_file (str): COCO json with the truth. Only the metric ``'segm'``
            needs true masks.
        metric (str | Sequence[str]): See :class:`mmdet.CocoMetric`. Defaults
            to ``'bbox'``.
        backend_args (dict, optional): See :class:`mmdet.CocoMetric`. Defaults
            to None.
        **kwargs: Other arguments of :class:`mmdet.CocoMetric`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a COCO json, or ``'segm'`` is asked for and a
            mask is missing.
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
        # Read now, so that an unsuitable file is an error before training.
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
                    '"segmentation", which metric=\'segm\' needs; give a file with '
                    "true masks, or score boxes with metric='bbox' of val_evaluator"
                )

    def check_images(self, image_ids: Iterable[Any]) -> None:
        """Check that images are in the annotation file.

        Args:
            image_ids (Iterable[int | str]): Ids of the images.

        Raises:
            ValueError: If an image is not in the file.
        """
        for image_id in image_ids:
            if image_id not in self._image_ids:
                raise ValueError(
                    f'{self.ann_file} has no image {image_id!r}, which the data '
                    'set has; set ann_file of val_evaluator or test_evaluator to '
                    'the annotation file of its data set'
                )

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Add the predictions of one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): See :class:`mmdet.CocoMetric`.

        Raises:
            ValueError: If an image is not in the annotation file, or no
                category of the file is a class of the data set.
        """
        self.check_images(sample['img_id'] for sample in data_samples)
        self._index_truth()
        super().process(data_batch, data_samples)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Summarize all batches.

        Args:
            results (list): See :class:`mmdet.CocoMetric`.

        Returns:
            dict[str, float]: See :class:`mmdet.CocoMetric`.
        """
        self._index_truth()
        return super().compute_metrics(results)

    def _index_truth(self) -> None:
        """Give pycocotools the truth, with categories numbered as labels."""
        if self._truth is None:
            return
        classes = self.dataset_meta['classes']
        self._coco_api = COCO()
        self._coco_api.dataset = _with_labels(self._truth, classes)
        self._coco_api.createIndex()
        self.cat_ids = list(range(len(classes)))
        self._truth = None


def _with_labels(truth: BoxFile, classes: Sequence[str]) -> dict[str, Any]:
    """The content of the COCO json, with categories numbered as the classes."""
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
