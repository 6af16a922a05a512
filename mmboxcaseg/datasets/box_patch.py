"""Training patches from boxes (the paper, Sec. 3.2)."""

import os.path as osp

import numpy as np
from mmengine.dataset import BaseDataset, ConcatDataset
from mmengine.logging import print_log

from mmboxcaseg.annotations import BoxFile, MaskFile, read_coco, read_masks
from mmboxcaseg.annotations.given import keep_given_masks
from mmboxcaseg.masks import clip_boxes
from mmboxcaseg.registry import DATASETS

from .left_out import look_below, used_images
from .oddities import log_oddities


@DATASETS.register_module()
class BoxPatchDataset(BaseDataset):
    """Data set with one item for every box of a COCO json, without crowds.

    An item has ``img_path``, ``img_id``, ``ann_id``, ``box`` (xyxy in pixels
    of the image, not clipped), ``height``, ``width`` and ``supervision``,
    which is ``'box'``. By default masks of the json are not read. Names that
    don't quite match a photo are corrected, see
    :class:`mmboxcaseg.annotations.PhotoFinder`. Images are skipped if their
    photo is missing or was skipped when masks were made; the log counts them.

    With ``with_mask`` items are mask-supervised: ``supervision`` is
    ``'mask'``, and ``segmentation`` is that of the json. This serves for the
    upper bound of BoxCaseg (true masks), for self-training (proxy masks) and,
    with ``given_only``, for a few masks drawn by hand among many boxes. The
    paper does none of these.

    Args:
        ann_file (str): Path of the COCO json, relative to ``data_root``.
        data_prefix (dict): Folder of the images, as ``img``.
        with_mask (bool): Whether to train on masks. Defaults to False.
        min_agreement (float, optional): With ``with_mask``, boxes with a
            lower ``proxy_agreement`` stay box-supervised, in [0, 1]. Defaults
            to None: all masks are used.
        min_confidence (float, optional): With ``with_mask``, boxes with a
            lower ``proxy_confidence`` stay box-supervised, in [0, 1].
            Defaults to None: all masks are used.
        given_only (bool): With ``with_mask``, only masks that were given, not
            predicted, are used, see
            :func:`~mmboxcaseg.annotations.given.keep_given_masks`; other
            boxes stay box-supervised. Defaults to False.
        given_repeats (int): With ``given_only``, the number of items for each
            box with a mask, so that a few masks are seen often enough.
            Defaults to 1.
        with_other_boxes (bool): Whether items have ``other_boxes``, the other
            usable boxes of the photo, clipped to it, xyxy in pixels, (K, 4)
            float32. Defaults to False.
        **kwargs (Any): Arguments of :class:`mmengine.dataset.BaseDataset`.

    Raises:
        FileNotFoundError: If the json or all photos are missing.
        ValueError: If options contradict each other or are out of their
            range, or the json is not valid, has no usable box, or lacks a
            score or a mask that is needed.
    """

    METAINFO = dict(classes=('background', 'object'))

    def __init__(
        self,
        ann_file: str,
        data_prefix: dict,
        with_mask: bool = False,
        min_agreement: float | None = None,
        min_confidence: float | None = None,
        given_only: bool = False,
        given_repeats: int = 1,
        with_other_boxes: bool = False,
        **kwargs,
    ) -> None:
        self.least = {
            score: value
            for score, value in (
                ('agreement', min_agreement),
                ('confidence', min_confidence),
            )
            if value is not None
        }
        for score, value in self.least.items():
            if not (with_mask and 0 <= value <= 1):
                raise ValueError(
                    f'BoxPatchDataset: min_{score}={value!r} must lie in '
                    '[0, 1], and needs with_mask=True'
                )
        if given_only and (self.least or not with_mask):
            raise ValueError(
                'BoxPatchDataset: given_only=True needs with_mask=True, and '
                'excludes min_agreement and min_confidence'
            )
        if given_repeats < 1 or (given_repeats > 1 and not given_only):
            raise ValueError(
                f'BoxPatchDataset: given_repeats={given_repeats!r} must be at '
                'least 1, and more than 1 needs given_only=True'
            )
        self.given_repeats = given_repeats
        self.with_mask = with_mask
        self.given_only = given_only
        self.with_other_boxes = with_other_boxes
        super().__init__(ann_file=ann_file, data_prefix=data_prefix, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read ``ann_file``.

        Returns:
            list[dict]: The items, see the class.

        Raises:
            FileNotFoundError: If the json or all photos are missing.
            ValueError: If the json is not valid, has no usable box, or lacks
                a score or a mask that is needed.
        """
        folder = self.data_prefix['img']
        boxes, learnt = self._read(look_below(folder))
        images = used_images(boxes, self.ann_file, folder)
        places = np.flatnonzero(boxes.usable & images[boxes.image_index])
        if not len(places):
            raise ValueError(f'{self.ann_file}: no usable boxes to train on')
        # Sorted by image, so that the boxes of a photo are neighbours.
        images = boxes.image_index[places]
        places = places[np.argsort(images, kind='stable')]
        data_list: list[dict] = []
        for place in places.tolist():
            image = int(boxes.image_index[place])
            height, width = boxes.sizes[image].tolist()
            item = dict(
                img_path=osp.join(folder, boxes.file_names[image]),
                img_id=boxes.image_ids[image],
                ann_id=boxes.box_ids[place],
                box=boxes.boxes[place].tolist(),
                height=height,
                width=width,
                supervision='box',
            )
            if learnt[place]:
                item.update(supervision='mask', segmentation=boxes.segmentation(place))
            if self.with_other_boxes:
                others = boxes.usable_places(image)
                others = boxes.boxes[others[others != place]]
                # As at prediction, where boxes are clipped before areas are compared.
                item['other_boxes'] = clip_boxes(others, height, width).astype(
                    np.float32
                )
            repeats = self.given_repeats if learnt[place] else 1
            data_list.extend(dict(item) for _ in range(repeats))
        if self.with_mask:
            text = (
                f'{self.ann_file}: {int(learnt[places].sum())} of {len(places)} '
                'boxes train on their masks'
            )
            if self.given_repeats > 1:
                text += f', {self.given_repeats} times as often as the others'
            print_log(text, logger='current')
        log_oddities(boxes, self.ann_file)
        return data_list

    def _read(self, img_dir: str | None) -> tuple[BoxFile, np.ndarray]:
        """Read the boxes; also return (N,) bool, True to train on the mask."""
        if not self.with_mask:
            boxes = read_coco(self.ann_file, img_dir=img_dir)
            return boxes, np.zeros(len(boxes), dtype=bool)
        if self.given_only:
            boxes = read_coco(self.ann_file, with_masks=True, img_dir=img_dir)
            kept = list(keep_given_masks(boxes).kept)
            return boxes, np.isin(np.arange(len(boxes)), kept)
        masks = read_masks(self.ann_file, img_dir)
        return masks.boxes, self._good(masks, len(masks.boxes))

    def _good(self, masks: MaskFile, count: int) -> np.ndarray:
        """(N,) bool, True for masks that reach the required scores."""
        good = np.ones(count, dtype=bool)
        for score, least in self.least.items():
            if score not in masks.scores:
                raise ValueError(
                    f"{self.ann_file}: no 'proxy_{score}', which min_{score} "
                    'needs; give a file that boxcaseg masks has written'
                )
            good &= masks.scores[score] >= least
        return good


def box_sources(dataset: ConcatDataset, sampler: str) -> list[int]:
    """Find the parts of a joint data set that are box patches.

    Args:
        dataset (ConcatDataset): The joint data set.
        sampler (str): Name of its sampler, for the message.

    Returns:
        list[int]: Indices in ``dataset.datasets``.

    Raises:
        ValueError: If no part is a :class:`BoxPatchDataset`.
    """
    sources = [
        source
        for source, part in enumerate(dataset.datasets)
        if isinstance(part, BoxPatchDataset)
    ]
    if not sources:
        kinds = [type(part).__name__ for part in dataset.datasets]
        raise ValueError(
            f'{sampler} needs a BoxPatchDataset, but the parts of the data set '
            f'are {kinds}; use mmdet.MultiSourceSampler'
        )
    return sources
