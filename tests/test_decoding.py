"""Photos out of files: upright in every format, of eight bits."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, features

from mmboxcaseg.annotations.photos import photo_size
from mmboxcaseg.decoding import (
    decode_photo,
    decode_stretched,
    opencv_turns,
    turn,
    used_bits,
)

# Dark to bright from left to right, a bright strip above: no orientation
# leaves it as it is.
PHOTO = np.tile(np.linspace(0, 200, 48).astype(np.uint8), (32, 1))
PHOTO[:8] = 255
FORMATS = ['JPEG', 'PNG', 'WEBP', 'TIFF'] + ['AVIF'] * features.check('avif')


def stored(kind, orientation):
    """The file of a photo that is PHOTO once it is turned."""
    lying = {
        1: PHOTO,
        2: PHOTO[:, ::-1],
        3: PHOTO[::-1, ::-1],
        4: PHOTO[::-1],
        5: PHOTO.T,
        6: np.rot90(PHOTO),
        7: PHOTO[::-1, ::-1].T,
        8: np.rot90(PHOTO, -1),
    }[orientation]
    file = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(lying)).convert('RGB')
    if kind == 'TIFF':
        picture.save(file, kind, tiffinfo={0x112: orientation})
    else:
        exif = Image.Exif()
        exif[0x112] = orientation
        picture.save(file, kind, exif=exif.tobytes(), quality=100)
    return file.getvalue()


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('kind', FORMATS)
def test_photos_are_upright_and_their_sizes_agree(kind, orientation, tmp_path):
    content = stored(kind, orientation)
    photo = decode_photo(content)
    assert photo.shape == (32, 48, 3)
    off = np.abs(photo[..., 1].astype(int) - PHOTO)
    assert np.median(off) <= 3
    path = tmp_path / 'photo'
    path.write_bytes(content)
    assert photo_size(str(path)) == (32, 48)


@pytest.mark.parametrize('kind', FORMATS)
def test_an_opencv_that_turns_is_left_alone(kind, monkeypatch):
    content = stored(kind, 6)
    monkeypatch.setattr(
        'mmboxcaseg.decoding.opencv_turns', lambda kind, late=False: True
    )
    np.testing.assert_array_equal(
        decode_photo(content),
        cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR),
    )


def test_opencv_is_asked():
    exif = Image.Exif()
    exif[0x112] = 6
    for kind in ('PNG', 'WEBP'):
        file = io.BytesIO()
        Image.new('RGB', (48, 32)).save(file, kind, exif=exif.tobytes())
        data = np.frombuffer(file.getvalue(), np.uint8)
        turned = cv2.imdecode(data, cv2.IMREAD_COLOR).shape[:2] == (48, 32)
        assert opencv_turns(kind) == turned


def behind_the_pixels(content):
    """A PNG whose chunk eXIf is moved to its end."""
    place = content.index(b'eXIf') - 4
    end = place + 12 + int.from_bytes(content[place : place + 4], 'big')
    assert end < content.index(b'IDAT')
    return content[:place] + content[end:-12] + content[place:end] + content[-12:]


@pytest.mark.parametrize(
    'early, late', [(True, True), (True, False), (False, True), (False, False)]
)
def test_exif_behind_the_pixels_of_a_png(early, late, tmp_path, monkeypatch):
    """Whatever this OpenCV turns itself, here made one that turns less."""
    content = {place: stored('PNG', 6) for place in (False, True)}
    content[True] = behind_the_pixels(content[True])
    turns = {False: early, True: late}

    def decode(data, flag):
        photo = imdecode(data, flag | cv2.IMREAD_IGNORE_ORIENTATION)
        is_late = data.tobytes().index(b'eXIf') > data.tobytes().index(b'IDAT')
        return np.rot90(photo, -1) if turns[is_late] else photo

    imdecode = cv2.imdecode
    monkeypatch.setattr(cv2, 'imdecode', decode)
    opencv_turns.cache_clear()
    for one in content.values():
        assert np.abs(decode_photo(one)[..., 1].astype(int) - PHOTO).max() == 0
        (tmp_path / 'photo.png').write_bytes(one)
        assert photo_size(str(tmp_path / 'photo.png')) == (32, 48)
    opencv_turns.cache_clear()


def test_turn_of_an_unknown_orientation_is_none():
    for orientation in (0, 1, 9):
        np.testing.assert_array_equal(turn(PHOTO, orientation), PHOTO)


def of_sixteen_bits(values, ending):
    done, data = cv2.imencode(ending, values)
    assert done
    return data.tobytes()


@pytest.mark.parametrize('ending', ['.png', '.tiff', '.pgm'])
@pytest.mark.parametrize('bits', [10, 12, 14, 16])
def test_used_bits_and_stretching(ending, bits):
    eight = np.tile(np.arange(256, dtype=np.uint16), (4, 1))
    content = of_sixteen_bits(eight << (bits - 8), ending)
    assert used_bits(content) == bits
    stretched = decode_stretched(content)
    assert stretched.dtype == np.uint8
    np.testing.assert_array_equal(stretched[..., 1], eight)
    # What OpenCV makes of it: a fraction of the range stays one.
    assert decode_photo(content).max() in (
        255 >> (16 - bits),
        -(-255 // 2 ** (16 - bits)),
    )


@pytest.mark.parametrize('ending', ['.png', '.tiff', '.jpg', '.bmp'])
def test_eight_bits_are_not_touched(ending):
    content = of_sixteen_bits(PHOTO, ending)
    assert used_bits(content) is None
    np.testing.assert_array_equal(
        decode_photo(content),
        cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR),
    )


@pytest.mark.parametrize(
    'content', [b'', b'RIFF1234WEBP', b'\x89PNG\r\n\x1a\n', b'II*\0', b'P5 ', b'none']
)
def test_what_is_no_photo_is_none(content):
    assert decode_photo(content) is None
    assert used_bits(content) is None
    assert decode_stretched(content) is None


def test_an_orientation_in_xmp_only_turns_nothing(tmp_path):
    # OpenCV reads EXIF, and the size must be that of what it decodes.
    xmp = (
        b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description '
        b'tiff:Orientation="6"/></x:xmpmeta>'
    )
    content = stored('JPEG', 1)
    content = (
        content[:2]
        + b'\xff\xe1'
        + (len(xmp) + 2).to_bytes(2, 'big')
        + xmp
        + content[2:]
    )
    (tmp_path / 'photo.jpg').write_bytes(content)
    assert decode_photo(content).shape[:2] == (32, 48)
    assert photo_size(str(tmp_path / 'photo.jpg')) == (32, 48)
