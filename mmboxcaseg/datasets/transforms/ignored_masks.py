"""Weights of masks in the mask loss; those that it must leave out have 0.

mmdet's transforms carry boxes, labels, masks and ignore flags from step to
step, and nothing else: an array under a key of its own goes out of step with
them at the first crop. Masks are rebuilt on the way and ignore flags would
take the box out of training, so the weight rides on the label, in bits far
above any class. What the bits hold is what a weight lacks of 1, so that a
label that was never marked has the full weight.
"""
from typing import Optional, Tuple

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import PackDetInputs
from mmdet.structures.bbox import BaseBoxes
from mmdet.structures.mask import BitmapMasks

from mmboxcaseg.registry import TRANSFORMS
from .box_masks import fill_boxes

WEIGHT_SHIFT = 32
# Steps from a weight of 0 to 1.
WEIGHT_STEPS = 1 << 16
DEFAULT_AGREEMENT_THR = 0.95


def encode_weights(labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Put weights of masks on labels.

    Args:
        labels (np.ndarray): Class labels of N instances, >= 0, int, (N,),
            with weights or without.
        weights (np.ndarray): Weights of their masks in the mask loss, in
            [0, 1], 0 for a mask to be ignored, float, (N,). They are kept to
            1/65536; what is above 0 stays above 0.

    Returns:
        np.ndarray: Labels with weights, int64, (N,).
    """
    labels, _ = decode_weights(labels)
    weights = np.asarray(weights, dtype=np.float64)
    kept = np.ceil(weights * WEIGHT_STEPS).astype(np.int64)
    return labels | ((WEIGHT_STEPS - kept) << WEIGHT_SHIFT)


def decode_weights(labels: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Take the weights off labels again.

    Args:
        labels (np.ndarray): Labels, with weights or without, of N instances,
            int, (N,).

    Returns:
        tuple[np.ndarray, np.ndarray]: Class labels, int64, (N,), and the
        weights of the masks in [0, 1], float32, (N,).
    """
    labels = np.asarray(labels, dtype=np.int64)
    lost = labels >> WEIGHT_SHIFT
    weights = (1 - lost / WEIGHT_STEPS).astype(np.float32)
    return labels & ((1 << WEIGHT_SHIFT) - 1), weights


@TRANSFORMS.register_module()
class MarkIgnoredMasks(BaseTransform):
    """Mark the masks whose agreement, or confidence, is below a threshold.

    It is the "drop" of merge and drop (the paper, Sec. 3.4 and Table 8): a
    marked mask, one of weight 0, is left out of the mask loss, its box and
    class still train. The others have weight 1 or, if the data set says so
    by ``mask_weight``, their score.

    Place it right after ``mmdet.LoadAnnotations``, and end the pipeline with
    :class:`PackProxyDetInputs`: in between, ``gt_bboxes_labels`` holds marked
    labels (see :func:`encode_weights`), which no model can take.

    A marked mask is also replaced by its box. Nobody learns from it any more,
    but some transforms take the box from the mask again (``CopyPaste``,
    ``RandomCrop`` with ``recompute_bbox``) or throw out instances whose mask
    is empty (``FilterAnnotations`` with ``by_mask``), and a poor mask would
    spoil a true box there.

    Required Keys:

    - instances (each with proxy_agreement, unless its ignore_flag is set)
    - gt_bboxes
    - gt_bboxes_labels
    - gt_masks (BitmapMasks) (optional)
    - agreement_thr (optional)
    - confidence_thr (optional; each instance then has proxy_confidence)
    - mask_weight (optional; each instance then has that score)

    Modified Keys:

    - gt_bboxes_labels
    - gt_masks (optional)

    Args:
        agreement_thr (float, optional): A mask with an agreement strictly
            below it is marked, in [0, 1]; 0 marks none. None takes the
            threshold of the data set (``agreement_thr`` of
            :class:`ProxyMaskDataset`) and 0.95, the best of the paper's
            Table 8, if that has none either. Defaults to None.

    Raises:
        ValueError: If the threshold is not in [0, 1], if transform and data
            set have different ones, if an instance has no
            ``proxy_agreement``, if instances were filtered already, or if
            masks are not bitmaps.
    """

    def __init__(self, agreement_thr: Optional[float] = None) -> None:
        if agreement_thr is not None and not 0 <= agreement_thr <= 1:
            raise ValueError('MarkIgnoredMasks: agreement_thr='
                             f'{agreement_thr!r} is not in [0, 1]')
        self.agreement_thr = agreement_thr

    def transform(self, results: dict) -> dict:
        """Mark the labels of one image.

        Args:
            results (dict): Result dict of ``mmdet.LoadAnnotations``.

        Returns:
            dict: The same with ``gt_bboxes_labels`` marked.
        """
        instances = results['instances']
        if len(instances) != len(results['gt_bboxes_labels']):
            raise ValueError(
                f'{results.get("img_path")}: {len(instances)} instances but '
                f'{len(results["gt_bboxes_labels"])} labels; put '
                'MarkIgnoredMasks right after mmdet.LoadAnnotations')
        thr = self._threshold(results)
        # The data set has seen to it that there are such scores.
        unsure = results.get('confidence_thr')
        score = results.get('mask_weight')
        weights = np.ones(len(instances))
        for i, instance in enumerate(instances):
            # What has the flag, a crowd, never trains: no need to judge it.
            if not instance.get('ignore_flag', 0):
                if 'proxy_agreement' not in instance:
                    raise ValueError(
                        f'{results.get("img_path")}: instance {i} has no '
                        '"proxy_agreement"; load the annotations with '
                        "type='mmboxcaseg.ProxyMaskDataset' from a file of "
                        'tools/make_proxy_masks.py')
                if instance['proxy_agreement'] < thr or (
                        unsure is not None
                        and instance['proxy_confidence'] < unsure):
                    weights[i] = 0
                elif score is not None:
                    weights[i] = instance[f'proxy_{score}']
        results['gt_bboxes_labels'] = encode_weights(
            results['gt_bboxes_labels'], weights)
        if 'gt_masks' in results:
            self._fill(results['gt_masks'], results['gt_bboxes'], weights == 0)
        return results

    def _threshold(self, results: dict) -> float:
        """The threshold that applies, of the transform or the data set."""
        own, of_data = self.agreement_thr, results.get('agreement_thr')
        if own is not None and of_data is not None and own != of_data:
            raise ValueError(
                f'agreement_thr is {own} in MarkIgnoredMasks and {of_data} '
                'in the data set; give it to one of the two')
        if own is None:
            own = of_data
        return DEFAULT_AGREEMENT_THR if own is None else own

    @staticmethod
    def _fill(masks: BitmapMasks, boxes: BaseBoxes,
              ignored: np.ndarray) -> None:
        """Make the ignored masks, in place, all pixels their box touches."""
        if not isinstance(masks, BitmapMasks):
            # LoadAnnotations without poly2mask flags every RLE to be ignored,
            # with its box, and says nothing.
            raise ValueError(
                f'gt_masks is of type {type(masks).__name__}, not '
                'BitmapMasks; leave poly2mask=True in mmdet.LoadAnnotations')
        xyxy = boxes.tensor if isinstance(boxes, BaseBoxes) else boxes
        fill_boxes(masks.masks, np.asarray(xyxy), np.flatnonzero(ignored))

    def __repr__(self) -> str:
        return f'{type(self).__name__}(agreement_thr={self.agreement_thr})'


@TRANSFORMS.register_module()
class PackProxyDetInputs(PackDetInputs):
    """``mmdet.PackDetInputs`` for labels marked by :class:`MarkIgnoredMasks`.

    ``gt_instances`` and ``ignored_instances`` get their labels without marks
    and the weights of their masks beside them as ``mask_weights``, a float32
    tensor of shape (N,) in [0, 1], 0 for a mask to be ignored, which
    :class:`ProxyFCNMaskHead` reads. Where nothing was marked it is 1
    everywhere.

    Args:
        meta_keys (Sequence[str]): As of ``mmdet.PackDetInputs``.
    """
    mapping_table = dict(
        PackDetInputs.mapping_table, gt_mask_weights='mask_weights')

    def transform(self, results: dict) -> dict:
        """Pack one image.

        Args:
            results (dict): Result dict of the pipeline.

        Returns:
            dict: ``inputs`` (3, H, W) and ``data_samples`` as of
            ``mmdet.PackDetInputs``.
        """
        if 'gt_bboxes_labels' in results:
            labels, weights = decode_weights(results['gt_bboxes_labels'])
            results = dict(
                results, gt_bboxes_labels=labels, gt_mask_weights=weights)
        return super().transform(results)
