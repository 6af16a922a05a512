"""Files and folders that exist already are not replaced or filled."""

import json
from pathlib import Path

import pytest
from proxy_run import write_inputs

from mmboxcaseg.cli.main import main


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('outputs')
    write_inputs(folder)
    return folder


def masks(folder: Path, out: Path, *more: str) -> int:
    """``boxcaseg masks`` on the boxes and the model of a folder."""
    return main(
        [
            'masks',
            str(folder / 'boxes.json'),
            str(folder / 'img'),
            '-o',
            str(out),
            '--config',
            str(folder / 'config.py'),
            '--checkpoint',
            str(folder / 'model.pth'),
            '--device',
            'cpu',
            '--num-workers',
            '0',
            *more,
        ]
    )


def refused(*words: str | Path) -> str:
    """The message of a command that ends with an error."""
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return end.value.code


@pytest.mark.parametrize(
    'content',
    [
        b'{"images": [], "annotations": [], "categories": []}',
        b'{"info": {"description": "by hand"}, "images": []}',
        b'{"info": {"proxy_masks": 7}}',
        b'{"info": [[[[',
        b'\x89PNG\xff\xfe',
        b'some notes',
    ],
)
@pytest.mark.parametrize('more', [(), ('--resume',)])
def test_other_files_are_not_replaced_by_masks(inputs, tmp_path, content, more):
    out = tmp_path / 'hand.json'
    out.write_bytes(content)
    with pytest.raises(SystemExit) as end:
        masks(inputs, out, *more)
    assert end.value.code == (
        f'boxcaseg masks: error: --out: {out} exists, and boxcaseg masks did not '
        'write it; give another name, or remove the file'
    )
    assert out.read_bytes() == content
    # Nothing has been predicted.
    assert list(tmp_path.iterdir()) == [out]


def test_masks_replace_their_own_output(inputs, tmp_path):
    out = tmp_path / 'masks.json'
    # Such as of mktemp.
    out.write_bytes(b'')
    assert masks(inputs, out) == 3
    whole = out.read_bytes()
    assert json.loads(whole)['info']['proxy_masks']
    for more in ((), ('--resume',), ('--no-merge',)):
        assert masks(inputs, out, *more) == 3
    assert out.read_bytes() != whole


def test_no_traceback_of_an_error_of_the_user(inputs, tmp_path):
    out = tmp_path / 'masks.json'
    masks(inputs, out)
    assert (tmp_path / 'masks.json.logs').is_dir()
    told = refused('masks', out, inputs / 'img', '-o', out)
    assert told.endswith('masks.json is the file of boxes; give another path')
    assert not (tmp_path / 'masks.json.logs' / 'error.log').exists()
