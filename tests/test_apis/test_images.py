from pathlib import Path

import numpy as np
import pytest

from mmboxcaseg.apis.images import as_bgr, image_name, picture_names


def test_picture_names_differ():
    array = np.zeros((2, 2, 3), np.uint8)
    names = picture_names(
        ['a/x.jpg', Path('b/x.png'), array, b'...', 'c/image_2.jpg', 'x']
    )
    assert names == ['x', 'x_1', 'image_2', 'image_3', 'image_2_4', 'x_5']


def test_names_in_messages():
    assert image_name(Path('a/x.jpg')) == 'a/x.jpg'
    assert image_name(b'1234') == 'an image given as 4 bytes'
    assert '(3, 4)' in image_name(np.zeros((3, 4)))


def test_channel_order():
    rgb = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert (as_bgr(rgb, 'rgb') == rgb[..., ::-1]).all()
    assert (as_bgr(rgb, 'bgr') == rgb).all()
    grey = rgb[..., 0]
    assert (as_bgr(grey, 'rgb') == np.stack([grey] * 3, -1)).all()
    with pytest.raises(ValueError, match="not 'rbg'"):
        as_bgr(rgb, 'rbg')
