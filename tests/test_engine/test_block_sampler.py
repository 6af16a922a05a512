import numpy as np
import pytest

from mmboxcaseg.engine import BlockSampler, samplers
from mmboxcaseg.proxy_masks import ShardWriter


class Images(list):
    """Stands for BoxPromptDataset: a list of image ids."""

    def get_data_info(self, index):
        return dict(img_id=self[index])


IMAGES = Images([30, 31, 32, 33, 34, 35, 36, 37])


def blocks_of(sampler, block):
    """What a data loader makes of the indices."""
    indices = list(sampler)
    assert len(indices) == len(sampler)
    return [
        indices[start:start + block]
        for start in range(0, len(indices), block)
    ]


@pytest.mark.parametrize('block, expected', [
    (1, [[0], [1], [2], [3], [4], [5], [6], [7]]),
    (3, [[0, 1, 2], [3, 4, 5], [6, 7]]),
    (9, [[0, 1, 2, 3, 4, 5, 6, 7]]),
])
@pytest.mark.parametrize('world_size', [1, 2, 3, 4])
def test_blocks_are_the_same_for_any_number_of_processes(
        monkeypatch, block, expected, world_size):
    found = []
    for rank in range(world_size):
        monkeypatch.setattr(samplers, 'get_dist_info', lambda:
                            (rank, world_size))
        found += blocks_of(BlockSampler(IMAGES, block), block)
    assert sorted(found) == expected


def test_only_blocks_that_are_wholly_done_are_left_out(tmp_path):
    writers = [ShardWriter(str(tmp_path), rank) for rank in range(2)]
    for number, image_id in enumerate((31, 33, 34, 35)):
        writers[number % 2].append(image_id, (4, 4), [], [], np.zeros(0))
    sampler = BlockSampler(IMAGES, 3, done_dir=str(tmp_path))
    assert blocks_of(sampler, 3) == [[0, 1, 2], [6, 7]]
    for image_id in (36, 37):
        writers[0].append(image_id, (4, 4), [], [], np.zeros(0))
    sampler = BlockSampler(IMAGES, 3, done_dir=str(tmp_path))
    assert list(sampler) == [0, 1, 2]
    for writer in writers:
        writer.close()


def test_block_must_be_positive():
    with pytest.raises(ValueError, match='block must be at least 1'):
        BlockSampler(IMAGES, 0)
