import importlib.util
import json
import os
import os.path as osp
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import save_checkpoint

from mmboxcaseg.engine import ProxyMaskHook
from mmboxcaseg.proxy_masks import (agreement, decode_rle, done_image_ids,
                                    shard_dir)
from mmboxcaseg.registry import MODELS

TOOL = osp.join(
    osp.dirname(__file__), '..', '..', 'tools', 'make_proxy_masks.py')
CHANNELS = 8 + 8 + 24 + 80
CONFIG = f'''
default_scope = 'mmboxcaseg'
custom_imports = dict(
    imports=['mmboxcaseg.models', 'mmboxcaseg.datasets', 'mmboxcaseg.engine'])
log_level = 'WARNING'
default_hooks = dict(logger=dict(type='LoggerHook'))
head = dict(type='SegmentationHead', in_channels={CHANNELS})
model = dict(
    type='BoxCaseg',
    data_preprocessor=dict(
        type='BoxCasegDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True),
    backbone=dict(
        type='mmseg.MobileNetV2', widen_factor=0.25, out_indices=(1, 2, 4, 6)),
    neck=dict(type='ResizeConcat'),
    weak_head=head,
    salient_head=head,
    test_cfg=dict(crops_per_batch=4))
test_dataloader = dict(
    batch_size=2,
    num_workers=0,
    dataset=dict(
        type='BoxPromptDataset',
        data_root='nowhere/',
        ann_file='none.json',
        data_prefix=dict(img='none/'),
        img_ids=[-1],
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='CropBoxes', size=32),
            dict(type='PackBoxPrompts'),
        ]))
test_evaluator = dict(type='InstanceIoUMetric')
test_cfg = dict(type='TestLoop')
'''


def load_tool():
    spec = importlib.util.spec_from_file_location('make_proxy_masks', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='session')
def inputs(tmp_path_factory):
    """Ten photos, one without and one with unusable boxes; random weights."""
    folder = tmp_path_factory.mktemp('make_proxy_masks')
    rng = np.random.default_rng(0)
    (folder / 'img').mkdir()
    images, anns = [], []
    for number in range(10):
        height, width = (int(n) for n in rng.integers(40, 60, 2))
        image_id = 50 - number
        cv2.imwrite(
            str(folder / 'img' / f'{number}.png'),
            rng.integers(0, 255, (height, width, 3), dtype=np.uint8))
        images.append(
            dict(
                id=image_id,
                file_name=f'{number}.png',
                height=height,
                width=width))
        for _ in range(0 if number == 4 else rng.integers(1, 5)):
            x, y = rng.uniform(-2, 25, 2).tolist()
            w, h = rng.uniform(5, 15, 2).tolist()
            anns.append(
                dict(
                    id=len(anns) + 1,
                    image_id=image_id,
                    category_id=17,
                    bbox=[x, y, w, h],
                    score=0.5))
    anns[1]['bbox'][2] = -3
    anns[2].update(iscrowd=1, segmentation=dict(size=[4, 4], counts=[16]))
    data = dict(
        images=images,
        annotations=anns,
        categories=[dict(id=17, name='Kätzchen')])
    (folder / 'boxes.json').write_text(json.dumps(data))
    (folder / 'config.py').write_text(CONFIG)
    cfg = Config.fromfile(str(folder / 'config.py'))
    init_default_scope('mmboxcaseg')
    model = MODELS.build(cfg.model)
    model.init_weights()
    save_checkpoint(
        dict(state_dict=model.state_dict()), str(folder / 'model.pth'))
    return folder


def arguments(inputs, tmp_path, *more):
    return [
        str(inputs / 'config.py'),
        str(inputs / 'model.pth'), '--ann',
        str(inputs / 'boxes.json'), '--img-dir',
        str(inputs / 'img'), '--out',
        str(tmp_path / 'masks.json'), '--work-dir',
        str(tmp_path / 'logs'), '--device', 'cpu', *more
    ]


def make(inputs, tmp_path, *more):
    load_tool().main(arguments(inputs, tmp_path, *more))
    return (tmp_path / 'masks.json').read_bytes()


@pytest.fixture(scope='session')
def uninterrupted(inputs, tmp_path_factory):
    """The file that every other way must arrive at."""
    return make(inputs, tmp_path_factory.mktemp('uninterrupted'))


def test_masks_of_every_box(inputs, uninterrupted):
    before = json.loads((inputs / 'boxes.json').read_text())
    after = json.loads(uninterrupted)
    assert after['images'] == before['images']
    assert after['categories'] == before['categories']
    sizes = {i['id']: (i['height'], i['width']) for i in after['images']}
    used = np.zeros((100, 60, 60), int)
    for old, new in zip(before['annotations'], after['annotations']):
        assert {key: new[key] for key in old} == old
        if old['id'] == 3:
            assert new == old
            continue
        height, width = sizes[new['image_id']]
        mask = decode_rle(new['segmentation'])
        assert mask.shape == (height, width) and mask.sum() == new['area']
        if old['id'] == 2:
            assert new['area'] == new['proxy_agreement'] == 0
            continue
        x, y, w, h = old['bbox']
        expected = agreement([mask], [(0, 0, width, height)],
                             [(x, y, x + w, y + h)], height, width)
        assert new['proxy_agreement'] == pytest.approx(expected[0])
        used[new['image_id'], :height, :width] += mask
    assert used.max() == 1
    info = after['info']['proxy_masks']
    assert info['merge'] is True and len(info['checkpoint_sha256']) == 64
    assert info['model_config']['model']['type'] == 'BoxCaseg'
    assert str(inputs) not in uninterrupted.decode()


