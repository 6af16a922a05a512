"""Metric of a detector's masks: PASCAL VOC's average precision."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from pycocotools import mask as mask_utils

from mmboxcaseg.annotations import MaskFile, read_masks
from mmboxcaseg.annotations.instances import class_labels
from mmboxcaseg.masks import RLE
from mmboxcaseg.registry import METRICS

from ..voc_instance_ap import ImageMatches, score_image, summarize_ap


@METRICS.register_module()
class VOCInstanceMetric(BaseMetric):
    """AP25, AP50, AP70 and AP75 of a detector's masks, in percent.

    See :mod:`mmboxcaseg.evaluation.voc_instance_ap` for the protocol. Each
    image is scored at once, so no masks are stored, only a few numbers for
    each detection.

    The classes are those of the data set. They are matched with the
    annotation file by their names, as in
    :class:`mmboxcaseg.datasets.COCOInstanceDataset`. Crowds are not objects
    here, so a detection of a crowd is wrong (VOC has no crowds).

    Args:
        ann_file (str): COCO json with the true masks, RLE or polygons.
        collect_device (str): See :class:`mmengine.evaluator.BaseMetric`.
            Defaults to ``'cpu'``.
        prefix (str, optional): See :class:`mmengine.evaluator.BaseMetric`.
            Defaults to None.
    """

    def __init__(
        self, ann_file: str, collect_device: str = 'cpu', prefix: str | None = None
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.ann_file = ann_file
        self._truth: MaskFile | None = None
        self._image_places: dict[int | str, int] = {}
        # Label of each category, -1 for one that is not scored.
        self._classes = np.zeros(0, dtype=np.int64)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Score one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): mmdet's ``DetDataSample`` as dicts,
                with ``img_id`` and ``pred_instances``: ``masks``, a tensor or
                array (N, H, W) of the original image's size or N compressed
                RLEs; ``mask_scores`` (N,) if the detector has them, otherwise
                ``scores`` (N,); and ``labels`` (N,).

        Raises:
            ValueError: If an image is not in the annotation file, a true
                mask is missing, or the predicted masks are missing or of
                another size.
        """
        if self._truth is None:
            self._truth = self._load()
        for sample in data_samples:
            pred = sample['pred_instances']
            if 'masks' not in pred:
                raise ValueError(
                    'VOCInstanceMetric needs masks, but the model predicts '
                    f'{sorted(pred)}; use a detector with a mask head'
                )
            rles = _as_rles(pred['masks'])
            truth_rles, truth_labels, size = self._objects(sample['img_id'])
            for rle in rles:
                if list(rle['size']) != size:
                    raise ValueError(
                        f'{self.ann_file}: (height, width) of image '
                        f'{sample["img_id"]!r} is {size}, but that of a predicted '
                        f'mask is {list(rle["size"])}; masks must have the size '
                        'of the original image'
                    )
            scores = pred['mask_scores' if 'mask_scores' in pred else 'scores']
            self.results.append(
                score_image(
                    rles,
                    _as_array(scores),
                    _as_array(pred['labels']),
                    truth_rles,
                    truth_labels,
                )
            )

    def compute_metrics(self, results: list[ImageMatches]) -> dict[str, float]:
        """Summarize all batches.

        Args:
            results (list[ImageMatches]): Matches of each image.

        Returns:
            dict[str, float]: See :func:`summarize_ap`.
        """
        return summarize_ap(results)

    def _load(self) -> MaskFile:
        """Read the annotation file."""
        truth = read_masks(self.ann_file)
        boxes = truth.boxes
        classes = (self.dataset_meta or {}).get('classes', ())
        self._classes = class_labels(boxes, classes)
        self._image_places = {
            image_id: place for place, image_id in enumerate(boxes.image_ids)
        }
        return truth

    def _objects(self, img_id: int | str) -> tuple[list[RLE], np.ndarray, list[int]]:
        """Masks and labels of an image's objects; its height and width."""
        if img_id not in self._image_places:
            raise ValueError(
                f'{self.ann_file} has no image {img_id!r}; give the '
                'annotation file of the test set to VOCInstanceMetric'
            )
        boxes = self._truth.boxes
        image = self._image_places[img_id]
        places = boxes.places(image)
        labels = self._classes[boxes.category_index[places]]
        chosen = (labels >= 0) & ~boxes.crowd[places]
        for place in places[chosen].tolist():
            ann = boxes.annotation(place)
            if not ann.get('segmentation'):
                raise ValueError(
                    f'{self.ann_file}: annotation {ann["id"]!r} has '
                    f'segmentation={ann.get("segmentation")!r}; '
                    'VOCInstanceMetric needs true masks'
                )
        rles = [self._truth.rle(place) for place in places[chosen].tolist()]
        return rles, labels[chosen], boxes.sizes[image].tolist()


def _as_array(values: torch.Tensor | np.ndarray) -> np.ndarray:
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    return np.asarray(values)


def _as_rles(masks: torch.Tensor | np.ndarray | Sequence[RLE]) -> list[RLE]:
    """Masks as compressed RLEs; they may be bitmaps."""
    if not isinstance(masks, (torch.Tensor, np.ndarray)):
        return list(masks)
    bitmaps = _as_array(masks).astype(np.uint8).transpose(1, 2, 0)
    return mask_utils.encode(np.asfortranarray(bitmaps))
