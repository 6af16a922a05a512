"""Files and folders that exist already are not replaced or filled."""

import json
from pathlib import Path

import pytest
from export_files import write_hard_masks
from proxy_run import masks_words, write_inputs

from mmboxcaseg.cli.main import main


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('outputs')
    write_inputs(folder)
    return folder


def masks(folder: Path, out: Path, *more: str) -> int:
    """``boxcaseg masks`` on the boxes and the model of a folder."""
    return main(masks_words(folder, out, '--num-workers', '0', *more))


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


def test_only_logs_are_removed_from_the_folder_of_logs(inputs, tmp_path):
    out = tmp_path / 'masks.json'
    log_dir = tmp_path / 'masks.json.logs'
    (log_dir / '20260102_030405').mkdir(parents=True)
    (log_dir / '20260102_030405' / 'x.log').touch()
    (log_dir / 'error.log').touch()
    (log_dir / 'notes.txt').write_text('mine')
    masks(inputs, out)
    assert [path.name for path in log_dir.iterdir()] == ['notes.txt']


def test_no_traceback_of_an_error_of_the_user(inputs, tmp_path):
    out = tmp_path / 'masks.json'
    masks(inputs, out)
    log_dir = tmp_path / 'masks.json.logs'
    assert not log_dir.exists()
    # As of another run that has not finished.
    log_dir.mkdir()
    told = refused('masks', out, inputs / 'img', '-o', out)
    assert told.endswith('masks.json is the file of boxes; give another path')
    assert list(log_dir.iterdir()) == []


FILES = {
    'coco': ('x.json',),
    'cvat': ('x.json', 'x.labels.json'),
    'labelstudio': ('x.json', 'x.xml'),
}
OTHERS = (
    b'{"images": [], "annotations": []}',
    b'{"info": {"description": "by hand"}, "images": []}',
    b'[{"id": 1, "annotations": []}]',
    b'<annotations/>',
    b'\xff\xd8\xff\xe0',
)


@pytest.fixture(scope='module')
def made(inputs, tmp_path_factory):
    """``masks.json`` of all photos, made by the command."""
    out = tmp_path_factory.mktemp('made') / 'masks.json'
    masks(inputs, out)
    return out


def export(path: Path, format: str, out: Path, *more: str) -> int:
    return main(['export', str(path), '--format', format, '-o', str(out), *more])


@pytest.mark.parametrize('format', FILES)
def test_an_export_replaces_only_its_own_files(made, tmp_path, format):
    out = tmp_path / 'x.json'
    for _ in range(2):
        assert export(made, format, out) == 0
    written = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert {path.name for path in written} == set(FILES[format])
    for path in written:
        # A file that is named as the export, and a file of boxcaseg masks.
        for content in (*OTHERS, made.read_bytes()):
            path.write_bytes(content)
            told = refused('export', made, '--format', format, '-o', out)
            assert told.endswith(
                f'{path} exists, and is not known as an export in the format '
                f'{format}; give another name, or remove the file'
            )
            for one, text in written.items():
                assert one.read_bytes() == (content if one == path else text)
        path.write_bytes(written[path])


@pytest.mark.parametrize('format', FILES)
@pytest.mark.parametrize('other', FILES)
def test_an_export_does_not_replace_another_format(made, tmp_path, format, other):
    if format == other:
        return
    out = tmp_path / 'x.json'
    export(made, other, out)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert 'exists, and is not known as an export in' in refused(
        'export', made, '--format', format, '-o', out
    )
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_masks_that_a_person_has_drawn_are_not_replaced(tmp_path):
    """Without ``info.proxy_masks``, an export looks like any COCO json."""
    path = write_hard_masks(tmp_path)
    for format in ('coco', 'cvat'):
        out = tmp_path / f'{format}.json'
        assert export(path, format, out) == 0
        told = refused('export', path, '--format', format, '-o', out)
        assert f'{out} exists, and is not known' in told


@pytest.mark.parametrize(
    'format, file',
    [
        ('yolo-seg', 'data.yaml'),
        ('yolo-seg', 'train.txt'),
        ('png', 'objects.csv'),
        ('png', 'classes.txt'),
    ],
)
def test_tables_of_others_are_safe(made, tmp_path, format, file):
    (tmp_path / file).write_text('mine')
    told = refused('export', made, '--format', format, '-o', tmp_path)
    assert f'{tmp_path / file} exists, and boxcaseg export did not write it' in told
    assert list(tmp_path.iterdir()) == [tmp_path / file]


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder, but for links."""
    return {
        path: path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file() and 'images' not in path.parts
    }


@pytest.mark.parametrize('format', ['yolo-seg', 'labelme'])
def test_a_folder_of_other_photos_is_left_as_it_is(inputs, tmp_path, format):
    out, ids = tmp_path / 'set', tmp_path / 'ids.txt'
    for _ in range(2):
        masks(inputs, out, '--format', format)
    before = contents(out)
    ids.write_text('50\n49\n48\n')
    with pytest.raises(SystemExit) as end:
        masks(inputs, out, '--format', format, '--img-ids', str(ids))
    told = end.value.code
    assert 'and 6 more would be mixed with' in told
    assert 'holds files of other photos; give another folder, or remove' in told
    assert 'traceback' not in told
    assert contents(out) == before


def test_masks_with_an_export_over_other_files(inputs, tmp_path):
    out = tmp_path / 'set'
    out.mkdir()
    (out / 'cvat.json').write_text('{}')
    with pytest.raises(SystemExit, match='cvat.json exists, and is not known'):
        masks(inputs, out, '--format', 'cvat')
    (out / 'cvat.json').unlink()
    (out / 'masks.json').write_text('{}')
    with pytest.raises(SystemExit, match='masks.json exists, and boxcaseg masks'):
        masks(inputs, out, '--format', 'cvat')
    assert [path.name for path in out.iterdir()] == ['masks.json']


def test_a_file_in_place_of_a_folder_of_an_export(made, tmp_path):
    (tmp_path / 'labels').write_text('')
    told = refused('export', made, '--format', 'yolo-seg', '-o', tmp_path)
    assert f'--out: {tmp_path / "labels"} is a file; give the path of a f' in told
    below = tmp_path / 'labels' / 'x.json'
    told = refused('export', made, '-o', below)
    assert f'--out: {tmp_path / "labels"} is a file; give the path of a f' in told
    told = refused('export', made, '-o', tmp_path / 'labels' / 'more' / 'x.json')
    assert f'lies below {tmp_path / "labels"}, which is a file' in told


@pytest.mark.parametrize('format', ['yolo-seg', 'labelme', 'png'])
def test_an_export_does_not_fill_the_folder_of_photos(made, inputs, format):
    photos = inputs / 'img'
    before = sorted(photos.iterdir())
    told = refused(
        'export', made, '--format', format, '-o', photos, '--img-dir', photos
    )
    assert f'--out: {photos} is the folder of the photos' in told
    with pytest.raises(SystemExit, match='is the folder of the photos'):
        masks(inputs, photos, '--format', format)
    assert sorted(photos.iterdir()) == before


def test_labels_beside_photos_in_a_folder_called_images(tmp_path):
    def move(data):
        for image in data['images']:
            image['file_name'] = f'images/{image["file_name"]}'

    path = write_hard_masks(tmp_path, move)
    (tmp_path / 'photos').rename(tmp_path / 'images')
    words = ('--img-dir', str(tmp_path))
    assert export(path, 'yolo-seg', tmp_path, *words) == 0
    assert (tmp_path / 'labels/1.txt').is_file()
