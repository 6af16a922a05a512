import json

import cv2
import numpy as np
import pytest
from report_files import write_report_files

from mmboxcaseg.annotations import read_proxy_masks
from mmboxcaseg.visualization import IGNORED, image_picture, mask_picture, mask_view


@pytest.fixture
def read(tmp_path):
    """Function that reads the file, changed before."""
    write_report_files(tmp_path, with_confidence=True)
    data = json.loads((tmp_path / 'masks.json').read_text())

    def read_changed(image=None, ann=None):
        data['images'][0].update(image or {})
        data['annotations'][2].update(ann or {})
        (tmp_path / 'masks.json').write_text(json.dumps(data))
        return read_proxy_masks(str(tmp_path / 'masks.json'))

    return read_changed


def is_red(picture):
    return (picture == IGNORED).all(axis=2)


def test_mask(read, tmp_path):
    masks = read()
    photos = str(tmp_path / 'img')
    kept = mask_picture(masks, 2, photos, False)
    hatched = mask_picture(masks, 2, photos, True)
    # The box (16, 5, 20, 20) with 10 px around it: columns 6..45, rows 0..34
    # of the photo, 6 times as large.
    assert kept.shape == hatched.shape == (210, 240, 3)
    assert not is_red(kept).any()
    rows, columns = np.nonzero(is_red(hatched))
    assert (
        np.abs(
            (rows.min() - 30, rows.max() - 149, columns.min() - 60, columns.max() - 179)
        ).max()
        <= 2
    )
    # An empty mask leaves the box alone.
    empty = mask_picture(read(ann=dict(segmentation=[])), 2, photos, True)
    assert not is_red(empty).any()


@pytest.mark.parametrize(
    'image, ann',
    [
        (dict(file_name='none.png'), {}),
        (dict(file_name='empty.png'), {}),
        (dict(file_name='text.png'), {}),
        (dict(height=61), {}),
        ({}, dict(segmentation=dict(size=[61, 90], counts=[61 * 90]))),
        ({}, dict(bbox=[0, 0, -3, 5])),
    ],
)
def test_masks_that_cannot_be_drawn(read, tmp_path, image, ann):
    (tmp_path / 'img' / 'empty.png').write_text('')
    (tmp_path / 'img' / 'text.png').write_text('no picture')
    drawn = mask_picture(read(image, ann), 2, str(tmp_path / 'img'), False)
    assert drawn.shape == (210, 280, 3)
    # Grey with letters on it.
    assert (drawn[0] == 222).all() and drawn.min() < 60
    assert (drawn[..., :1] == drawn).all()


def test_view_of_a_mask(read, tmp_path):
    photos = str(tmp_path / 'img')
    view = mask_view(read(), 2, photos)
    photo = cv2.imread(f'{photos}/1.png')[..., ::-1]
    # The box (16, 5, 20, 20) with 40 px around it, as far as there is photo:
    # columns 0..75, rows 0..59, and the first 20 rows of the box.
    assert np.array_equal(view.photo, photo[:60, :76])
    assert view.box.tolist() == [16, 5, 36, 25]
    expected = np.zeros((60, 76), bool)
    rows = round(
        20
        * json.loads((tmp_path / 'masks.json').read_text())['annotations'][2][
            'proxy_agreement'
        ]
    )
    expected[5 : 5 + rows, 16:36] = True
    assert np.array_equal(view.mask, expected)
    with pytest.raises(ValueError, match='photo is missing'):
        mask_view(read(dict(file_name='none.png')), 2, photos)


def test_view_of_a_large_photo(read, tmp_path):
    photos = tmp_path / 'img'
    cv2.imwrite(str(photos / '1.png'), np.zeros((1200, 1800, 3), np.uint8))
    masks = read(
        dict(height=1200, width=1800),
        dict(
            bbox=[0, 0, 1600, 1000],
            segmentation=dict(size=[1200, 1800], counts=[0, 1200 * 1800]),
        ),
    )
    view = mask_view(masks, 2, str(photos))
    assert view.photo.shape == (533, 800, 3)
    # Both are still in pixels of the photo.
    assert view.mask.shape == (1200, 1800)
    assert view.box.tolist() == [0, 0, 1600, 1000]


def test_all_masks_of_an_image(read, tmp_path):
    masks = read(ann=dict(bbox=[0, 0, -3, 5]))
    photos = str(tmp_path / 'img')
    cell = image_picture(masks, 0, photos, 360, 0.95)
    assert cell.image.shape == (240, 360, 3) and is_red(cell.image).any()
    # The box without an area and the crowd are not drawn; the agreements of
    # the others are 1, 0.95, 0.95 and 0.8.
    assert cell.caption == '1.png\n3 kept, 1 ignored'
    cell = image_picture(masks, 0, photos, 360, 0)
    assert cell.caption == '1.png\n4 kept, 0 ignored'
    assert not is_red(cell.image).any()
    # Their confidences are 0, 14, 21 and 28 of 29.
    cell = image_picture(masks, 0, photos, 360, 0, 0.5)
    assert cell.caption == '1.png\n2 kept, 2 ignored'


def test_photos_that_do_not_fit(read, tmp_path):
    masks, photos = read(), str(tmp_path / 'img')
    cv2.imwrite(str(tmp_path / 'img' / '1.png'), np.zeros((5, 7, 3), np.uint8))
    with pytest.raises(ValueError, match='7 x 5 pixels, its masks are 90 x 60'):
        image_picture(masks, 0, photos, 360)
    (tmp_path / 'img' / '1.png').unlink()
    with pytest.raises(FileNotFoundError, match='1.png'):
        image_picture(masks, 0, photos, 360)
