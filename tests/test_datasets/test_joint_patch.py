import pytest
import tiny
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from mmboxcaseg.datasets import JointPatchDataset


@pytest.fixture
def root(tmp_path):
    tiny.write_joint(tmp_path)
    return tmp_path


def loader(cfg):
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        return Runner.build_dataloader(cfg, seed=0)


def batches(cfg, count):
    for _, batch in zip(range(count), loader(cfg)):
        assert len(batch['inputs']) == len(batch['data_samples'])
        yield [sample.supervision for sample in batch['data_samples']]


@pytest.mark.parametrize('ratio', [(12, 4), (9, 7)])
@pytest.mark.parametrize('num_workers', [0, 2])
def test_every_batch_has_the_ratio(root, ratio, num_workers):
    cfg = tiny.loader_cfg(root, ratio)
    cfg['num_workers'] = num_workers
    for supervision in batches(cfg, 4):
        assert len(supervision) == 16
        assert supervision.count('box') == ratio[0]
        assert supervision.count('mask') == ratio[1]


def test_random_sampling_from_the_union(root):
    cfg = tiny.loader_cfg(root, (8, 8))
    cfg['sampler'] = dict(type='InfiniteSampler', shuffle=True)
    drawn = [x for batch in batches(cfg, 10) for x in batch]
    # 4 boxes and 5 photos; 160 is 17 times all 9 of them and 7 more.
    assert 17 * 4 <= drawn.count('box') <= 18 * 4
    assert len(drawn) == 160


def test_parts(root):
    cfg = tiny.loader_cfg(root)['dataset']
    cfg.pop('type')
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        both = JointPatchDataset(**cfg)
        assert both.cumulative_sizes == [4, 9]
        assert both.metainfo['classes'] == ('background', 'object')
        assert len(JointPatchDataset(box=cfg['box'])) == 4
        assert len(JointPatchDataset(salient=cfg['salient'])) == 5
        sample = both[4]['data_samples']
    assert sample.supervision == 'mask'
    with pytest.raises(ValueError, match='box and salient are both None'):
        JointPatchDataset()
