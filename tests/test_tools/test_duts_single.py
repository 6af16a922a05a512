"""The list of single objects of DUTS-TR, on a set made by hand."""

import cv2
import numpy as np
import pytest

from mmboxcaseg.datasets import SalientObjectDataset
from tools.dataset_converters import duts_single

TOOL = 'dataset_converters/duts_single'


def disc(shape, *corners, size=4):
    mask = np.zeros(shape, np.uint8)
    for y, x in corners:
        mask[y : y + size, x : x + size] = 255
    return mask


@pytest.fixture
def duts(tmp_path):
    """Eight photos and seven masks, in the forms that DUTS-TR has."""
    soft = disc((20, 30), (5, 5))
    # Soft edges: 127 is background, 128 is object.
    soft[4, 5:9], soft[9, 5:9], soft[15, 25] = 128, 127, 127
    speck = disc((20, 30), (5, 5))
    speck[15, 20:22] = 255
    masks = {
        'n02084071_1': soft,
        'n02084071_20': cv2.cvtColor(disc((20, 30), (2, 2)), cv2.COLOR_GRAY2BGR),
        'n02121808_3': disc((20, 30), (0, 0), (4, 4)),
        'n02121808_4': disc((20, 30), (0, 0), (10, 10)),
        'ILSVRC2012_test_5': speck,
        'sun_6': np.zeros((20, 30), np.uint8),
        'sun_n02084071x_7': disc((20, 30), (1, 1)),
    }
    for folder in ('DUTS-TR-Image', 'DUTS-TR-Mask'):
        (tmp_path / 'DUTS-TR' / folder).mkdir(parents=True)
    for name in (*masks, 'n00000000_no_mask'):
        cv2.imwrite(
            str(tmp_path / 'DUTS-TR/DUTS-TR-Image' / f'{name}.jpg'),
            np.full((20, 30, 3), 90, np.uint8),
        )
    for name, mask in masks.items():
        cv2.imwrite(str(tmp_path / 'DUTS-TR/DUTS-TR-Mask' / f'{name}.png'), mask)
    return tmp_path / 'DUTS-TR'


@pytest.fixture
def run(duts):
    """Runs the tool on the set; gives the names and the header."""

    def tool(*options, check=False):
        out = duts / 'lists' / 'out.txt'
        words = [str(duts), str(out), *options]
        args = duts_single.parse_args(words + ['--no-check'] * (not check))
        assert duts_single.run(args) == 0
        lines = out.read_text().splitlines()
        header = [line for line in lines if line.startswith('# ')]
        assert lines[: len(header)] == header
        return lines[len(header) :], '\n'.join(header)

    return tool


SINGLE_4 = ['n02084071_1', 'n02084071_20', 'sun_n02084071x_7']


def test_rule(run):
    names, header = run()
    assert names == SINGLE_4
    assert 'connectivity=4, min_area=0' in header
    assert 'above 127' in header
    assert 'with one object: 3 of 7; with none: 1; with several: 3' in header
    # Two squares that touch at a corner, and a speck of two pixels.
    assert run('--connectivity', '8')[0] == sorted([*SINGLE_4, 'n02121808_3'])
    names, header = run('--min-area', '3')
    assert names == sorted([*SINGLE_4, 'ILSVRC2012_test_5'])
    assert 'min_area=3' in header
    assert run('--min-area', '2')[0] == SINGLE_4


def test_data_set_reads_the_list(run, duts):
    names, _ = run()
    dataset = SalientObjectDataset(
        data_root=str(duts),
        ann_file='lists/out.txt',
        data_prefix=dict(img='DUTS-TR-Image', mask='DUTS-TR-Mask'),
    )
    assert [item['img_path'].split('/')[-1] for item in dataset.load_data_list()] == [
        f'{name}.jpg' for name in names
    ]


def test_list_in_the_place_of_the_rule(run, duts):
    given = duts / 'given.txt'
    given.write_text('# ours\nn02121808_4.jpg\n\nn02084071_1\n')
    names, header = run('--list', str(given), check=True)
    assert names == ['n02121808_4', 'n02084071_1']
    assert 'list given.txt: 2' in header and 'Rule' not in header
    with pytest.raises(SystemExit):
        run('--list', str(given), '--min-area', '5')
    given.write_text('n02121808_4\nn99999999_1\n')
    with pytest.raises(FileNotFoundError, match='n99999999_1'):
        run('--list', str(given))


def test_classes_left_out(run, duts):
    classes = duts / 'dogs.txt'
    classes.write_text('# VOC\nn02084071 dog, Canis familiaris\n')
    names, header = run('--exclude-synsets', str(classes))
    assert names == ['sun_n02084071x_7']
    assert 'Left out: 2 images of 1 ImageNet classes (dogs.txt)' in header
    assert "1 of the 1 left don't say their class" in header
    given = duts / 'given.txt'
    given.write_text('n02084071_1\nn02121808_3\n')
    assert run('--list', str(given), '--exclude-synsets', str(classes))[0] == [
        'n02121808_3'
    ]
    for text, message in (
        ('dog\n', "'dog' is no id"),
        ('# none\n', 'lists no ImageNet'),
    ):
        classes.write_text(text)
        with pytest.raises(ValueError, match=message):
            run('--exclude-synsets', str(classes))


def test_random_subsets(run):
    drawn = {tuple(run('--subset', '2', '--seed', str(i))[0]) for i in range(12)}
    assert drawn == {(a, b) for a in SINGLE_4 for b in SINGLE_4 if a < b}
    names, header = run('--subset', '2', '--seed', '3')
    assert (names, header) == run('--subset', '2', '--seed', '3')
    assert 'Drawn at random: 2, seed 3.' in header
    with pytest.raises(SystemExit, match='there are 3 images'):
        run('--subset', '4')


def test_subset_does_not_depend_on_the_order_of_a_list(run, duts):
    given = duts / 'given.txt'
    results = []
    for names in (SINGLE_4, SINGLE_4[::-1]):
        given.write_text('\n'.join(names))
        results.append(run('--list', str(given), '--subset', '2')[0])
    assert results[0] == results[1]


def test_check_fails_loudly(run, duts, capsys):
    with pytest.raises(SystemExit) as error:
        run(check=True)
    message = error.value.code
    # A text as exit status is printed, and the status is 1.
    assert 'CHECK FAILED: 7 images with a mask, not 10,553' in message
    assert '3 images with one 4-connected object, not 8,721' in message
    assert not (duts / 'lists').exists()
    _, header = run()
    assert 'CHECK FAILED' in header and 'CHECK FAILED' in capsys.readouterr().out


def test_known_numbers_pass(run, monkeypatch):
    assert duts_single.check(10553, 8721, 4, 0) == []
    assert duts_single.check(10553, 9367, 8, 1) == []
    assert duts_single.check(10553, 5000, 4, 100) == []
    assert len(duts_single.check(10553, 9367, 4, 0)) == 1
    monkeypatch.setattr(duts_single, 'KNOWN_IMAGES', 7)
    monkeypatch.setitem(duts_single.KNOWN_SINGLES, 4, 3)
    assert run(check=True)[0] == SINGLE_4
