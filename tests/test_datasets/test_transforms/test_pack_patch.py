import numpy as np
import pytest
import torch
from mmseg.datasets.transforms import PackSegInputs

from mmboxcaseg.datasets.transforms import PackPatch

KEYS = ('img_path', 'ori_shape', 'img_shape', 'supervision')


@pytest.mark.parametrize(
    'view',
    [
        lambda array: array,
        lambda array: array[:, ::-1],
        lambda array: array[::-1],
        lambda array: array[3:20, 2:18],
        lambda array: array[3:20, 2:18][:, ::-1],
        lambda array: np.swapaxes(array, 0, 1),
    ],
)
@pytest.mark.parametrize(
    'channels, dtype', [(3, np.uint8), (1, np.uint8), (3, np.float32)]
)
def test_same_as_packing_by_mmseg(view, channels, dtype):
    rng = np.random.default_rng(0)
    img = rng.integers(0, 256, (24, 20, channels)).astype(dtype)
    label = rng.integers(0, 2, (24, 20), dtype=np.uint8)
    results = dict(
        img=view(img),
        gt_seg_map=view(label),
        img_path='a.jpg',
        img_shape=(24, 20),
        supervision='box',
        box=[1, 2, 3, 4],
    )
    before = results['img'].copy()
    ours = PackPatch()(dict(results))
    expected = PackSegInputs(meta_keys=KEYS)(dict(results))
    assert ours.keys() == expected.keys()
    assert ours['inputs'].dtype == expected['inputs'].dtype
    assert ours['inputs'].is_contiguous()
    # By hand too: mmseg's packing is not ours to rely on alone.
    assert torch.equal(ours['inputs'], torch.tensor(before.transpose(2, 0, 1).copy()))
    assert torch.equal(ours['inputs'], expected['inputs'])
    mine, theirs = ours['data_samples'], expected['data_samples']
    assert (
        mine.metainfo
        == theirs.metainfo
        == dict(img_path='a.jpg', img_shape=(24, 20), supervision='box')
    )
    assert mine.gt_sem_seg.data.dtype == torch.int64
    assert torch.equal(mine.gt_sem_seg.data, theirs.gt_sem_seg.data)
    assert mine.gt_sem_seg.shape == theirs.gt_sem_seg.shape
    # The batch does not share memory with the photo.
    ours['inputs'][:] = 0
    assert (results['img'] == before).all()


def test_other_meta_keys():
    packed = PackPatch(meta_keys=['a', 'b'])(
        dict(
            img=np.zeros((4, 4, 3), np.uint8),
            gt_seg_map=np.zeros((4, 4), np.uint8),
            a=5,
        )
    )
    assert packed['data_samples'].metainfo == dict(a=5)
