import pytest
from tiny import write_coco

from mmboxcaseg.datasets import (
    BoxPatchDataset,
    JointPatchDataset,
    PhotoMultiSourceSampler,
)


def joint(root):
    """Eleven boxes on photos of 5, 1, 0, 3 and 2 boxes."""
    boxes = [[(5 + i, 5, 20, 20) for i in range(count)] for count in (5, 1, 0, 3, 2)]
    part = dict(
        type='BoxPatchDataset',
        ann_file=write_coco(root, boxes),
        data_prefix=dict(img=str(root / 'img')),
        pipeline=[],
    )
    return JointPatchDataset(box=part)


def photos_of(dataset: BoxPatchDataset, indices: list) -> list:
    return [dataset.get_data_info(index)['img_id'] for index in indices]


@pytest.mark.parametrize('shuffle', [True, False])
def test_groups_of_a_photo_and_every_box_once(tmp_path, shuffle):
    dataset = joint(tmp_path)
    sampler = iter(
        PhotoMultiSourceSampler(
            dataset, 11, [1], boxes_per_photo=2, shuffle=shuffle, seed=3
        )
    )
    passes = [[next(sampler) for _ in range(11)] for _ in range(3)]
    for indices in passes:
        assert sorted(indices) == list(range(11))
        photos = photos_of(dataset.datasets[0], indices)
        runs = 1 + sum(a != b for a, b in zip(photos, photos[1:]))
        # 3 + 1 + 2 + 1 groups; two of one photo may come to lie together.
        assert runs <= 7
    assert (passes[0] != passes[1]) == shuffle


def test_processes_share_the_groups(tmp_path, monkeypatch):
    dataset = joint(tmp_path)
    seen = []
    for rank in range(2):
        monkeypatch.setattr(
            'mmdet.datasets.samplers.multi_source_sampler.get_dist_info',
            lambda rank=rank: (rank, 2),
        )
        sampler = PhotoMultiSourceSampler(dataset, 1, [1], boxes_per_photo=5, seed=3)
        # Five-box groups: four photos a pass, two of them for each process.
        groups = sampler.source2inds[0]
        seen.append([next(groups) for _ in range(30)])
    both = photos_of(dataset.datasets[0], seen[0] + seen[1])
    assert set(both) == {1, 2, 4, 5}


def test_sampler_names_what_is_wrong(tmp_path):
    dataset = joint(tmp_path)
    with pytest.raises(ValueError, match='boxes_per_photo must be at least 1'):
        PhotoMultiSourceSampler(dataset, 4, [1], boxes_per_photo=0)
