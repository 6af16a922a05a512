"""Errors after the start are a line."""

import argparse
import errno
import json
import os
import signal
import stat
import subprocess
import sys
import types

import pytest
from proxy_run import masks_words, write_inputs

from mmboxcaseg.cli.main import in_one_line, main, run
from mmboxcaseg.proxy_masks import ShardWriter, write_json


def words(folder, out, *more):
    return masks_words(folder, out / 'masks.json', '--num-workers', '0', *more)


def error_of(argv):
    with pytest.raises(SystemExit) as end:
        main(argv)
    assert isinstance(end.value.code, str) and '\n' not in end.value.code
    return end.value.code


def test_a_full_disk_is_a_line_and_the_run_goes_on_later(tmp_path, monkeypatch):
    write_inputs(tmp_path)
    assert main(words(tmp_path, tmp_path)) in (0, 3)
    whole = (tmp_path / 'masks.json').read_bytes()
    out = tmp_path / 'full'
    out.mkdir()
    append, count = ShardWriter.append, []

    def full(self, *args, **kwargs):
        count.append(1)
        if len(count) > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(ShardWriter, 'append', full)
        assert 'No space left on device' in error_of(words(tmp_path, out))
    assert not (out / 'masks.json').exists()
    assert main(words(tmp_path, out, '--resume')) in (0, 3)
    assert (out / 'masks.json').read_bytes() == whole


@pytest.mark.parametrize('option', ['-o', '--work-dir'])
def test_folders_that_cannot_be_made_are_a_line(tmp_path, option):
    write_inputs(tmp_path)
    (tmp_path / 'file').write_text('')
    path = str(tmp_path / 'file' / 'below')
    assert str(tmp_path / 'file') in error_of(words(tmp_path, tmp_path, option, path))


def test_what_is_no_file_is_not_replaced(tmp_path):
    """As root, a finished file would take the place of a device."""
    write_inputs(tmp_path)
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    assert 'pipe is no ordinary file' in error_of(
        words(tmp_path, tmp_path, '-o', str(pipe))
    )
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert not list(tmp_path.glob('pipe?*'))
    with pytest.raises(ValueError, match='pipe is no ordinary file'):
        write_json(str(pipe), {})
    with pytest.raises(ValueError, match='is a folder; give the path of a file'):
        write_json(str(tmp_path), {})


def test_a_json_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(json, 'dump', full)
    with pytest.raises(OSError, match='No space left'):
        write_json(str(tmp_path / 'out.json'), {})
    assert not list(tmp_path.iterdir())


def ends_with(error, args=None):
    """What a command that raises an error says."""

    def fail(args):
        raise error

    with pytest.raises(SystemExit) as end:
        run(types.SimpleNamespace(run=fail), args or argparse.Namespace(), 'name')
    return end.value.code


def test_messages_of_several_lines_are_one():
    assert ends_with(ValueError('a\n  b')) == 'name: error: a b'
    assert ends_with(KeyError('no such type')) == 'name: error: no such type'
    assert ends_with(MemoryError()) == 'name: error: not enough memory'
    passed_on = OSError(
        'Caught OSError in DataLoader worker process 0.\n'
        'Original Traceback (most recent call last):\n'
        '  File "x.py", line 1\nOSError: disk is gone\n'
    )
    assert in_one_line(passed_on) == 'disk is gone'
    with pytest.raises(KeyError):
        run(
            types.SimpleNamespace(run=lambda args: {}['key']),
            argparse.Namespace(),
            'name',
        )


def test_a_package_that_is_missing_is_a_line():
    error = ImportError('masks need scipy: pip install scipy')
    assert ends_with(error) == ('name: error: masks need scipy: pip install scipy')
    with pytest.raises(ModuleNotFoundError):
        ends_with(ModuleNotFoundError('No module', name='module'))


def test_a_second_interrupt_kills():
    before = signal.getsignal(signal.SIGINT)
    try:
        assert ends_with(KeyboardInterrupt()) == 'name: stopped'
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_closed_pipe_is_no_traceback():
    code = (
        'import argparse, types\n'
        'from mmboxcaseg.cli.main import run\n'
        'def say(args):\n'
        '    for _ in range(100000):\n'
        '        print("a long line of text")\n'
        'run(types.SimpleNamespace(run=say), argparse.Namespace(), "x")'
    )
    process = subprocess.Popen(
        [sys.executable, '-c', code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b''
    assert process.wait() == 1


def test_ids_with_blanks_are_found(tmp_path):
    write_inputs(tmp_path)
    path = tmp_path / 'boxes.json'
    boxes = json.loads(path.read_text())
    first = boxes['images'][0]['id']
    for entry in (*boxes['images'], *boxes['annotations']):
        key = 'image_id' if 'image_id' in entry else 'id'
        entry[key] = f'photo {entry[key]}'
    path.write_text(json.dumps(boxes))
    (tmp_path / 'ids.txt').write_text(f'photo {first}\r\n')
    main(words(tmp_path, tmp_path, '--img-ids', str(tmp_path / 'ids.txt')))
    made = json.loads((tmp_path / 'masks.json').read_text())
    assert [image['id'] for image in made['images']] == [f'photo {first}']


def test_arguments_of_another_kind_are_told(tmp_path):
    write_inputs(tmp_path)
    boxes, photos, out = tmp_path / 'boxes.json', tmp_path / 'img', tmp_path / 'out'
    out.mkdir()

    def told(ann, img_dir, place='m.json', *more):
        return error_of(
            ['masks', str(ann), str(img_dir), '-o', str(out / place), *more]
        )

    photo = next(photos.glob('*.*'))
    assert f'photos: {photo} is a file; give the folder' in told(boxes, photo)
    assert f'are they swapped? The order is: {boxes} {photos}' in told(photos, boxes)
    assert f'--classes: {photos} is a folder' in told(
        boxes, photos, 'm.json', '--classes', str(photos)
    )
    assert 'holds no boxes: it has no .json' in told(out, photos)
    # The second folder does not exist yet.
    for folder in (str(out), f'{out}/new/'):
        words = ['masks', str(boxes), str(photos), '-o', folder]
        assert 'for an export into the folder give --format' in error_of(words)
    assert list(out.iterdir()) == []
