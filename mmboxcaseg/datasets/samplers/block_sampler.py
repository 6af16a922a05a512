"""Which process makes the masks of which images."""

from collections.abc import Collection, Iterator
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmboxcaseg.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class BlockSampler(Sampler):
    """Hands out blocks of consecutive images, the same blocks in every run.

    The last digits of a network's output depend on what else is in the batch,
    and a pixel at the threshold may turn on them. With a block a batch, an
    image has the same company whether the run is cut short and resumed or
    spread over several processes, so the masks are the same to the pixel.

    Args:
        dataset (BaseDataset): A :class:`BoxPromptDataset` of all images.
        block (int): Images in a block: the batch size of the data loader.
        done_ids (Collection): Ids of images that are done; a block of which
            all images are done is left out. Defaults to ().
        seed (int, optional): Not used; the data loader gives it.
        part (tuple[int, int], optional): Which part of the blocks, from 0,
            and of how many. Defaults to None: those of this process in a
            distributed run.

    Raises:
        ValueError: If ``block`` is not positive.
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
        # Only the very last block may be short, and it stays the last of its
        # process, so batches never reach across blocks.
        self.indices = [
            index for indices in blocks[rank::world_size] for index in indices
        ]

    def __iter__(self) -> Iterator[int]:
        """Iterate over the indices of this process, in order."""
        return iter(self.indices)

    def __len__(self) -> int:
        """Number of images of this process."""
        return len(self.indices)
