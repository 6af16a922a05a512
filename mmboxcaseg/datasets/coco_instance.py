"""Boxes and masks of a COCO json, with labels by class name."""

import logging
import os.path as osp
from typing import Any

import numpy as np
from mmdet.datasets import CocoDataset
from mmengine.fileio import get_local_path
from mmengine.logging import print_log

from mmboxcaseg.annotations import BoxFile, read_coco
from mmboxcaseg.annotations.instances import (
    SKIPPED,
    annotation_areas,
    check_classes,
    class_labels,
)
from mmboxcaseg.registry import DATASETS

from .oddities import log_oddities


@DATASETS.register_module()
class COCOInstanceDataset(CocoDataset):
    """A :class:`mmdet.CocoDataset` whose labels follow the class names.

    It differs from mmdet's data set in these points:

    - A label is the index of the class name in ``metainfo['classes']``.
      mmdet's labels follow the order of the categories in the file, so a
      class that the file lacks shifts them. Annotations whose category is no
      class are not used.
    - Training skips images whose photo is missing or was skipped when proxy
      masks were made, and also skipped boxes; the log counts them. A
      validation set must have all its photos, since objects in missing ones
      would count as missed.
    - If ``area`` is missing, the area of the mask or the box replaces it.
    - Before training the log lists oddities of the boxes, as ``boxcaseg
      check`` does.

    The file is checked by :func:`mmboxcaseg.annotations.read_coco`. Names that
    don't quite match a photo are corrected, see
    :class:`mmboxcaseg.annotations.PhotoFinder`.

    Args:
        *args (Any): Arguments of :class:`mmdet.CocoDataset`.
        **kwargs (Any): Arguments of :class:`mmdet.CocoDataset`.

    Raises:
        ValueError: If ``classes`` is a string, or the file is not valid, has
            none of the classes, or has annotations in two categories with the
            same name.
        FileNotFoundError: If the file or all photos are missing, or any photo
            of a validation set.
    """

    # Whether annotations with an area of 0 are skipped, as mmdet does.
    NEEDS_AREA = True

    @classmethod
    def _load_metainfo(cls, metainfo: Any = None) -> dict:
        loaded = super()._load_metainfo(metainfo)
        check_classes(loaded.get('classes', ()))
        return loaded

    def load_data_list(self) -> list[dict]:
        """Read the annotation file.

        Returns:
            list[dict]: One item per image, as in :class:`mmdet.CocoDataset`.

        Raises:
            ValueError: If the file is not valid, see the class.
            FileNotFoundError: If photos are missing, see the class.
        """
        folder = self.data_prefix.get('img') or '.'
        # Photos can be looked for only on the disk, not in other backends.
        local = self.backend_args is None and osp.isdir(folder)
        with get_local_path(self.ann_file, backend_args=self.backend_args) as path:
            boxes = read_coco(path, with_masks=True, img_dir=folder if local else None)
        labels = self._class_labels(boxes)
        images = self._used_images(boxes, folder)
        used = self._used(boxes, labels)
        index = boxes.image_index
        skipped = np.array(
            [SKIPPED in ann for ann in boxes.content['annotations']], dtype=bool
        )
        if not self.test_mode:
            lost = int((used & skipped & images[index]).sum())
            if lost:
                self._warn(
                    f'{lost} boxes that were skipped when masks were '
                    'made are not trained on'
                )
            used &= ~skipped
        # mmdet's filter_cfg reads this map. Like mmdet's, it includes crowds
        # and unused boxes; skipped boxes are not in it.
        own = labels[boxes.category_index]
        self.cat_img_map = {
            category: [
                boxes.image_ids[image]
                for image in np.unique(
                    index[(boxes.category_index == place) & ~skipped]
                )
            ]
            for place, category in enumerate(boxes.category_ids)
        }
        anns = boxes.content['annotations']
        corners = boxes.boxes.tolist()
        own, crowd = own.tolist(), boxes.crowd.tolist()
        data_list = []
        for image in np.flatnonzero(images).tolist():
            places = boxes.places(image)
            info = self._image_info(boxes.content['images'][image])
            instances = []
            for place in places[used[places]].tolist():
                instance = dict(
                    ignore_flag=int(crowd[place]),
                    bbox=corners[place],
                    bbox_label=own[place],
                )
                mask = anns[place].get('segmentation')
                if mask:
                    instance['mask'] = mask
                instances.append(instance)
            info['instances'] = instances
            self._finish(info, [anns[one] for one in places[used[places]]])
            data_list.append(info)
        if not self.test_mode:
            log_oddities(boxes, self.ann_file)
        return data_list

    def _finish(self, info: dict, anns: list[dict]) -> None:
        """Add further keys to the instances of an image, in place."""

    def _image_info(self, image: dict) -> dict:
        """The item of an image in mmdet's form, without instances."""
        return self.parse_data_info(
            dict(raw_img_info=dict(image, img_id=image['id']), raw_ann_info=[])
        )

    def _class_labels(self, boxes: BoxFile) -> np.ndarray:
        """Label of each category; warns of missing and unknown classes."""
        classes = self.metainfo['classes']
        labels = class_labels(boxes, classes)
        chosen = np.flatnonzero(labels >= 0)
        chosen = chosen[np.argsort(labels[chosen])]
        self.cat_ids = [boxes.category_ids[one] for one in chosen]
        self.cat2label = {boxes.category_ids[one]: int(labels[one]) for one in chosen}
        missing = [name for label, name in enumerate(classes) if label not in labels]
        if missing and not self.test_mode:
            self._warn(f'"categories" lacks the classes {missing}')
        other = labels[boxes.category_index] < 0
        if other.any():
            names = sorted(
                {
                    boxes.category_names[one]
                    for one in np.unique(boxes.category_index[other])
                }
            )
            self._warn(
                f'{int(other.sum())} annotations are not used, because '
                f'their categories {names} are not among the classes of the '
                'config'
            )
        return labels

    def _used_images(self, boxes: BoxFile, folder: str) -> np.ndarray:
        """(I,) bool, True for images that are used."""
        used: np.ndarray = np.ones(len(boxes.image_ids), dtype=bool)
        if not self.test_mode:
            used = np.array(
                [SKIPPED not in image for image in boxes.content['images']], dtype=bool
            )
        skipped = len(used) - int(used.sum())
        if skipped:
            self._warn(
                f'{skipped} images that were skipped when masks were '
                'made are not trained on'
            )
        if self.backend_args is not None:
            return used
        # If there is no folder, all photos are missing.
        there = np.zeros_like(used) if boxes.there is None else boxes.there
        lost = np.flatnonzero(used & ~there).tolist()
        if not lost and not boxes.left_out:
            return used
        names = [one.file for one in boxes.left_out]
        names += [boxes.file_names[one] for one in lost]
        number = len(used) + len(boxes.left_out) - skipped
        text = (
            f'{len(names)} of {number} photos are not in {folder}, the '
            f'first is {names[0]!r}'
        )
        if self.test_mode or len(names) == number:
            raise FileNotFoundError(
                f'{self.ann_file}: {text}; set data_prefix=dict(img=...) of '
                'the dataset to their folder, or remove them from the file'
            )
        self._warn(f'{text}; they are not trained on')
        return used & there

    def _used(self, boxes: BoxFile, labels: np.ndarray) -> np.ndarray:
        """(N,) bool, True for annotations that mmdet would train on."""
        x1, y1, x2, y2 = boxes.boxes.T
        height, width = boxes.sizes[boxes.image_index].T
        across = np.minimum(x2, width) - np.maximum(x1, 0)
        down = np.minimum(y2, height) - np.maximum(y1, 0)
        # Sides are differences of corners, so they have rounding errors.
        used = (
            (across > 0)
            & (down > 0)
            & (boxes.xywh[:, 2:] >= 1 - 1e-9).all(axis=1)
            & (labels[boxes.category_index] >= 0)
        )
        used &= ~np.array(
            [bool(ann.get('ignore')) for ann in boxes.content['annotations']],
            dtype=bool,
        )
        if self.NEEDS_AREA:
            used &= annotation_areas(boxes) > 0
        return used

    def _warn(self, text: str) -> None:
        print_log(f'{self.ann_file}: {text}', logger='current', level=logging.WARNING)
