"""The weights of masks on their way to the mask loss.

mmdet's transforms carry boxes, labels, masks and ignore flags from step to
step, and nothing else: an array under a key of its own goes out of step with
them at the first crop. Masks are rebuilt on the way and ignore flags would
take the box out of training, so the weight rides on the label, in bits far
above any class. What the bits hold is what a weight lacks of 1, so that a
label without a weight has the full one.
"""

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

    Raises:
        ValueError: If a weight is not in [0, 1].
    """
    labels, _ = decode_weights(labels)
    weights = np.asarray(weights, dtype=np.float64)
    if not ((weights >= 0) & (weights <= 1)).all():
        raise ValueError(
            f'weights of masks must lie in [0, 1], but are {weights.tolist()}'
        )
    kept = np.ceil(weights * WEIGHT_STEPS).astype(np.int64)
    return labels | ((WEIGHT_STEPS - kept) << WEIGHT_SHIFT)


def decode_weights(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the weights off labels again.

    Args:
        labels (np.ndarray): Labels of N instances, with weights or without,
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
    """Mark the masks that the mask loss ignores, and how the others weigh.

    It carries what the data set has decided (see :class:`ProxyMaskDataset`):
    each instance's ``mask_weight``, 0 for a mask to be ignored, is put on its
    label.

    Place it right after ``mmdet.LoadAnnotations``, and end the pipeline with
    :class:`PackProxyDetInputs`: in between, ``gt_bboxes_labels`` holds labels
    with weights (see :func:`encode_weights`), which no model can take.

    An ignored mask is also replaced by its box. Nobody learns from it any
    more, but some transforms take the box from the mask again (``CopyPaste``,
    ``RandomCrop`` with ``recompute_bbox``) or throw out instances whose mask
    is empty (``FilterAnnotations`` with ``by_mask``), and a poor mask would
    spoil a true box there.

    Required Keys:

    - instances (each with mask_weight)
    - gt_bboxes
    - gt_bboxes_labels
    - gt_masks (BitmapMasks) (optional)

    Modified Keys:

    - gt_bboxes_labels
    - gt_masks (optional)

    Args:
        agreement_thr (None): Thresholds are those of the data set; a value
            is an error that says where it belongs.

    Raises:
        ValueError: If ``agreement_thr`` is given, if an instance has no
            ``mask_weight``, if instances were filtered already, or if masks
            are not bitmaps.
    """

    def __init__(self, agreement_thr: None = None) -> None:
        if agreement_thr is not None:
            raise ValueError(
                f'MarkIgnoredMasks: agreement_thr={agreement_thr!r} belongs '
                'to the data set; set train_dataloader.dataset.agreement_thr '
                'instead'
            )

    def transform(self, results: dict) -> dict:
        """Put the weights on the labels of one image.

        Args:
            results (dict): Result dict of ``mmdet.LoadAnnotations``.

        Returns:
            dict: The same with weights on ``gt_bboxes_labels``.
        """
        weights = [one.get('mask_weight') for one in results['instances']]
        if len(weights) != len(results['gt_bboxes_labels']):
            raise ValueError(
                f'{results.get("img_path")}: {len(weights)} instances but '
                f'{len(results["gt_bboxes_labels"])} labels; put '
                'MarkIgnoredMasks right after mmdet.LoadAnnotations'
            )
        if None in weights:
            raise ValueError(
                f'{results.get("img_path")}: instance {weights.index(None)} '
                'has no "mask_weight"; load the annotations with '
                "type='mmboxcaseg.ProxyMaskDataset' from a file of boxcaseg "
                'masks'
            )
        weights = np.array(weights, dtype=np.float64)
        results['gt_bboxes_labels'] = encode_weights(
            results['gt_bboxes_labels'], weights
        )
        if 'gt_masks' in results:
            self._fill(results['gt_masks'], results['gt_bboxes'], weights == 0)
        return results

    @staticmethod
    def _fill(masks: BitmapMasks, boxes: BaseBoxes, ignored: np.ndarray) -> None:
        """Make the ignored masks, in place, all pixels their box touches."""
        if not isinstance(masks, BitmapMasks):
            # LoadAnnotations without poly2mask flags every RLE to be ignored,
            # with its box, and says nothing.
            raise ValueError(
                f'gt_masks is of type {type(masks).__name__}, not '
                'BitmapMasks; leave poly2mask=True in mmdet.LoadAnnotations'
            )
        xyxy = boxes.tensor if isinstance(boxes, BaseBoxes) else boxes
        fill_boxes(masks.masks, np.asarray(xyxy), np.flatnonzero(ignored))


@TRANSFORMS.register_module()
class PackProxyDetInputs(PackDetInputs):
    """``mmdet.PackDetInputs`` for labels with weights of masks.

    ``gt_instances`` and ``ignored_instances`` get their class labels, and
    beside them as ``mask_weights`` what :class:`MarkIgnoredMasks` has put on
    them: a float32 tensor of shape (N,) in [0, 1], 0 for a mask to be
    ignored, which :class:`ProxyFCNMaskHead` reads. Labels without weights
    have 1 everywhere.

    Args:
        meta_keys (Sequence[str]): As of ``mmdet.PackDetInputs``.
    """

    mapping_table = dict(PackDetInputs.mapping_table, gt_mask_weights='mask_weights')

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
            results = dict(results, gt_bboxes_labels=labels, gt_mask_weights=weights)
        return super().transform(results)
