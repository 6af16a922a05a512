"""A table on tiny data, with the real tools."""

import json
import os
import runpy
import sys

import pytest
import tiny
from mmengine.config import Config

from tools.benchmarks.tables import ablation

pytestmark = pytest.mark.slow


def write_config(root):
    """A base config of stage 1 that trains three steps in a moment."""
    tiny.write_joint(root)
    loader = dict(
        batch_size=2,
        num_workers=0,
        collate_fn=dict(type='pseudo_collate'),
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='mmboxcaseg.BoxPromptDataset',
            ann_file=str(root / 'coco' / 'boxes.json'),
            data_prefix=dict(img=str(root / 'coco' / 'img')),
            with_mask=True,
            test_mode=True,
            pipeline=tiny.pipelines().prompt,
        ),
    )
    path = root / 'base.py'
    Config(
        dict(
            default_scope='mmboxcaseg',
            custom_imports=dict(
                imports=[
                    f'mmboxcaseg.{part}'
                    for part in ('models', 'datasets', 'evaluation', 'engine')
                ]
            ),
            model=tiny.model_cfg(alpha=0.7),
            train_dataloader=tiny.loader_cfg(root),
            val_dataloader=loader,
            test_dataloader=loader,
            val_evaluator=dict(type='InstanceIoUMetric'),
            test_evaluator=dict(type='InstanceIoUMetric'),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=3),
            val_cfg=dict(type='ValLoop'),
            test_cfg=dict(type='TestLoop'),
            optim_wrapper=dict(
                type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01)
            ),
            default_hooks=dict(
                checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1)
            ),
            log_processor=dict(by_epoch=False),
        )
    ).dump(str(path))
    return str(path)


@pytest.fixture
def run_here(monkeypatch):
    """Runs a command of Python in this process."""

    def run(words, log=None, env=None):
        monkeypatch.setattr(sys, 'argv', [str(word) for word in words[1:]])
        # Where Python would look for what stands beside the script.
        monkeypatch.syspath_prepend(os.path.dirname(words[1]))
        runpy.run_path(words[1], run_name='__main__')
        return 0

    return run


def test_alpha_at_its_ends_is_one_head_alone(run_here, tmp_path, repo_root):
    base = write_config(tmp_path)
    work = tmp_path / 'work'
    ablation.main(
        ['6', '--stage1', base, '--rows', '0.0', '0.7', '1.0', '--work-dir', str(work)],
        run=run_here,
    )
    checkpoint = work / 'voc/boxcaseg/full/iter_3.pth'
    table = {
        row['row']: row for row in json.loads((work / 'full/table6.json').read_text())
    }
    assert table['0.7']['from'] == 'full model'
    for row, head in (('0.0', 'transferred'), ('1.0', 'salient')):
        out = tmp_path / f'{head}.json'
        run_here(
            [
                sys.executable,
                str(repo_root / 'tools' / 'test.py'),
                base,
                str(checkpoint),
                '--work-dir',
                str(tmp_path / 'log'),
                '--metrics-out',
                str(out),
                '--cfg-options',
                f'model.test_cfg.head={head}',
            ]
        )
        alone = json.loads(out.read_text())
        assert table[row]['ours']['mIoU*'] == pytest.approx(
            alone['mIoU_star'], abs=1e-6
        )
        assert table[row]['ours']['IoU@50'] == alone['IoU@50']
    assert table['0.0']['ours']['mIoU*'] != table['1.0']['ours']['mIoU*']
