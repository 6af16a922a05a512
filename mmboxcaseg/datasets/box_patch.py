"""Box-supervised training patches (the paper, Sec. 3.2)."""
import os.path as osp

from mmengine.dataset import BaseDataset

from mmboxcaseg.registry import DATASETS
from .coco_boxes import iter_boxes, read_coco


@DATASETS.register_module()
class BoxPatchDataset(BaseDataset):
    """One item for every box of a COCO json; crowds are left out.

    An item has ``img_path``, ``img_id``, ``ann_id``, ``box`` (xyxy in pixels
    of the image, not clipped), ``height``, ``width`` and ``supervision``,
    which is ``'box'``. True masks, where the json has them, are not read.

    Args:
        ann_file (str): COCO json, relative to ``data_root``.
        data_prefix (dict): ``img``: folder of the images.
        **kwargs: See :class:`mmengine.dataset.BaseDataset`.
    """

    METAINFO = dict(classes=('background', 'object'))

    def load_data_list(self) -> list[dict]:
        """Read ``ann_file``, see the class."""
        coco = read_coco(self.ann_file)
        data_list = []
        for image, anns, boxes in iter_boxes(coco, self.ann_file):
            img_path = osp.join(self.data_prefix['img'], image['file_name'])
            data_list += [
                dict(
                    img_path=img_path,
                    img_id=image['id'],
                    ann_id=ann['id'],
                    box=box,
                    height=image['height'],
                    width=image['width'],
                    supervision='box')
                for ann, box in zip(anns, boxes.tolist())
            ]
        if not data_list:
            raise ValueError(f'{self.ann_file}: no usable boxes to train on')
        return data_list
