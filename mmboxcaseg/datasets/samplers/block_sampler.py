"""Distributing the images of a run over its processes."""

from collections.abc import Collection, Iterator
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmboxcaseg.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class BlockSampler(Sampler):
    """Sampler of blocks of consecutive images, the same in every run.

    The last digits of a network's output depend on the other images in the
    batch, and a pixel at the threshold may depend on these digits. Since each
    batch is one block, it has the same images if a run is resumed or spread
    over several processes, and the masks are the same to the pixel.

    Args:
        dataset (BaseDataset): A :class:`BoxPromptDataset` of all images.
        block (int): Number of images in a block, 1 or more. It must be the
            batch size of the data loader.
        done_ids (Collection): Ids of images that are done. A block whose
            images are all done is skipped. Defaults to ().
        seed (int, optional): Not used; data loaders pass it to all samplers.
            Defaults to None.
        part (tuple[int, int], optional): Index of a part of the blocks, from
            0, and the number of parts. Defaults to None: rank and world size
            of a distributed run.

    Raises:
        ValueError: If ``block`` is below 1.
    """

    def __init__(
        self,
        dataset: BaseDataset,
        block: int,
        done_ids: Collection[Any] = (),
        seed: int | None = None,
        part: tuple[int, int] | None = None,
    ) -> None:
        if block < 1:
            raise ValueError(f'BlockSampler: block must be at least 1, but is {block}')
        blocks = [
            range(start, min(start + block, len(dataset)))
            for start in range(0, len(dataset), block)
        ]
        if done_ids:
            done = frozenset(done_ids)
            blocks = [
                indices
                for indices in blocks
                if any(
                    dataset.get_data_info(index)['img_id'] not in done
                    for index in indices
                )
            ]
        rank, world_size = part or get_dist_info()
        # Only the very last block may be short. It is the last one of its
        # process, so no batch contains images of two blocks.
        self.indices = [
            index for indices in blocks[rank::world_size] for index in indices
        ]

    def __iter__(self) -> Iterator[int]:
        """Iterate over the indices of this process, in order."""
        return iter(self.indices)

    def __len__(self) -> int:
        """Number of images of this process."""
        return len(self.indices)
