"""Masks that the mask loss ignores, see mask_weights.py."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import PackDetInputs
from mmdet.structures.bbox import BaseBoxes
from mmdet.structures.mask import BitmapMasks

from mmboxcaseg.registry import TRANSFORMS

from .box_masks import fill_boxes
from .mask_weights import decode_weights, encode_weights


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
        given = [one.get('mask_weight') for one in results['instances']]
        if len(given) != len(results['gt_bboxes_labels']):
            raise ValueError(
                f'{results.get("img_path")}: {len(given)} instances but '
                f'{len(results["gt_bboxes_labels"])} labels; put '
                'MarkIgnoredMasks right after mmdet.LoadAnnotations'
            )
        if None in given:
            raise ValueError(
                f'{results.get("img_path")}: instance {given.index(None)} '
                'has no "mask_weight"; load the annotations with '
                "type='mmboxcaseg.ProxyMaskDataset' from a file of boxcaseg "
                'masks'
            )
        weights = np.array(given, dtype=np.float64)
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
        meta_keys (Sequence[str]): As of ``mmdet.PackDetInputs``. Defaults to
            its keys and ``supervision``, which salient images have.
    """

    META_KEYS = (
        'img_id',
        'img_path',
        'ori_shape',
        'img_shape',
        'scale_factor',
        'flip',
        'flip_direction',
        'supervision',
    )
    mapping_table = dict(PackDetInputs.mapping_table, gt_mask_weights='mask_weights')

    def __init__(self, meta_keys: Sequence[str] = META_KEYS) -> None:
        super().__init__(meta_keys)

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
