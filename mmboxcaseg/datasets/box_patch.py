"""Training patches from boxes (the paper, Sec. 3.2)."""

import os.path as osp

import numpy as np
from mmengine.dataset import BaseDataset, ConcatDataset
from mmengine.logging import print_log

from mmboxcaseg.annotations import BoxFile, MaskFile, read_coco, read_masks
from mmboxcaseg.annotations.given import keep_given_masks
from mmboxcaseg.registry import DATASETS

from .left_out import look_below, used_images
from .oddities import log_oddities


@DATASETS.register_module()
class BoxPatchDataset(BaseDataset):
    """One item for every box of a COCO json; crowds are left out.

    An item has ``img_path``, ``img_id``, ``ann_id``, ``box`` (xyxy in pixels
    of the image, not clipped), ``height``, ``width`` and ``supervision``,
    which is ``'box'``. By default masks, where the json has them, are not
    read. Photos are looked for as :class:`mmboxcaseg.annotations.PhotoFinder`
    does; those that are not there, and images that were skipped when masks
    were made, are left out, and a line counts them.

    With ``with_mask`` items are mask-supervised: ``supervision`` is
    ``'mask'`` and ``segmentation`` is that of the json. It serves the upper
    bound of BoxCaseg (true masks), self-training (a file of
    ``boxcaseg masks``) and, with ``given_only``, a few masks drawn by hand
    among many boxes; none of it is in the paper.

    Args:
        ann_file (str): COCO json, relative to ``data_root``.
        data_prefix (dict): ``img``: folder of the images.
        with_mask (bool): Whether masks are learnt from. Defaults to False.
        min_agreement (float, optional): With ``with_mask``: boxes whose
            ``proxy_agreement`` is lower stay box-supervised, in [0, 1].
            Defaults to None: every mask is learnt from.
        given_only (bool): With ``with_mask``: only masks that were given, and
            not predicted, are learnt from, see
            :func:`~mmboxcaseg.annotations.given.keep_given_masks`; boxes
            without one stay box-supervised. Defaults to False.
        given_repeats (int): With ``given_only``: how often a box with a mask is
            listed, so that a few masks are seen often enough. Defaults to 1.
        min_confidence (float, optional): The same for ``proxy_confidence``.
        **kwargs: See :class:`mmengine.dataset.BaseDataset`.

    Raises:
        FileNotFoundError: If no photo is there.
        ValueError: If one of the three is given without ``with_mask``, a
            score is not in [0, 1] or beside ``given_only``, the repeats are
            fewer than one or without ``given_only``, or the file lacks what
            is asked for.
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
                    '[0, 1], and is for with_mask=True only'
                )
        if given_only and (self.least or not with_mask):
            raise ValueError(
                'BoxPatchDataset: given_only=True is for '
                'with_mask=True only, without min_agreement and '
                'min_confidence'
            )
        if given_repeats < 1 or (given_repeats > 1 and not given_only):
            raise ValueError(
                f'BoxPatchDataset: given_repeats={given_repeats!r} must be at '
                'least 1, and is for given_only=True only'
            )
        self.given_repeats = given_repeats
        self.with_mask = with_mask
        self.given_only = given_only
        super().__init__(ann_file=ann_file, data_prefix=data_prefix, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read ``ann_file``, see the class."""
        folder = self.data_prefix['img']
        boxes, learnt = self._read(look_below(folder))
        images = used_images(boxes, self.ann_file, folder)
        places = np.flatnonzero(boxes.usable & images[boxes.image_index])
        if not len(places):
            raise ValueError(f'{self.ann_file}: no usable boxes to train on')
        # In the order of the images, so that a photo's boxes are neighbours.
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
            repeats = self.given_repeats if learnt[place] else 1
            data_list.extend(dict(item) for _ in range(repeats))
        if self.with_mask:
            text = (
                f'{self.ann_file}: masks of {int(learnt[places].sum())} of '
                f'{len(places)} boxes are learnt from'
            )
            if self.given_repeats > 1:
                text += f', {self.given_repeats} times as often as boxes alone'
            print_log(text, logger='current')
        log_oddities(boxes, self.ann_file)
        return data_list

    def _read(self, img_dir: str | None) -> tuple[BoxFile, np.ndarray]:
        """The boxes, and whose masks are learnt from, bool, (N,)."""
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
        """Which masks reach the scores that are asked for, bool, (N,)."""
        good = np.ones(count, dtype=bool)
        for score, least in self.least.items():
            if score not in masks.scores:
                raise ValueError(
                    f"{self.ann_file}: no 'proxy_{score}', which min_{score} "
                    'asks for; give a file of boxcaseg masks'
                )
            good &= masks.scores[score] >= least
        return good


def box_sources(dataset: ConcatDataset, sampler: str) -> list[int]:
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
        source
        for source, part in enumerate(dataset.datasets)
        if isinstance(part, BoxPatchDataset)
    ]
    if not sources:
        kinds = [type(part).__name__ for part in dataset.datasets]
        raise ValueError(
            f'{sampler} needs a BoxPatchDataset, but the parts '
            f'are {kinds}; use mmdet.MultiSourceSampler'
        )
    return sources
