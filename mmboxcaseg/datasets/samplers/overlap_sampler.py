"""Seeing boxes that overlap each other less often.

What a box that shares most of its area with another one should be filled with
is hard to tell from boxes. The authors' code leaves most of them out of every
epoch on COCO; the paper does not mention it.
"""

import itertools
from collections.abc import Iterator

import numpy as np
import torch
from mmdet.datasets.samplers import MultiSourceSampler
from mmengine.dataset import ConcatDataset
from mmengine.logging import print_log

from mmboxcaseg.masks import paired_ious
from mmboxcaseg.registry import DATA_SAMPLERS

from ..box_patch import BoxPatchDataset, box_sources


def max_overlaps(boxes: np.ndarray, image_ids: np.ndarray) -> np.ndarray:
    """How much each box overlaps the other boxes of its image.

    Compares every box with the next one of its image, then with the one after
    that, and so on, for all images at once: as many steps as the fullest
    image has boxes, and memory in proportion to the boxes.

    Args:
        boxes (np.ndarray): xyxy in pixels of the image, shape (N, 4), of
            positive area.
        image_ids (np.ndarray): Which image each box is in, in any order,
            shape (N, ).

    Returns:
        np.ndarray: The greatest IoU with another box of the same image,
        float64 in [0, 1], shape (N, ); 0 for a box alone in its image.

    Raises:
        ValueError: If the shapes don't match.
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    image_ids = np.asarray(image_ids)
    if image_ids.shape != (len(boxes),):
        raise ValueError(
            f'{len(boxes)} boxes, but image ids of shape {image_ids.shape}'
        )
    _, images, counts = np.unique(image_ids, return_inverse=True, return_counts=True)
    order = np.argsort(images, kind='stable')
    boxes = boxes[order]
    # How many boxes of the same image come after each box.
    after = np.cumsum(counts)[images[order]] - 1 - np.arange(len(boxes))
    best = np.zeros(len(boxes))
    step, one = 1, np.flatnonzero(after >= 1)
    while len(one):
        other = one + step
        ious = paired_ious(boxes[one], boxes[other])
        best[one] = np.maximum(best[one], ious)
        best[other] = np.maximum(best[other], ious)
        step += 1
        one = one[after[one] >= step]
    result = np.empty_like(best)
    result[order] = best
    return result


@DATA_SAMPLERS.register_module()
class OverlapMultiSourceSampler(MultiSourceSampler):
    """Batches of a fixed mixture, in which overlapping boxes are rarer.

    Like :class:`mmdet.MultiSourceSampler`, but in each pass over a
    :class:`BoxPatchDataset` every box that overlaps another one of its image
    is left out with some probability. Which ones is drawn anew for each
    pass, alike in all processes. Other sources are not affected.

    Args:
        dataset (ConcatDataset): A :class:`JointPatchDataset`, or another
            ``ConcatDataset`` that has a :class:`BoxPatchDataset` among its
            parts.
        batch_size (int): Samples of a batch, of one process.
        source_ratio (list[int]): Shares of the parts in a batch.
        iou_thr (float): Boxes overlap if their IoU is above this, in [0, 1).
            Crowds don't count. Defaults to 0.5, the authors'.
        drop_prob (float): Probability that an overlapping box is left out of
            a pass, in [0, 1]. Defaults to 0.75, the authors'.
        shuffle (bool): Whether passes are shuffled. Defaults to True.
        seed (int, optional): Must be the same in all processes; None: they
            agree on a random one. Defaults to None.

    Raises:
        ValueError: If a number is out of its range, there is no
            :class:`BoxPatchDataset`, or no box would ever be drawn.
    """

    def __init__(
        self,
        dataset: ConcatDataset,
        batch_size: int,
        source_ratio: list,
        iou_thr: float = 0.5,
        drop_prob: float = 0.75,
        shuffle: bool = True,
        seed: int | None = None,
    ) -> None:
        if not 0 <= iou_thr < 1:
            raise ValueError(
                f'OverlapMultiSourceSampler: iou_thr must lie '
                f'in [0, 1), but is {iou_thr}'
            )
        if not 0 <= drop_prob <= 1:
            raise ValueError(
                f'OverlapMultiSourceSampler: drop_prob must lie '
                f'in [0, 1], but is {drop_prob}'
            )
        super().__init__(dataset, batch_size, source_ratio, shuffle, seed)
        self.iou_thr = iou_thr
        self.drop_prob = drop_prob
        for source in box_sources(dataset, type(self).__name__):
            self.source2inds[source] = itertools.islice(
                self._passes(self._overlapping(dataset.datasets[source])),
                self.rank,
                None,
                self.world_size,
            )

    def _overlapping(self, dataset: BoxPatchDataset) -> torch.Tensor:
        """Which boxes overlap another one, bool of shape (N, )."""
        boxes = np.empty((len(dataset), 4))
        image_ids = []
        for index in range(len(dataset)):
            info = dataset.get_data_info(index)
            boxes[index] = info['box']
            image_ids.append(info['img_id'])
        overlaps = max_overlaps(boxes, np.array(image_ids))
        overlapping = torch.from_numpy(overlaps > self.iou_thr)
        count = int(overlapping.sum())
        if count == len(dataset) and self.drop_prob == 1:
            raise ValueError(
                f'{dataset.ann_file}: every box overlaps another one with an '
                f'IoU above {self.iou_thr}, so drop_prob=1 leaves none to '
                'train on; lower it'
            )
        print_log(
            f'{dataset.ann_file}: {count} of {len(dataset)} boxes overlap '
            f'another one with an IoU above {self.iou_thr}; each is left out '
            f'of a pass with probability {self.drop_prob}',
            logger='current',
        )
        return overlapping

    def _passes(self, overlapping: torch.Tensor) -> Iterator[int]:
        """Pass after pass over a source, without what is left out of it."""
        size = len(overlapping)
        generator = torch.Generator()
        generator.manual_seed(self.seed)
        while True:
            indices = (
                torch.randperm(size, generator=generator)
                if self.shuffle
                else torch.arange(size)
            )
            drawn = torch.rand(size, generator=generator) < self.drop_prob
            left_out = overlapping & drawn
            yield from indices[~left_out[indices]].tolist()
