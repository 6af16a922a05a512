import json
import os
import os.path as osp
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from proxy_run import TOOL, arguments, tool, write_inputs
from pycocotools.coco import COCO

from mmboxcaseg.apis import default_model
from mmboxcaseg.apis.default_model import NAME
from mmboxcaseg.engine import ProxyMaskHook
from mmboxcaseg.masks import agreement, decode_rle
from mmboxcaseg.proxy_masks import ShardWriter, done_image_ids, lock_shards, shard_dir


@pytest.fixture(scope='session')
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('make_proxy_masks')
    write_inputs(folder)
    return folder


def make(inputs, tmp_path, *more):
    tool()['main'](arguments(inputs, tmp_path, *more))
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
        expected = agreement(
            [mask], [(0, 0, width, height)], [(x, y, x + w, y + h)], height, width
        )
        assert new['proxy_agreement'] == pytest.approx(expected[0])
        used[new['image_id'], :height, :width] += mask
    assert used.max() == 1
    info = after['info']['proxy_masks']
    assert info['merge'] is True and len(info['checkpoint_sha256']) == 64
    assert info['model_config']['model']['type'] == 'BoxCaseg'
    assert str(inputs) not in uninterrupted.decode()


def test_interrupted_and_resumed(inputs, tmp_path, monkeypatch, uninterrupted, capsys):
    append = ProxyMaskHook._append

    def fail_late(self, sample):
        if len(self._writer.done) == 5:
            raise KeyboardInterrupt
        append(self, sample)

    monkeypatch.setattr(ProxyMaskHook, '_append', fail_late)
    with pytest.raises(SystemExit, match='stopped; .* --resume to go on'):
        make(inputs, tmp_path)
    monkeypatch.undo()
    shard = osp.join(shard_dir(str(tmp_path / 'masks.json')), 'rank_0000.jsonl')
    os.truncate(shard, osp.getsize(shard) - 9)
    with pytest.raises(SystemExit, match='merge: false now, true in the'):
        make(inputs, tmp_path, '--resume', '--no-merge')
    with pytest.raises(SystemExit, match='model_config.model.alpha: 0.3 now'):
        make(inputs, tmp_path, '--resume', '--cfg-options', 'model.alpha=0.3')
    with pytest.raises(SystemExit, match='crops_per_batch: 3 now, 4 in the'):
        make(inputs, tmp_path, '--resume', '--crops-per-batch', '3')
    assert make(inputs, tmp_path, '--resume') == uninterrupted
    assert '5 images to do, 4 done before' in capsys.readouterr().err
    assert sorted(os.listdir(tmp_path)) == ['logs', 'masks.json', 'masks.report.json']
    make(inputs, tmp_path, '--resume')
    assert 'is complete already' in capsys.readouterr().err


def test_all_done_but_not_joined(inputs, tmp_path, monkeypatch, uninterrupted):
    monkeypatch.setattr(ProxyMaskHook, 'after_test', lambda *args: None)
    with pytest.raises(FileNotFoundError):
        make(inputs, tmp_path)
    assert make(inputs, tmp_path, '--resume') == uninterrupted


