import os
import os.path as osp

import cv2
import numpy as np
import pytest
import tiny

from mmboxcaseg.datasets import SalientObjectDataset, salient_object
from mmboxcaseg.datasets.salient_mask import count_objects, read_mask

# Two squares that touch at a corner, one square, a square with a speck of
# two pixels, nothing.
TOUCHING = np.zeros((8, 10), np.uint8)
TOUCHING[1:3, 1:3] = TOUCHING[3:5, 3:5] = 255
SINGLE = np.zeros((8, 10), np.uint8)
SINGLE[2:6, 2:6] = 255
SPECK = SINGLE.copy()
SPECK[0, 8:10] = 255
EMPTY = np.zeros((8, 10), np.uint8)
MASKS = dict(touching=TOUCHING, single=SINGLE, speck=SPECK, empty=EMPTY)


@pytest.fixture
def folder(tmp_path):
    for name in ('img', 'mask'):
        (tmp_path / name).mkdir()
    for name, mask in MASKS.items():
        photo = np.zeros((*mask.shape, 3), np.uint8)
        cv2.imwrite(str(tmp_path / 'img' / f'{name}.jpg'), photo)
        cv2.imwrite(str(tmp_path / 'mask' / f'{name}.png'), mask)
    return tmp_path


def build(folder, **kwargs):
    return SalientObjectDataset(
        data_root=str(folder), data_prefix=dict(img='img', mask='mask'), **kwargs
    )


def names(dataset):
    return [item['img_path'].split('/')[-1].split('.')[0] for item in dataset]


def test_pairs_of_two_folders(folder):
    (folder / 'img' / 'notes.txt').write_text('no photo')
    dataset = build(folder)
    assert names(dataset) == sorted(MASKS)
    for item, name in zip(dataset, sorted(MASKS)):
        assert item['img_path'] == str(folder / 'img' / f'{name}.jpg')
        assert item['mask_path'] == str(folder / 'mask' / f'{name}.png')
        assert item['supervision'] == 'mask'


def test_list_file(folder):
    listing = folder / 'list.txt'
    listing.write_text('# picked by hand\n\nsingle\n  empty.jpg \n#speck\n')
    dataset = build(folder, ann_file='list.txt')
    assert names(dataset) == ['single', 'empty']
    listing.write_text('single\ngone\n')
    with pytest.raises(FileNotFoundError, match="list.txt: 1 of 2 .*'gone'"):
        build(folder, ann_file='list.txt')


def test_empty_list_is_not_all_images(folder):
    (folder / 'list.txt').write_text('# nothing yet\n')
    with pytest.raises(ValueError, match='no image is left'):
        build(folder, ann_file='list.txt')


def test_images_without_mask_are_left_out(folder):
    (folder / 'mask' / 'speck.png').unlink()
    text, dataset = tiny.log_of(lambda: build(folder))
    assert names(dataset) == ['empty', 'single', 'touching']
    assert '1 of 4 images have no mask' in text
    for name in ('empty', 'single', 'touching'):
        (folder / 'mask' / f'{name}.png').unlink()
    with pytest.raises(ValueError, match='no image is left'):
        build(folder)


def test_missing_folder_is_named(folder):
    with pytest.raises(FileNotFoundError, match='none: .*data_prefix.mask'):
        SalientObjectDataset(
            data_root=str(folder), data_prefix=dict(img='img', mask='none')
        )


@pytest.mark.parametrize(
    'rule, kept',
    [
        (dict(connectivity=4), ['single']),
        (dict(connectivity=8), ['single', 'touching']),
        (dict(connectivity=4, min_area=3), ['single', 'speck']),
        (dict(min_area=2), ['single', 'touching']),
        (dict(min_area=5), ['single', 'speck', 'touching']),
        (dict(connectivity=4, min_area=5), ['single', 'speck']),
    ],
)
def test_single_objects(folder, rule, kept):
    text, dataset = tiny.log_of(lambda: build(folder, single_object=rule))
    assert names(dataset) == kept
    connectivity, area = rule.get('connectivity', 8), rule.get('min_area', 0)
    none = 1 + ('touching' not in kept and area == 5)
    assert (
        f'single object (connectivity={connectivity}, min_area={area}): '
        f'kept {len(kept)} of 4 images; {none} have no object, '
        f'{4 - none - len(kept)} have several'
    ) in text


