"""Sampling boxes that overlap each other less often.

Boxes hardly tell what should fill a box that shares most of its area with
another one. On COCO, the authors' code drops most of these boxes in each
epoch; the paper does not mention it.
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
    """Compute the largest IoU of each box with another box of its image.

    Every box is compared with the next box of its image, then with the one
    after that, and so on, for all images at once. The number of steps is the
    largest number of boxes in an image; the memory is proportional to the
    number of boxes.

    Args:
        boxes (np.ndarray): Boxes with a positive area as xyxy in pixels of
            their image, shape (N, 4).
        image_ids (np.ndarray): Ids of the images of the boxes, in any order,
            shape (N,).

    Returns:
        np.ndarray: Largest IoU, (N,) float64 in [0, 1]; 0 for the only box of
        an image.

    Raises:
        ValueError: If the shapes don't match.

    Example:
        >>> boxes = [[0, 0, 2, 2], [0, 0, 2, 1], [0, 0, 2, 2]]
        >>> max_overlaps(np.array(boxes), np.array([1, 1, 2])).tolist()
        [0.5, 0.5, 0.0]
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    image_ids = np.asarray(image_ids)
    if image_ids.shape != (len(boxes),):
        raise ValueError(
            f'there are {len(boxes)} boxes, but image ids of shape '
            f'{image_ids.shape}; give one id per box'
        )
    _, images, counts = np.unique(image_ids, return_inverse=True, return_counts=True)
    order = np.argsort(images, kind='stable')
    boxes = boxes[order]
    # Number of boxes of the same image that follow each box.
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
    """A ``MultiSourceSampler`` that draws overlapping boxes less often.

    It mixes the sources as :class:`mmdet.MultiSourceSampler` does. But in
    each pass over a :class:`BoxPatchDataset`, each box that overlaps another
    box of its image is dropped with some probability. The choice is new in
    each pass and the same in all processes. Other sources are not affected.

    Args:
        dataset (ConcatDataset): A :class:`JointPatchDataset`, or another
            ``ConcatDataset`` with a :class:`BoxPatchDataset`.
        batch_size (int): Number of samples in the batch of one process.
        source_ratio (list[int]): Ratio of the sources in a batch.
        iou_thr (float): IoU above which two boxes overlap, in [0, 1). Crowds
            are not considered. Defaults to 0.5, the authors' value.
        drop_prob (float): Probability that an overlapping box is dropped from
            a pass, in [0, 1]. Defaults to 0.75, the authors' value.
        shuffle (bool): Whether passes are shuffled. Defaults to True.
        seed (int, optional): Seed, which must be the same in all processes.
            Defaults to None: they agree on a random one.

    Raises:
        ValueError: If a number is out of its range, there is no
            :class:`BoxPatchDataset`, or every box would always be dropped.
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
        """(N,) bool, True for boxes that overlap another one."""
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
                'train on; lower drop_prob'
            )
        print_log(
            f'{dataset.ann_file}: {count} of {len(dataset)} boxes overlap '
            f'another one with an IoU above {self.iou_thr}; each is dropped '
            f'from a pass with probability {self.drop_prob}',
            logger='current',
        )
        return overlapping

    def _passes(self, overlapping: torch.Tensor) -> Iterator[int]:
        """Yield indices, pass after pass, without the dropped boxes."""
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
