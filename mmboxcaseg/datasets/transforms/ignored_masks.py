"""Passing the weights of masks, 0 for ignored ones, through the pipeline."""

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
    """Put the weight of each mask in the mask loss on its label.

    The weights are those of :class:`ProxyMaskDataset`: ``mask_weight`` of each
    instance, which is 0 for an ignored mask.

    Place this transform right after ``mmdet.LoadAnnotations``, and end the
    pipeline with :class:`PackProxyDetInputs`. In between, ``gt_bboxes_labels``
    has labels with weights (see :func:`encode_weights`), which no model
    understands.

    An ignored mask is also replaced by its filled box. The mask loss does not
    see it, but some transforms compute the box from the mask again
    (``CopyPaste``, ``RandomCrop`` with ``recompute_bbox``) or remove instances
    with an empty mask (``FilterAnnotations`` with ``by_mask``). A poor mask
    would spoil the annotated box there.

    Required Keys:

    - instances (each with mask_weight)
    - gt_bboxes
    - gt_bboxes_labels
    - gt_masks (BitmapMasks) (optional)

    Modified Keys:

    - gt_bboxes_labels
    - gt_masks (optional)

    Args:
        agreement_thr (None): Not supported. The threshold belongs to the data
            set, as the error message says. Defaults to None.

    Raises:
        ValueError: If ``agreement_thr`` is given.
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
            results (dict): Result of ``mmdet.LoadAnnotations``.

        Returns:
            dict: The results with weights on ``gt_bboxes_labels``.

        Raises:
            ValueError: If an instance has no ``mask_weight``, instances were
                filtered before, or masks are not bitmaps.
        """
        given = [one.get('mask_weight') for one in results['instances']]
        if len(given) != len(results['gt_bboxes_labels']):
            raise ValueError(
                f'{results.get("img_path")} has {len(given)} instances, but '
                f'{len(results["gt_bboxes_labels"])} labels; put '
                'MarkIgnoredMasks right after mmdet.LoadAnnotations'
            )
        if None in given:
            raise ValueError(
                f'{results.get("img_path")}: instance {given.index(None)} '
                'has no "mask_weight"; load the annotations with '
                "type='mmboxcaseg.ProxyMaskDataset' from a file that boxcaseg "
                'masks has written'
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
        """Replace ignored masks, in place, by their filled boxes."""
        if not isinstance(masks, BitmapMasks):
            # LoadAnnotations without poly2mask silently marks all instances
            # with an RLE as ignored, so that their boxes don't train either.
            raise ValueError(
                f'gt_masks is of type {type(masks).__name__}, not '
                'BitmapMasks; leave poly2mask=True in mmdet.LoadAnnotations'
            )
        xyxy = boxes.tensor if isinstance(boxes, BaseBoxes) else boxes
        fill_boxes(masks.masks, np.asarray(xyxy), np.flatnonzero(ignored))


@TRANSFORMS.register_module()
class PackProxyDetInputs(PackDetInputs):
    """``mmdet.PackDetInputs`` for labels with weights of masks.

    It separates the class labels from the weights that
    :class:`MarkIgnoredMasks` has put on them. ``gt_instances`` and
    ``ignored_instances`` get the weights as ``mask_weights``, a float32 tensor
    of shape (N,) in [0, 1], 0 for ignored masks. :class:`ProxyFCNMaskHead`
    reads them. A label without a weight has the weight 1.

    Args:
        meta_keys (Sequence[str]): Keys of the meta information, as in
            ``mmdet.PackDetInputs``. Defaults to mmdet's keys and
            ``supervision``, which salient images have.
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
            results (dict): Results of the pipeline.

        Returns:
            dict: ``inputs``, a tensor (3, H, W), and ``data_samples``, as in
            ``mmdet.PackDetInputs``.
        """
        if 'gt_bboxes_labels' in results:
            labels, weights = decode_weights(results['gt_bboxes_labels'])
            results = dict(results, gt_bboxes_labels=labels, gt_mask_weights=weights)
        return super().transform(results)
