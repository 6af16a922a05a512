"""Several boxes of a photo in a batch, so that it is decoded once."""

import itertools
from collections.abc import Iterator

import numpy as np
import torch
from mmdet.datasets.samplers import MultiSourceSampler
from mmengine.dataset import ConcatDataset

from mmboxcaseg.registry import DATA_SAMPLERS

from ..box_patch import box_sources


@DATA_SAMPLERS.register_module()
class PhotoMultiSourceSampler(MultiSourceSampler):
    """Batches of a fixed mixture, with several boxes of each photo.

    Like :class:`mmdet.MultiSourceSampler`, but the boxes of a
    :class:`BoxPatchDataset` come in groups of the same photo, one after
    another, and a worker whose pipeline begins with :class:`LoadBoxPatch`
    decodes the photo once for all of them. Every pass still shows every box
    once; which boxes of a photo are grouped, and the order of the groups, is
    drawn anew for each pass. Patches of a batch are then less independent of
    each other, which the paper's training is not: an option for when
    decoding is the bottleneck.

    Args:
        dataset (ConcatDataset): A :class:`JointPatchDataset`, or another
            ``ConcatDataset`` that has a :class:`BoxPatchDataset` among its
            parts.
        batch_size (int): Samples of a batch, of one process.
        source_ratio (list[int]): Shares of the parts in a batch.
        boxes_per_photo (int): Most boxes in a group. Defaults to 2.
        shuffle (bool): Whether passes are shuffled. Defaults to True.
        seed (int, optional): Must be the same in all processes; None: they
            agree on a random one. Defaults to None.

    Raises:
        ValueError: If ``boxes_per_photo`` is below 1 or there is no
            :class:`BoxPatchDataset`.
    """

    def __init__(
        self,
        dataset: ConcatDataset,
        batch_size: int,
        source_ratio: list,
        boxes_per_photo: int = 2,
        shuffle: bool = True,
        seed: int | None = None,
    ) -> None:
        if boxes_per_photo < 1:
            raise ValueError(
                'PhotoMultiSourceSampler: boxes_per_photo must '
                f'be at least 1, but is {boxes_per_photo}'
            )
        super().__init__(dataset, batch_size, source_ratio, shuffle, seed)
        self.boxes_per_photo = boxes_per_photo
        for source in box_sources(dataset, type(self).__name__):
            part = dataset.datasets[source]
            image_ids = [
                part.get_data_info(index)['img_id'] for index in range(len(part))
            ]
            photos = np.unique(image_ids, return_inverse=True)[1]
            # Whole groups to each process.
            self.source2inds[source] = itertools.chain.from_iterable(
                itertools.islice(
                    self._groups(torch.from_numpy(photos)),
                    self.rank,
                    None,
                    self.world_size,
                )
            )

    def _groups(self, photos: torch.Tensor) -> Iterator[list[int]]:
        """Group after group of boxes, pass after pass.

        Args:
            photos (Tensor): The photo of each box, int of shape (N, ).
        """
        generator = torch.Generator()
        generator.manual_seed(self.seed)
        size = len(photos)
        while True:
            order = (
                torch.randperm(size, generator=generator)
                if self.shuffle
                else torch.arange(size)
            )
            order = order[torch.sort(photos[order], stable=True).indices]
            of_photo = torch.unique_consecutive(photos[order], return_counts=True)[
                1
            ].tolist()
            starts = [
                start
                for end, count in zip(itertools.accumulate(of_photo), of_photo)
                for start in range(end - count, end, self.boxes_per_photo)
            ]
            stops = [*starts[1:], size]
            places = (
                torch.randperm(len(starts), generator=generator)
                if self.shuffle
                else torch.arange(len(starts))
            )
            for place in places.tolist():
                yield order[starts[place] : stops[place]].tolist()
