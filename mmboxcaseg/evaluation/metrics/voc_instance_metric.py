"""Metric of detected instance masks by PASCAL VOC's average precision."""
from collections import defaultdict
from typing import Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from pycocotools import mask as mask_utils

from mmboxcaseg.proxy_masks import is_crowd, load_coco, to_rle
from mmboxcaseg.registry import METRICS
from ..voc_instance_ap import score_image, summarize_ap


@METRICS.register_module()
class VOCInstanceMetric(BaseMetric):
    """AP25, AP50, AP70 and AP75 of a detector's masks, in percent.

    See :mod:`mmboxcaseg.evaluation.voc_instance_ap` for the protocol. Each
    image is scored when it comes, so what is kept of it is a few numbers a
    detection, and no masks.

    The classes are those of the data set, numbered as
    :class:`mmdet.CocoDataset` numbers them: in the order in which the
    annotation file lists them. Crowds are not scored; a detection of one is
    wrong like any other that finds no object (VOC has none).

    Args:
        ann_file (str): COCO json with the true masks, RLE or polygons.
        collect_device (str): See :class:`mmengine.evaluator.BaseMetric`.
        prefix (str, optional): Likewise.
    """

    def __init__(self,
                 ann_file: str,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.ann_file = ann_file
        self._images: Dict[int, dict] = {}
        self._anns: Dict[int, List[dict]] = {}
        self._labels: Dict[int, int] = {}

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Score one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): mmdet's ``DetDataSample`` as dicts,
                with ``img_id`` and ``pred_instances``: ``masks`` (N, H, W) of
                the size of the original image as tensor or array, or N
                compressed RLE; ``scores`` (N, ), or ``mask_scores`` where the
                detector has them; ``labels`` (N, ).

        Raises:
            ValueError: If an image is not in the annotation file, a true
                mask is missing, or the predicted masks are missing or of
                another size.
        """
        if not self._images:
            self._load()
        for sample in data_samples:
            pred = sample['pred_instances']
            if 'masks' not in pred:
                raise ValueError(
                    'VOCInstanceMetric needs masks, but the model predicts '
                    f'{sorted(pred)}; use a detector with a mask head')
            rles = _as_rles(pred['masks'])
            truth_rles, truth_labels, size = self._truth(sample['img_id'])
            for rle in rles:
                if list(rle['size']) != size:
                    raise ValueError(
                        f'{self.ann_file}: image {sample["img_id"]!r} is '
                        f'{size} (height, width), but a mask predicted for '
                        f'it is {list(rle["size"])}; masks must have the '
                        'size of the original image')
            scores = pred['mask_scores' if 'mask_scores' in pred else 'scores']
            self.results.append(
                score_image(rles, _as_array(scores), _as_array(pred['labels']),
                            truth_rles, truth_labels))

    def compute_metrics(self, results: list) -> Dict[str, float]:
        """Summarize all batches.

        Args:
            results (list): What :func:`score_image` gave for each image.

        Returns:
            dict[str, float]: See :func:`summarize_ap`.
        """
        return summarize_ap(results)

    def _load(self) -> None:
        """Read the annotation file."""
        coco = load_coco(self.ann_file)
        classes = (self.dataset_meta or {}).get('classes', ())
        in_file = [category['name'] for category in coco['categories']]
        cat_ids = [c['id'] for c in coco['categories'] if c['name'] in classes]
        if not cat_ids:
            raise ValueError(
                f'{self.ann_file}: "categories" has {in_file}, and none of '
                f'the classes {list(classes)}; set metainfo=dict(classes=...) '
                'of the test set to the names in the file')
        self._labels = {cat_id: i for i, cat_id in enumerate(cat_ids)}
        self._images = {image['id']: image for image in coco['images']}
        self._anns = defaultdict(list)
        for ann in coco['annotations']:
            if ann['category_id'] in self._labels and not is_crowd(ann):
                self._anns[ann['image_id']].append(ann)

    def _truth(self, img_id: int) -> Tuple[List[dict], np.ndarray, List[int]]:
        """Masks and labels of an image's objects, and its height and
        width."""
        if img_id not in self._images:
            raise ValueError(
                f'{self.ann_file} has no image {img_id!r}; give the '
                'annotation file of the test set to VOCInstanceMetric')
        image = self._images[img_id]
        height, width = image['height'], image['width']
        rles = []
        for ann in self._anns.get(img_id, []):
            mask = ann.get('segmentation')
            if not mask:
                raise ValueError(
                    f'{self.ann_file}: annotation {ann["id"]!r} has '
                    f'segmentation={mask!r}; VOCInstanceMetric needs true '
                    'masks')
            rles.append(to_rle(mask, height, width))
        labels = [
            self._labels[ann['category_id']]
            for ann in self._anns.get(img_id, [])
        ]
        return rles, np.array(labels, dtype=np.int64), [height, width]


def _as_array(values: Union[torch.Tensor, np.ndarray]) -> np.ndarray:
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    return np.asarray(values)


def _as_rles(masks: Union[torch.Tensor, np.ndarray, List[dict]]) -> List[dict]:
    """Compressed RLE of masks that may be bitmaps."""
    if not isinstance(masks, (torch.Tensor, np.ndarray)):
        return list(masks)
    bitmaps = _as_array(masks).astype(np.uint8).transpose(1, 2, 0)
    return mask_utils.encode(np.asfortranarray(bitmaps))
