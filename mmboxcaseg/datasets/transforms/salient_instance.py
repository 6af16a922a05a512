"""Loading salient images for the training of a detector."""

import numpy as np
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks

from mmboxcaseg.registry import TRANSFORMS

from .patches import LoadSalientMask


@TRANSFORMS.register_module()
class LoadSalientInstance(LoadSalientMask):
    """Load the mask of a salient image as its only instance.

    It replaces ``mmdet.LoadAnnotations`` for the images of
    :class:`SalientInstanceDataset`. The box of the instance is the tight box
    of its mask in continuous coordinates: a mask with the columns x0 to x1
    spans [x0, x1 + 1). For an empty mask the result is None, and the data set
    draws another image.

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
        """Load the instance.

        Args:
            results (dict): Results of the pipeline, see the class.

        Returns:
            dict | None: The results with the instance; None if the mask is
            empty.

        Raises:
            OSError: If the file can't be read.
            ValueError: If the file is no picture, or mask and image differ in
                size.
        """
        results = super().transform(results)
        # The mask becomes an instance, so it must not be packed as a map.
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
