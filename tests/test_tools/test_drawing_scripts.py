"""The scripts that draw, whose work is done by mmboxcaseg.apis."""

import json

import numpy as np
import pytest
from report_files import write_report_files

from mmboxcaseg.visualization import read_photo


@pytest.fixture
def run(run_tool, tmp_path, monkeypatch):
    """Function that runs a script below ``tools`` in a folder of masks."""
    write_report_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    return run_tool


REPORT = 'analysis_tools/proxy_report'
BROWSE = 'misc/browse_proxy_masks'
DRAW = 'misc/draw_predictions'


def test_old_name_of_the_report(run, tmp_path):
    done = run(
        REPORT,
        'masks.json',
        '--img-dir',
        'img',
        '--out',
        'report',
        '--gt',
        'true.json',
        '--agreement-thr',
        '0.8',
        '--num',
        '3',
    )
    assert (done.returncode, done.stdout) == (0, 'saved report/index.html\n')
    page = (tmp_path / 'report' / 'index.html').read_text()
    assert 'kept at agreement 0.8' in page and 'mean IoU with true masks' in page
    assert page.count('<figure class="card"') == 12


def test_old_name_of_drawing(run, tmp_path):
    done = run(
        BROWSE,
        'masks.json',
        '--out',
        'out',
        '--images',
        '4',
        '5.png',
        '--img-dir',
        'img',
        '--side',
        '180',
    )
    assert (done.returncode, done.stdout) == (0, 'saved 2 pictures in out\n')
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        '4_4.png',
        '5_5.png',
    ]
    assert read_photo(str(tmp_path / 'out' / '4_4.png')).shape == (120, 180, 3)


def test_sheet_of_proxy_masks(run, tmp_path):
    args = DRAW, 'proxy', 'masks.json', '--img-dir', 'img', '--num', '2'
    for out, seed in (('a.png', '0'), ('b.png', '0'), ('c.png', '1')):
        done = run(*args, '--out', out, '--seed', seed)
        assert (done.returncode, done.stdout) == (0, f'saved {out}\n')
    one, again, other = (read_photo(str(tmp_path / f'{name}.png')) for name in 'abc')
    assert (one == again).all()
    assert one.shape != other.shape or np.any(one != other)


@pytest.mark.parametrize(
    'args, message',
    [
        ((REPORT, 'none.json', '--img-dir', 'img', '--out', 'x'), 'none.json'),
        ((REPORT, 'masks.json', '--img-dir', 'no', '--out', 'x'), 'photos: no folder'),
        ((BROWSE, 'masks.json', '--img-dir', 'img', '--images', '9'), "no image '9'"),
        (
            (DRAW, 'proxy', 'masks.json', '--img-dir', 'no', '--out', 'x.png'),
            'No such file or directory: ',
        ),
        (('misc/browse_dataset', 'none.py'), 'none.py'),
    ],
)
def test_mistakes_are_one_line(run, args, message):
    done = run(*args)
    name = args[0].split('/')[1]
    assert done.returncode == 1 and done.stdout == ''
    assert done.stderr.startswith(f'{name}: error: ')
    assert message in done.stderr and done.stderr.count('\n') == 1


@pytest.mark.parametrize(
    'args, message',
    [
        (['masks.json', '--out', 'a.jpg'], 'must end in .png'),
        (['none.json', '--out', 'a.png'], 'no file none.json'),
        (['masks.json', '--out', 'a.png', '--num', '0'], 'at least 1'),
    ],
)
def test_mistakes_in_options(run, tmp_path, args, message):
    done = run(DRAW, 'proxy', *args, '--img-dir', 'img')
    assert done.returncode == 2 and message in done.stderr
    assert not list(tmp_path.glob('a.*'))


def test_files_without_proxy_masks(run, tmp_path):
    content = json.loads((tmp_path / 'masks.json').read_text())
    del content['annotations'][1]['proxy_agreement']
    (tmp_path / 'masks.json').write_text(json.dumps(content))
    done = run(DRAW, 'proxy', 'masks.json', '--img-dir', 'img', '--out', 'a.png')
    assert 'annotation 100 has no "proxy_agreement"' in done.stderr


@pytest.mark.parametrize(
    'name, text',
    [
        (REPORT, '--agreement-thr'),
        (BROWSE, '--only-ignored'),
        (DRAW, 'The same seed gives the same'),
        ('misc/browse_dataset', 'The same seed gives the same'),
    ],
)
def test_help_is_instant(instant_help, name, text):
    assert text in instant_help(name)
