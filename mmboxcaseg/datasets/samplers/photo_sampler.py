"""Sampling several boxes of a photo together, so that it is decoded once."""

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
    """A ``MultiSourceSampler`` that groups the boxes of a photo.

    It mixes the sources as :class:`mmdet.MultiSourceSampler` does. But the
    boxes of a :class:`BoxPatchDataset` come in groups from the same photo, so
    that a pipeline that begins with :class:`LoadBoxPatch` decodes the photo
    once per group. Each pass has every box once; the groups and their order
    are drawn anew in each pass. The patches of a batch are then less
    independent of each other than in the paper. This sampler is an option for
    training that decoding slows down.

    Args:
        dataset (ConcatDataset): A :class:`JointPatchDataset`, or another
            ``ConcatDataset`` with a :class:`BoxPatchDataset`.
        batch_size (int): Number of samples in the batch of one process.
        source_ratio (list[int]): Ratio of the sources in a batch.
        boxes_per_photo (int): Largest number of boxes in a group, 1 or more.
            Defaults to 2.
        shuffle (bool): Whether passes are shuffled. Defaults to True.
        seed (int, optional): Seed, which must be the same in all processes.
            Defaults to None: they agree on a random one.

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
            # Each process gets whole groups.
            self.source2inds[source] = itertools.chain.from_iterable(
                itertools.islice(
                    self._groups(torch.from_numpy(photos)),
                    self.rank,
                    None,
                    self.world_size,
                )
            )

    def _groups(self, photos: torch.Tensor) -> Iterator[list[int]]:
        """Yield groups of boxes, pass after pass.

        Args:
            photos (Tensor): Number of the photo of each box, (N,) int64.

        Yields:
            list[int]: Indices of the boxes of a group.
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
