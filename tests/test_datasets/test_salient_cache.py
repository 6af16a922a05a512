import os

import cv2
import numpy as np
import pytest
import tiny
from mmengine.registry import DefaultScope

from mmboxcaseg.datasets import SalientObjectDataset, salient_cache


def dataset(root, cache_dir=None, pipeline=None):
    return SalientObjectDataset(
        data_prefix=dict(img=str(root / 'img'), mask=str(root / 'mask')),
        pipeline=pipeline or tiny.pipelines().salient,
        cache_dir=cache_dir and str(cache_dir),
    )


@pytest.fixture(autouse=True)
def default_scope():
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        yield


@pytest.fixture
def root(tmp_path):
    tiny.write_salient(tmp_path, 4)
    return tmp_path


def sample(data, index, seed):
    np.random.seed(seed)
    packed = data[index]
    return packed['inputs'], packed['data_samples']


def test_samples_are_those_without_a_cache(root):
    plain, cached = dataset(root), dataset(root, root / 'cache')
    for index in range(4):
        for seed in range(3):
            image, info = sample(plain, index, seed)
            from_cache, info_of_cache = sample(cached, index, seed)
            assert (image == from_cache).all()
            assert (info.gt_sem_seg.data == info_of_cache.gt_sem_seg.data).all()
            assert info_of_cache.supervision == 'mask'
            assert info_of_cache.img_path == info.img_path


def test_cache_is_made_once_and_files_not_read_again(root, monkeypatch):
    first = dataset(root, root / 'cache')
    files = os.listdir(root / 'cache')
    assert len(files) == 1 and files[0].endswith('.npy')

    def refuse(*args):
        raise AssertionError('a file was decoded')

    monkeypatch.setattr(cv2, 'imdecode', refuse)
    again = dataset(root, root / 'cache')
    assert (sample(first, 2, 0)[0] == sample(again, 2, 0)[0]).all()


def test_a_changed_file_is_read_again(root):
    dataset(root, root / 'cache')
    path = root / 'img' / 's1.png'
    cv2.imwrite(str(path), 255 - cv2.imread(str(path)))
    os.utime(path, ns=(1, 1))
    changed = dataset(root, root / 'cache')
    assert (sample(changed, 1, 0)[0] == sample(dataset(root), 1, 0)[0]).all()


def test_failure_leaves_no_file(root):
    # Its head tells a size, but nothing comes after it.
    path = root / 'mask' / 's2.png'
    path.write_bytes(path.read_bytes()[:45])
    with pytest.raises(ValueError, match='s2.png'):
        dataset(root, root / 'cache')
    assert os.listdir(root / 'cache') == []


def test_needs_a_fixed_size(root):
    pipeline = tiny.pipelines().salient
    pipeline[2].keep_ratio = True
    with pytest.raises(ValueError, match='Resize with a fixed scale'):
        dataset(root, root / 'cache', pipeline)


def test_items_can_be_changed(root):
    data = dataset(root, root / 'cache')
    item = data._cache.read(0, {})
    item['img'][:] = 0
    item['gt_seg_map'][:] = 7
    again = data._cache.read(0, {})
    assert again['img'].any() and again['gt_seg_map'].max() == 1
    steps = salient_cache.split_at_resize(data.pipeline.transforms)
    assert steps == 3