def test_interrupted_and_resumed(inputs, tmp_path, monkeypatch, uninterrupted,
                                 capsys):
    append = ProxyMaskHook._append

    def fail_late(self, sample):
        if len(self._writer.done) == 5:
            raise KeyboardInterrupt
        append(self, sample)

    monkeypatch.setattr(ProxyMaskHook, '_append', fail_late)
    with pytest.raises(KeyboardInterrupt):
        make(inputs, tmp_path)
    monkeypatch.undo()
    shard = osp.join(
        shard_dir(str(tmp_path / 'masks.json')), 'rank_0000.jsonl')
    os.truncate(shard, osp.getsize(shard) - 9)
    with pytest.raises(SystemExit, match='merge: false now, true in the'):
        make(inputs, tmp_path, '--resume', '--no-merge')
    with pytest.raises(SystemExit, match='model_config.model.alpha: 0.3 now'):
        make(inputs, tmp_path, '--resume', '--cfg-options', 'model.alpha=0.3')
    with pytest.raises(SystemExit, match='crops_per_batch: 3 now, 4 in the'):
        make(inputs, tmp_path, '--resume', '--crops-per-batch', '3')
    assert make(inputs, tmp_path, '--resume') == uninterrupted
    assert '5 images to do, 4 done before' in capsys.readouterr().err
    assert sorted(
        os.listdir(tmp_path)) == ['logs', 'masks.json', 'masks.report.json']
    make(inputs, tmp_path, '--resume')
    assert 'is complete already' in capsys.readouterr().err


def test_killed_and_resumed(inputs, tmp_path, uninterrupted):
    process = subprocess.Popen(
        [sys.executable, TOOL, *arguments(inputs, tmp_path)],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL)
    folder = shard_dir(str(tmp_path / 'masks.json'))
    while process.poll() is None and not done_image_ids(folder):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert make(inputs, tmp_path, '--resume') == uninterrupted


def test_all_done_but_not_joined(inputs, tmp_path, monkeypatch, uninterrupted):
    monkeypatch.setattr(ProxyMaskHook, 'after_test', lambda *args: None)
    with pytest.raises(FileNotFoundError):
        make(inputs, tmp_path)
    assert make(inputs, tmp_path, '--resume') == uninterrupted


def test_two_processes_give_the_same_file(inputs, tmp_path, uninterrupted):
    run = subprocess.run([
        sys.executable, '-m', 'torch.distributed.run', '--standalone',
        '--nproc_per_node=2', TOOL,
        *arguments(inputs, tmp_path, '--launcher', 'pytorch')
    ],
                         capture_output=True,
                         text=True,
                         timeout=120)
    # torchrun's status for one that is not 0 in a process.
    assert run.returncode == 1 and 'skipped 1 boxes, listed in' in run.stderr
    assert (tmp_path / 'masks.json').read_bytes() == uninterrupted


def test_restricted_to_images(inputs, tmp_path, uninterrupted):
    (tmp_path / 'ids.txt').write_text('48\n46\n44\n')
    part = json.loads(
        make(inputs, tmp_path, '--img-ids', str(tmp_path / 'ids.txt')))
    whole = json.loads(uninterrupted)
    assert [image['id'] for image in part['images']] == [48, 46, 44]
    assert part['annotations'] == [
        ann for ann in whole['annotations'] if ann['image_id'] in (48, 46, 44)
    ]


@pytest.mark.parametrize('index, value, message', [
    (0, 'none.py', 'CONFIG: no file none.py'),
    (1, 'none.pth', 'CHECKPOINT: no file none.pth'),
    (3, 'none.json', '--ann: no file none.json'),
    (5, 'none', '--img-dir: no folder none'),
    (5, '.', '--img-dir: none of the 9 images with boxes is in .'),
])
def test_missing_inputs(inputs, tmp_path, monkeypatch, index, value, message):
    monkeypatch.chdir(tmp_path)
    args = arguments(inputs, tmp_path)
    args[index] = value
    with pytest.raises(SystemExit, match=message):
        load_tool().main(args)
    assert os.listdir(tmp_path) == []


def test_config_of_another_kind(inputs, tmp_path):
    (tmp_path / 'other.py').write_text('model = dict()')
    args = arguments(inputs, tmp_path)
    args[0] = str(tmp_path / 'other.py')
    with pytest.raises(SystemExit, match='BoxPromptDataset'):
        load_tool().main(args)


def test_output_must_not_replace_the_input(inputs, tmp_path):
    args = arguments(inputs, tmp_path)
    args[7] = args[3]
    with pytest.raises(SystemExit, match='--out: .* is the file of --ann'):
        load_tool().main(args)


def test_help_is_instant():
    code = ('import runpy, sys\n'
            f'sys.argv = ["make_proxy_masks.py", "--help"]\n'
            'try:\n'
            f'    runpy.run_path({TOOL!r}, run_name="__main__")\n'
            'except SystemExit:\n'
            '    assert "torch" not in sys.modules\n')
    run = subprocess.run([sys.executable, '-c', code],
                         capture_output=True,
                         text=True,
                         check=True)
    assert '--resume' in run.stdout