def test_two_processes_give_the_same_file(inputs, tmp_path, uninterrupted):
    run = subprocess.run(
        [
            sys.executable,
            '-m',
            'torch.distributed.run',
            '--standalone',
            '--nproc_per_node=2',
            TOOL,
            *arguments(inputs, tmp_path, '--launcher', 'pytorch'),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    # torchrun's status for one that is not 0 in a process.
    assert run.returncode == 1 and 'skipped 1 boxes, listed in' in run.stderr
    assert (tmp_path / 'masks.json').read_bytes() == uninterrupted


@pytest.mark.parametrize(('jobs', 'threads'), [(2, '1'), (3, '2'), (99, '')])
def test_jobs_and_threads_give_the_same_file(
    inputs, tmp_path, uninterrupted, jobs, threads
):
    environment = {k: v for k, v in os.environ.items() if k != 'OMP_NUM_THREADS'}
    if threads:
        environment['OMP_NUM_THREADS'] = threads
    run = subprocess.run(
        [sys.executable, TOOL, *arguments(inputs, tmp_path, '--jobs', str(jobs))],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
    )
    assert run.returncode == 3, run.stderr
    # One progress for all of them, and one summary.
    assert run.stderr.count('9/9 images') == run.stderr.count('19 masks') == 1
    assert 'process 1 of' not in run.stderr
    assert (tmp_path / 'masks.json').read_bytes() == uninterrupted
    assert not os.path.exists(shard_dir(str(tmp_path / 'masks.json')))


def test_jobs_from_python_go_on_with_what_is_done(
    inputs, tmp_path, monkeypatch, uninterrupted
):
    written = []

    def append(*args, **kwargs):
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(write(*args, **kwargs))

    write = ShardWriter.append
    with monkeypatch.context() as patch:
        patch.setattr(ShardWriter, 'append', append)
        with pytest.raises(SystemExit):
            make(inputs, tmp_path)
    assert len(done_image_ids(shard_dir(str(tmp_path / 'masks.json')))) == 3
    # Here torch has been imported, so that the processes are no forks.
    assert make(inputs, tmp_path, '--resume', '--jobs', '2') == uninterrupted


def test_an_error_in_a_job_is_one_of_the_run(inputs, tmp_path):
    run = subprocess.run(
        [
            sys.executable,
            TOOL,
            *arguments(inputs, tmp_path, '--jobs', '2', '--cfg-options'),
            'test_dataloader.dataset.pipeline.1.size=-1',
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 1
    assert 'make_proxy_masks: error: ' in run.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ('more', 'message'),
    [
        (('--jobs', '0'), '--jobs must be at least 1'),
        (('--jobs', '2', '--launcher', 'pytorch'), 'give one of the two'),
    ],
)
def test_jobs_that_are_refused(inputs, tmp_path, more, message):
    with pytest.raises(SystemExit, match=message):
        make(inputs, tmp_path, *more)


def test_two_runs_on_one_output(inputs, tmp_path):
    with lock_shards(shard_dir(str(tmp_path / 'masks.json'))):
        with pytest.raises(SystemExit, match='is in use by another run'):
            make(inputs, tmp_path)
    assert not (tmp_path / 'masks.json').exists()


def test_another_checkpoint_is_not_resumed(inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(ProxyMaskHook, 'after_test', lambda *args: None)
    with pytest.raises(FileNotFoundError):
        make(inputs, tmp_path)
    content = torch.load(inputs / 'model.pth')
    torch.save(dict(content, meta=dict(iter=1)), tmp_path / 'other.pth')
    args = arguments(inputs, tmp_path, '--resume')
    args[1] = str(tmp_path / 'other.pth')
    with pytest.raises(SystemExit, match='checkpoint_sha256: .* in the shar'):
        tool()['main'](args)


def test_unsafe_checkpoint(inputs, tmp_path):
    content = torch.load(inputs / 'model.pth')
    torch.save(dict(content, meta=np.random.default_rng), tmp_path / 'x.pth')
    args = arguments(inputs, tmp_path)
    args[1] = str(tmp_path / 'x.pth')
    with pytest.raises(SystemExit, match='may run any code'):
        tool()['main'](args)
    assert os.listdir(tmp_path) == ['x.pth']
    assert tool()['main']([*args, '--allow-unsafe-checkpoint']) == 3


def test_no_model_is_named(inputs, tmp_path, monkeypatch):
    monkeypatch.setitem(default_model.__globals__, 'WEIGHTS', tmp_path)
    args = arguments(inputs, tmp_path)[2:]
    with pytest.raises(SystemExit, match='no model was given, and this copy'):
        tool()['main'](args)
    with pytest.raises(SystemExit) as error:
        tool()['main']([str(inputs / 'config.py'), *args])
    assert error.value.code == 2
    for name, suffix in (('config', '.py'), ('model', '.pth')):
        shutil.copy(inputs / f'{name}{suffix}', tmp_path / f'{NAME}{suffix}')
    assert tool()['main'](args) == 3


def test_options_reach_the_model(inputs, tmp_path, uninterrupted):
    data = json.loads(
        make(inputs, tmp_path, '--flip', '--margins', '0', '0.2', '--precision', 'bf16')
    )
    config = data['info']['proxy_masks']['model_config']
    assert config['model']['test_cfg'] == dict(
        crops_per_batch=4, flip=True, precision='bf16'
    )
    assert config['pipeline'][1]['margins'] == [0, 0.2]
    plain = json.loads(uninterrupted)
    assert [ann['segmentation'] for ann in data['annotations']] != [
        ann['segmentation'] for ann in plain['annotations']
    ]


def test_polygons(inputs, tmp_path, uninterrupted):
    data = json.loads(make(inputs, tmp_path, '--segmentation', 'polygons'))
    assert data['info']['proxy_masks']['segmentation'] == 'polygons'
    coco = COCO(str(tmp_path / 'masks.json'))
    kinds = set()
    for old, new in zip(json.loads(uninterrupted)['annotations'], data['annotations']):
        if new['iscrowd']:
            continue
        mask = coco.annToMask(new)
        assert mask.sum() == new['area'] >= old['area']
        assert mask[decode_rle(old['segmentation'])].all()
        assert new['proxy_agreement'] == old['proxy_agreement']
        kinds.add((type(new['segmentation']), bool(new['area'])))
    # Nothing is left of the unusable box, and polygons can't say so.
    assert kinds == {(list, True), (dict, False)}


def test_restricted_to_categories(inputs, tmp_path, uninterrupted):
    part = json.loads(make(inputs, tmp_path, '--categories', 'dog'))
    whole = json.loads(uninterrupted)
    assert [category['id'] for category in part['categories']] == [18]
    assert part['images'] == whole['images']
    assert part['annotations'] == [
        ann for ann in whole['annotations'] if ann['category_id'] == 18
    ]


def test_restricted_to_images(inputs, tmp_path, uninterrupted):
    (tmp_path / 'ids.txt').write_text('48\n46\n44\n')
    part = json.loads(make(inputs, tmp_path, '--img-ids', str(tmp_path / 'ids.txt')))
    whole = json.loads(uninterrupted)
    assert [image['id'] for image in part['images']] == [48, 46, 44]
    assert part['annotations'] == [
        ann for ann in whole['annotations'] if ann['image_id'] in (48, 46, 44)
    ]


@pytest.mark.parametrize(
    'index, value, message',
    [
        (0, 'none.py', 'CONFIG: no file none.py'),
        (1, 'none.pth', 'CHECKPOINT: no file none.pth'),
        (3, 'none.json', 'boxes: no file or folder none.json'),
        (5, 'none', 'photos: no folder none'),
        (5, '.', '. has none of the 9 photos with boxes, such as '),
    ],
)
def test_missing_inputs(inputs, tmp_path, monkeypatch, index, value, message):
    monkeypatch.chdir(tmp_path)
    args = arguments(inputs, tmp_path)
    args[index] = value
    with pytest.raises(SystemExit, match=message):
        tool()['main'](args)
    assert os.listdir(tmp_path) == []


def test_config_of_another_kind(inputs, tmp_path):
    (tmp_path / 'other.py').write_text('model = dict()')
    args = arguments(inputs, tmp_path)
    args[0] = str(tmp_path / 'other.py')
    with pytest.raises(SystemExit, match='BoxPromptDataset'):
        tool()['main'](args)


def test_yolo_folder(inputs, tmp_path):
    labels = tmp_path / 'labels'
    labels.mkdir()
    (labels / '3.txt').write_text('1 0.5 0.5 0.5 0.5')
    (labels / 'gone.txt').write_text('1 0.5 0.5 0.5 0.5')
    args = arguments(inputs, tmp_path)
    args[3] = str(labels)
    with pytest.raises(SystemExit, match='--strict: 1 annotation files have'):
        tool()['main']([*args, '--strict'])
    assert tool()['main'](args) == 3
    data = json.loads((tmp_path / 'masks.json').read_text())
    assert [image['file_name'] for image in data['images']] == ['3.png']
    assert [ann['area'] > 0 for ann in data['annotations']] == [True]
    report = json.loads((tmp_path / 'masks.report.json').read_text())
    assert report['left_out'] == [dict(file='gone.txt', reason='no photo gone.*')]


def test_no_photo_of_a_yolo_folder(inputs, tmp_path):
    labels = tmp_path / 'labels'
    labels.mkdir()
    (labels / 'gone.txt').write_text('1 0.5 0.5 0.5 0.5')
    args = arguments(inputs, tmp_path)
    args[3] = str(labels)
    with pytest.raises(
        SystemExit, match='has the photo of none of the 1 files of boxes in'
    ):
        tool()['main'](args)
    assert not (tmp_path / 'masks.json').exists()


def test_output_must_not_replace_the_input(inputs, tmp_path):
    args = arguments(inputs, tmp_path)
    args[7] = args[3]
    with pytest.raises(SystemExit, match='--out: .* is the file of boxes'):
        tool()['main'](args)


def test_help_is_instant(instant_help):
    assert '--resume' in instant_help('make_proxy_masks')
