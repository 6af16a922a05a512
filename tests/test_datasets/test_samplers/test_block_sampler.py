import pytest

from mmboxcaseg import engine
from mmboxcaseg.datasets import BlockSampler
from mmboxcaseg.datasets.samplers import block_sampler
from mmboxcaseg.registry import DATA_SAMPLERS


class Images(list):
    """Stands for BoxPromptDataset: a list of image ids."""

    def get_data_info(self, index):
        return dict(img_id=self[index])


IMAGES = Images([30, 31, 32, 33, 34, 35, 36, 37])


def blocks_of(sampler, block):
    """What a data loader makes of the indices."""
    indices = list(sampler)
    assert len(indices) == len(sampler)
    return [indices[start : start + block] for start in range(0, len(indices), block)]


@pytest.mark.parametrize(
    'block, expected',
    [
        (1, [[0], [1], [2], [3], [4], [5], [6], [7]]),
        (3, [[0, 1, 2], [3, 4, 5], [6, 7]]),
        (9, [[0, 1, 2, 3, 4, 5, 6, 7]]),
    ],
)
@pytest.mark.parametrize('world_size', [1, 2, 3, 4])
def test_blocks_are_the_same_for_any_number_of_processes(
    monkeypatch, block, expected, world_size
):
    found = []
    for rank in range(world_size):
        monkeypatch.setattr(
            block_sampler, 'get_dist_info', lambda rank=rank: (rank, world_size)
        )
        found += blocks_of(BlockSampler(IMAGES, block), block)
    assert sorted(found) == expected


def test_only_blocks_that_are_wholly_done_are_left_out():
    done = [31, 33, 34, 35]
    sampler = BlockSampler(IMAGES, 3, done_ids=done)
    assert blocks_of(sampler, 3) == [[0, 1, 2], [6, 7]]
    sampler = BlockSampler(IMAGES, 3, {*done, 36, 37})
    assert list(sampler) == [0, 1, 2]


def test_block_must_be_positive():
    with pytest.raises(ValueError, match='block must be at least 1'):
        BlockSampler(IMAGES, 0)


def test_names():
    assert DATA_SAMPLERS.get('BlockSampler') is BlockSampler
    with pytest.deprecated_call(match='it is mmboxcaseg.datasets'):
        assert engine.BlockSampler is BlockSampler
    with pytest.raises(AttributeError, match='no attribute .NoSuchSampler'):
        engine.NoSuchSampler  # noqa: B018
