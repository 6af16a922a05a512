"""Training patches from boxes (the paper, Sec. 3.2)."""
import os.path as osp
from typing import List, Optional

from mmengine.dataset import BaseDataset, ConcatDataset
from mmengine.logging import print_log

from mmboxcaseg.registry import DATASETS
from .coco_boxes import get_segmentation, iter_boxes, read_coco


@DATASETS.register_module()
class BoxPatchDataset(BaseDataset):
    """One item for every box of a COCO json; crowds are left out.

    An item has ``img_path``, ``img_id``, ``ann_id``, ``box`` (xyxy in pixels
    of the image, not clipped), ``height``, ``width`` and ``supervision``,
    which is ``'box'``. By default masks, where the json has them, are not
    read.

    With ``with_mask`` items are mask-supervised: ``supervision`` is
    ``'mask'`` and ``segmentation`` is that of the json. It serves the upper
    bound of BoxCaseg (true masks) and self-training (a file of
    ``tools/make_proxy_masks.py``); neither is in the paper.

    Args:
        ann_file (str): COCO json, relative to ``data_root``.
        data_prefix (dict): ``img``: folder of the images.
        with_mask (bool): Whether masks are learnt from. Defaults to False.
        min_agreement (float, optional): With ``with_mask``: boxes whose
            ``proxy_agreement`` is lower stay box-supervised, in [0, 1].
            Defaults to None: every mask is learnt from.
        min_confidence (float, optional): Likewise for ``proxy_confidence``.
        **kwargs: See :class:`mmengine.dataset.BaseDataset`.

    Raises:
        ValueError: If one of the two is given without ``with_mask`` or not in
            [0, 1], or the file lacks what is asked for.
    """

    METAINFO = dict(classes=('background', 'object'))

    def __init__(self,
                 ann_file: str,
                 data_prefix: dict,
                 with_mask: bool = False,
                 min_agreement: Optional[float] = None,
                 min_confidence: Optional[float] = None,
                 **kwargs) -> None:
        self.least = {
            score: value
            for score, value in (('agreement', min_agreement),
                                 ('confidence', min_confidence))
            if value is not None
        }
        for score, value in self.least.items():
            if not (with_mask and 0 <= value <= 1):
                raise ValueError(
                    f'BoxPatchDataset: min_{score}={value!r} must lie in '
                    '[0, 1], and is for with_mask=True only')
        self.with_mask = with_mask
        super().__init__(ann_file=ann_file, data_prefix=data_prefix, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read ``ann_file``, see the class."""
        coco = read_coco(self.ann_file, self.with_mask)
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
                    **self._supervision(ann))
                for ann, box in zip(anns, boxes.tolist())
            ]
        if not data_list:
            raise ValueError(f'{self.ann_file}: no usable boxes to train on')
        if self.with_mask:
            masks = sum(item['supervision'] == 'mask' for item in data_list)
            print_log(
                f'{self.ann_file}: masks of {masks} of {len(data_list)} boxes '
                'are learnt from',
                logger='current')
        return data_list

    def _supervision(self, ann: dict) -> dict:
        """``supervision`` of an annotation, and its mask if that counts."""
        if not self.with_mask or not self._is_good(ann):
            return dict(supervision='box')
        return dict(
            supervision='mask',
            segmentation=get_segmentation(ann, self.ann_file))

    def _is_good(self, ann: dict) -> bool:
        """Whether a mask reaches the scores that are asked for."""
        for score, least in self.least.items():
            if f'proxy_{score}' not in ann:
                raise ValueError(
                    f"{self.ann_file}: annotation {ann['id']}: no "
                    f"'proxy_{score}', which min_{score} asks for; give a "
                    'file of tools/make_proxy_masks.py')
            if ann[f'proxy_{score}'] < least:
                return False
        return True


def box_sources(dataset: ConcatDataset, sampler: str) -> List[int]:
    """Which parts of a joint data set are box patches.

    Args:
        dataset (ConcatDataset): The data set of a sampler of several sources.
        sampler (str): Name of that sampler, for the error.

    Returns:
        list[int]: Places among ``dataset.datasets``.

    Raises:
        ValueError: If there is none.
    """
    sources = [
        source for source, part in enumerate(dataset.datasets)
        if isinstance(part, BoxPatchDataset)
    ]
    if not sources:
        kinds = [type(part).__name__ for part in dataset.datasets]
        raise ValueError(f'{sampler} needs a BoxPatchDataset, but the parts '
                         f'are {kinds}; use mmdet.MultiSourceSampler')
    return sources
