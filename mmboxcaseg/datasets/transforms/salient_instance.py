"""Salient images as images of a detector's training set."""

import numpy as np
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks

from mmboxcaseg.registry import TRANSFORMS

from .patches import LoadSalientMask


@TRANSFORMS.register_module()
class LoadSalientInstance(LoadSalientMask):
    """Load ``mask_path`` as the one object of its image.

    It takes the place of ``mmdet.LoadAnnotations`` for the images of
    :class:`SalientInstanceDataset`. The object's box is the tight box of its
    mask, in continuous coordinates: a mask of the columns x0 to x1 spans
    [x0, x1 + 1). An image whose mask is empty gives None, for which the data
    set draws another image.

    Required Keys:

    - img
    - mask_path
    - bbox_label

    Added Keys:

    - gt_bboxes (HorizontalBoxes)
    - gt_bboxes_labels
    - gt_ignore_flags
    - gt_masks (BitmapMasks)
    """

    def transform(self, results: dict) -> dict | None:
        """Load, see the class.

        Raises:
            ValueError: If mask and image differ in size.
        """
        results = super().transform(results)
        # No map of classes: nothing is to pack it.
        results.pop('seg_fields')
        mask = results.pop('gt_seg_map')
        columns, rows = (np.flatnonzero(mask.any(axis=axis)) for axis in (0, 1))
        if not len(columns):
            return None
        box = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        results['gt_bboxes'] = HorizontalBoxes(np.array([box], dtype=np.float32))
        results['gt_bboxes_labels'] = np.array([results['bbox_label']], np.int64)
        results['gt_ignore_flags'] = np.zeros(1, dtype=bool)
        results['gt_masks'] = BitmapMasks(mask[None], *mask.shape)
        return results
