import cv2
import numpy as np
import pytest

from mmboxcaseg.annotations import BadInputError
from mmboxcaseg.prediction.photos import read_photo

IMAGE = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)


def test_a_photo(tmp_path):
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, IMAGE)
    photo = read_photo(path, 6, 9, False)
    assert (photo.image == IMAGE).all() and photo.used_bits is None


@pytest.mark.parametrize('stretch', [False, True])
def test_of_twelve_bits(tmp_path, stretch):
    deep = IMAGE.astype(np.uint16) * 16
    deep[0, 0, 0] = 4095
    cv2.imwrite(str(tmp_path / 'a.png'), deep)
    photo = read_photo(str(tmp_path / 'a.png'), 6, 9, stretch)
    expected = deep >> (4 if stretch else 8)
    # OpenCV itself may round.
    assert np.abs(photo.image.astype(int) - expected).max() <= 1
    assert photo.used_bits == (None if stretch else 12)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (None, '^No such file or directory$'),
        (b'', '^the file is empty$'),
        (b'GIF89a', '^no image of a format that OpenCV reads'),
    ],
)
def test_that_is_none(tmp_path, content, reason):
    if content is not None:
        (tmp_path / 'a.png').write_bytes(content)
    with pytest.raises(BadInputError, match=reason):
        read_photo(str(tmp_path / 'a.png'), 6, 9, False)


def test_of_another_size(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), IMAGE)
    with pytest.raises(BadInputError, match='^the photo is 9 x 6 pixels, its'):
        read_photo(str(tmp_path / 'a.png'), 9, 6, False)