def components(mask, connectivity):
    """Sizes of the components, by flood filling."""
    left = {(y, x) for y, x in zip(*np.nonzero(mask))}
    sizes = []
    while left:
        reached, size = [left.pop()], 0
        while reached:
            y, x = reached.pop()
            size += 1
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    near = (y + dy, x + dx)
                    if near in left and (connectivity == 8 or not dy * dx):
                        left.remove(near)
                        reached.append(near)
        sizes.append(size)
    return sizes


@pytest.mark.parametrize('connectivity', [4, 8])
@pytest.mark.parametrize('min_area', [0, 2, 4])
def test_objects_are_components(connectivity, min_area):
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = (rng.random((12, 15)) < 0.4).astype(np.uint8)
        expected = sum(size >= min_area for size in components(mask, connectivity))
        assert count_objects(mask, connectivity, min_area) == expected


def test_wrong_connectivity_is_named(folder):
    with pytest.raises(ValueError, match='connectivity .* is 6'):
        build(folder, single_object=dict(connectivity=6))


def test_soft_and_coloured_masks(tmp_path):
    path = str(tmp_path / 'mask.png')
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for picture in (grey, np.repeat(grey[..., None], 3, axis=2)):
        cv2.imwrite(path, picture)
        mask = read_mask(path)
        assert mask.shape == (16, 16) and mask.dtype == np.uint8
        assert (mask == (grey > 127)).all()
    (tmp_path / 'mask.png').write_bytes(b'no picture')
    with pytest.raises(ValueError, match='mask.png is not a readable picture'):
        read_mask(path)
    with pytest.raises(FileNotFoundError, match='none.png'):
        read_mask(str(tmp_path / 'none.png'))


@pytest.mark.parametrize('backwards', [False, True])
def test_of_two_masks_the_one_that_fits_is_taken(folder, backwards, monkeypatch):
    cv2.imwrite(str(folder / 'mask' / 'single.png'), SINGLE[:6])
    cv2.imwrite(str(folder / 'mask' / 'single.jpg'), SINGLE)
    cv2.imwrite(str(folder / 'mask' / 'speck.jpg'), SPECK[:, :9])
    listdir = os.listdir
    monkeypatch.setattr(
        os, 'listdir', lambda path: sorted(listdir(path), reverse=backwards)
    )
    taken = {
        osp.basename(item['img_path']): osp.basename(item['mask_path'])
        for item in build(folder)
    }
    assert taken == {
        'empty.jpg': 'empty.png',
        'single.jpg': 'single.jpg',
        'speck.jpg': 'speck.png',
        'touching.jpg': 'touching.png',
    }


def test_masks_that_do_not_fit_are_counted_at_the_start(folder, monkeypatch):
    cv2.imwrite(str(folder / 'mask' / 'single.png'), SINGLE[:6])
    (folder / 'mask' / 'speck.png').write_bytes(b'no picture')
    told = []
    monkeypatch.setattr(
        salient_object, 'print_log', lambda text, **kwargs: told.append(text)
    )
    assert names(build(folder)) == ['empty', 'touching']
    (line,) = told
    assert 'skipped 2 of 4 images' in line
    assert 'single.png is 10 x 6 pixels, but its image is 10 x 8' in line
    assert 'speck.png: not a photo of a known format' in line


def test_hidden_files_are_not_looked_at(folder):
    for name in (
        'img/._single.jpg',
        'mask/._single.png',
        'mask/Thumbs.db',
        'img/.DS_Store',
    ):
        (folder / name).write_bytes(b'\0\5\x16\7')
    assert names(build(folder)) == sorted(MASKS)
