import cv2
import mmcv
import numpy as np
import pytest
from PIL import Image

from mmboxcaseg.visualization import read_photo


def test_pixels_are_those_of_the_data_sets(tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    for name in ('rgb.png', 'rgb.jpg', 'turned_ä.jpg'):
        path = str(tmp_path / name)
        exif = Image.Exif()
        if 'turned' in name:
            exif[0x112] = 6
        Image.fromarray(image).save(path, exif=exif)
        photo = read_photo(path)
        assert photo.flags['C_CONTIGUOUS'] and photo.dtype == np.uint8
        assert (photo == mmcv.imread(path)[..., ::-1]).all()
        assert photo.shape[:2] == ((30, 20) if 'turned' in name else (20, 30))
    assert (read_photo(str(tmp_path / 'rgb.png')) == image).all()


def test_grey_and_transparent_photos_have_three_channels(tmp_path):
    grey = str(tmp_path / 'grey.png')
    cv2.imwrite(grey, np.full((4, 5), 9, np.uint8))
    assert (read_photo(grey) == np.full((4, 5, 3), 9)).all()
    alpha = str(tmp_path / 'alpha.png')
    cv2.imwrite(alpha, np.full((4, 5, 4), 9, np.uint8))
    assert read_photo(alpha).shape == (4, 5, 3)


def test_what_is_no_photo(tmp_path):
    for content in (b'', b'no picture'):
        (tmp_path / 'a.jpg').write_bytes(content)
        with pytest.raises(ValueError, match="a.jpg can't be decoded"):
            read_photo(str(tmp_path / 'a.jpg'))
    with pytest.raises(FileNotFoundError, match='none.jpg'):
        read_photo(str(tmp_path / 'none.jpg'))
