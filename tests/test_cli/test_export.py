"""Masks made and exported, in one run and in two."""

import json

import pytest
from export_files import write_hard_masks
from proxy_run import masks_words, write_inputs

from mmboxcaseg.cli.main import main


def words(folder, out, *more):
    return masks_words(folder, out, '--num-workers', '0', *more)


def test_one_run_is_as_two(tmp_path, capsys):
    write_inputs(tmp_path)
    out, again = tmp_path / 'set', tmp_path / 'again'
    options = ('--format', 'yolo-seg', '--simplify', '1', '--min-area', '5')
    assert main(words(tmp_path, out, *options)) == 3
    assert f'{out}: 10 images, ' in capsys.readouterr().err
    assert (
        main(
            [
                'export',
                str(out / 'masks.json'),
                '--out',
                str(again),
                '--img-dir',
                str(tmp_path / 'img'),
                *options,
            ]
        )
        == 0
    )
    told = capsys.readouterr().out
    assert told.startswith(f'{again}: 10 images, ')
    assert '1 crowds' in told and '1 without a mask' in told
    for name in ('train.txt', 'data.yaml', 'labels/3.txt', 'labels/4.txt'):
        assert (out / name).read_text() == (again / name).read_text()
    assert (out / 'images').samefile(tmp_path / 'img')
    # Nothing is predicted again, and the labels are written anew.
    (out / 'labels/3.txt').write_text('')
    main(words(tmp_path, out, *options, '--resume'))
    assert 'is complete already' in capsys.readouterr().err
    assert (out / 'labels/3.txt').read_text() == (again / 'labels/3.txt').read_text()


def test_a_format_that_is_a_file(tmp_path):
    write_inputs(tmp_path)
    assert main(words(tmp_path, tmp_path / 'set', '--format', 'cvat')) == 3
    content = json.loads((tmp_path / 'set/cvat.json').read_text())
    assert 'confidence' in content['annotations'][0]['attributes']


@pytest.mark.parametrize(
    'out, options, message',
    [
        ('x.json', ['--format', 'png'], 'x.json must be a folder'),
        ('x.json', ['--min-area', '3'], '--min-area needs --format'),
        ('x', ['--format', 'png', '--simplify', '2'], 'png has pixels'),
    ],
)
def test_mistakes_are_told_before_the_work(tmp_path, out, options, message):
    with pytest.raises(SystemExit, match=message):
        main(words(tmp_path, tmp_path / out, *options))
    assert list(tmp_path.iterdir()) == []


def test_errors_are_a_line(tmp_path):
    path = str(write_hard_masks(tmp_path))
    with pytest.raises(SystemExit, match='error: --img-dir: no folder none'):
        main(['export', path, '-o', str(tmp_path / 'x'), '--img-dir', 'none'])
    with pytest.raises(SystemExit, match='is the input; give another path'):
        main(['export', path, '-o', path])
