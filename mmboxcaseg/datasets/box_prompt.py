"""Images with the boxes to predict masks for (the paper, Sec. 3.4)."""

import os.path as osp
from collections.abc import Collection
from typing import Any

import cv2
import torch
from mmengine.dataset import BaseDataset
from mmseg.structures import SegDataSample

from mmboxcaseg.annotations import BadInputError, BoxFile, read_coco
from mmboxcaseg.prediction.photos import why_unusable
from mmboxcaseg.registry import DATASETS

from .left_out import check_all_there, look_below


@DATASETS.register_module()
class BoxPromptDataset(BaseDataset):
    """Data set with one item for every image that has usable boxes.

    With all boxes in one item, a photo is decoded only once. Evaluation and
    proxy masks use this data set. An item has ``img_path``, ``img_id``,
    ``height``, ``width``, ``boxes`` (N boxes as xyxy in pixels, not clipped),
    ``labels`` (indices into ``metainfo['classes']``), ``ann_ids`` and, with
    ``with_mask``, ``segmentations`` as in the json. Crowds are not among the
    boxes.

    Args:
        ann_file (str): Path of the COCO json, relative to ``data_root``.
            Defaults to '', for use with ``boxes``.
        data_prefix (dict): Folder of the images, as ``img``. Defaults to the
            working folder.
        with_mask (bool): Whether items have their true masks, to score
            against. Defaults to False.
        img_ids (Collection, optional): Ids of the images to use. Defaults to
            None: all.
        skip_unusable (bool): Whether a photo that is missing, can't be
            decoded or has a wrong size becomes an item without crops, whose
            data sample has the reason in the meta key ``skipped``. Defaults
            to False: it is an error.
        boxes (BoxFile, optional): Boxes that have been read already, instead
            of ``ann_file``. Defaults to None.
        **kwargs (Any): Arguments of :class:`mmengine.dataset.BaseDataset`.

    Attributes:
        box_counts (list[int]): Number of boxes of each item.

    Raises:
        FileNotFoundError: If the json is missing; or if a photo is missing,
            all images are used, and ``skip_unusable`` is False.
        ValueError: If the json is not valid, or a mask that is needed is
            missing.
    """

    def __init__(
        self,
        ann_file: str = '',
        data_prefix: dict = dict(img=''),
        with_mask: bool = False,
        img_ids: Collection | None = None,
        skip_unusable: bool = False,
        boxes: BoxFile | None = None,
        **kwargs,
    ) -> None:
        self.skip_unusable = skip_unusable
        self.with_mask = with_mask
        self.img_ids = None if img_ids is None else set(img_ids)
        self._boxes = boxes
        self.box_counts: list[int] = []
        super().__init__(ann_file=ann_file, data_prefix=data_prefix, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read the boxes and group them by image.

        Returns:
            list[dict]: The items, see the class.
        """
        boxes = self._boxes
        # The items have all that is needed, so the memory can be freed.
        self._boxes = None
        if boxes is None:
            folder = self.data_prefix['img']
            boxes = read_coco(self.ann_file, self.with_mask, look_below(folder))
            if not self.skip_unusable and self.img_ids is None:
                check_all_there(boxes, self.ann_file, folder)
        # Classes are sorted by id, as in COCO's own tools.
        order = sorted(
            range(len(boxes.category_ids)), key=lambda place: boxes.category_ids[place]
        )
        label_of = {place: label for label, place in enumerate(order)}
        self._metainfo['classes'] = tuple(
            boxes.category_names[place] for place in order
        )
        data_list = []
        for image in boxes.wanted.tolist():
            image_id = boxes.image_ids[image]
            if self.img_ids is not None and image_id not in self.img_ids:
                continue
            places = boxes.usable_places(image)
            height, width = boxes.sizes[image].tolist()
            item = dict(
                img_path=osp.join(self.data_prefix['img'], boxes.file_names[image]),
                img_id=image_id,
                height=height,
                width=width,
                boxes=boxes.boxes[places].tolist(),
                labels=[
                    label_of[category]
                    for category in boxes.category_index[places].tolist()
                ],
                ann_ids=[boxes.box_ids[place] for place in places.tolist()],
            )
            if self.with_mask:
                item['segmentations'] = [
                    boxes.segmentation(place) for place in places.tolist()
                ]
            data_list.append(item)
        self.box_counts = [len(item['boxes']) for item in data_list]
        return data_list

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on an image.

        Args:
            idx (int): Index of the item.

        Returns:
            dict: Result of the pipeline; with ``skip_unusable`` and an
            unusable photo, an item without crops.
        """
        if not self.skip_unusable:
            return super().prepare_data(idx)
        try:
            return super().prepare_data(idx)
        # The loader asserts that OpenCV has decoded the photo. OpenCV raises
        # its own error if a photo is empty or too large.
        except (AssertionError, BadInputError, OSError, cv2.error) as error:
            item = self.get_data_info(idx)
            sample = SegDataSample(
                metainfo=dict(
                    img_id=item['img_id'],
                    img_path=item['img_path'],
                    skipped=why_unusable(error, item['img_path']),
                )
            )
            return dict(inputs=torch.empty(0, dtype=torch.uint8), data_samples=sample)
