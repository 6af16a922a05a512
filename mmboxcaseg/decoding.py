"""Decoding photos: upright in every format, with eight bits per channel.

OpenCV applies the EXIF orientation to JPEG and, in newer versions, to PNG and
TIFF, but not to WebP or AVIF. The functions here apply it to all of them.
"""

import io
import struct
import warnings
import zlib
from functools import cache
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

# What Pillow raises when it can't open a picture.
NOT_OPENED = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
)
# The tag of the EXIF orientation.
ORIENTATION = 0x112
# A sixteen-bit photo that uses at most this many bits, a quarter of the
# levels, is nearly black once OpenCV has reduced it to eight bits.
DIM_BITS = 14
# The formats, as Pillow names them, whose EXIF orientation decode_photo
# applies. MPO is a JPEG file with several pictures.
TURNED_FORMATS = ('JPEG', 'MPO', 'PNG', 'WEBP', 'AVIF', 'TIFF')


def decode_photo(content: bytes, flag: int = cv2.IMREAD_COLOR) -> np.ndarray | None:
    """Decode a photo and turn it upright, following its EXIF orientation.

    Args:
        content (bytes): Content of the photo's file.
        flag (int): Flags for ``cv2.imdecode``. Defaults to
            ``cv2.IMREAD_COLOR``: BGR, eight bits per channel.

    Returns:
        np.ndarray | None: The upright photo, shape (H, W, 3) by default; None
        if OpenCV can't decode it.

    Raises:
        cv2.error: If the photo has more pixels than OpenCV accepts.
    """
    if not content:
        return None
    photo = cv2.imdecode(np.frombuffer(content, np.uint8), flag)
    kind = _format(content)
    if photo is None or kind is None:
        return photo
    turns = opencv_turns(kind)
    if kind == 'PNG' and turns != opencv_turns(kind, late=True):
        turns = turns != _png_exif(io.BytesIO(content))[1]
    return photo if turns else turn(photo, _orientation(content))


def needs_care(head: bytes) -> bool:
    """Whether a photo may need more than a plain call of OpenCV.

    It does if OpenCV would not turn it upright, or if it may have sixteen
    bits per channel.

    Args:
        head (bytes): At least the first 32 bytes of the photo's file.

    Returns:
        bool: False only if ``cv2.imdecode`` and :func:`decode_photo` give the
        same result and the photo has eight bits per channel.
    """
    kind = _format(head)
    if kind == 'PNG':
        return (
            head[24:25] == b'\x10'
            or not opencv_turns(kind)
            or not opencv_turns(kind, late=True)
        )
    # The head of a TIFF does not tell how many bits its channels have.
    return (
        kind is not None or head[:4] in (b'II*\0', b'MM\0*') or _has_sixteen_bits(head)
    )


def used_bits(content: bytes) -> int | None:
    """Number of bits that a sixteen-bit photo really uses.

    Args:
        content (bytes): Content of the photo's file.

    Returns:
        int | None: Bit length of the largest value, from 0 to 16; None if the
        photo does not have sixteen bits per channel.
    """
    if not _has_sixteen_bits(content):
        return None
    photo = cv2.imdecode(
        np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
    )
    if photo is None or photo.dtype != np.uint16:
        return None
    return int(photo.max()).bit_length()


def decode_stretched(content: bytes) -> np.ndarray | None:
    """Decode a sixteen-bit photo to the highest eight bits that it uses.

    Args:
        content (bytes): Content of the photo's file.

    Returns:
        np.ndarray | None: The upright photo in BGR, (H, W, 3) uint8. All
        values are shifted by the same number of bits, so that the largest one
        just fits. A photo of eight bits is returned unchanged. None if OpenCV
        can't decode the file.
    """
    photo = decode_photo(content, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if photo is None or photo.dtype != np.uint16:
        return decode_photo(content)
    shift = max(int(photo.max()).bit_length() - 8, 0)
    return (photo >> shift).astype(np.uint8)


def decode_eight_bits(
    content: bytes, stretch_16bit: bool = False
) -> tuple[np.ndarray | None, int | None]:
    """Decode a photo to the eight bits per channel that networks take.

    Args:
        content (bytes): Content of the photo's file.
        stretch_16bit (bool): Whether a sixteen-bit photo that uses at most 14
            bits is brightened by :func:`decode_stretched`. Defaults to False.

    Returns:
        tuple[np.ndarray | None, int | None]: The upright photo in BGR,
        (H, W, 3) uint8, or None if it can't be decoded; and the number of
        bits that it uses if it comes out too dark, else None.
    """
    bits = used_bits(content)
    if bits is None or bits > DIM_BITS:
        return decode_photo(content), None
    if stretch_16bit:
        return decode_stretched(content), None
    return decode_photo(content), bits


def upright_size(photo: Image.Image) -> tuple[int, int]:
    """Size of a photo after it has been turned upright.

    Args:
        photo (Image.Image): The photo, opened by Pillow. Only the head of its
            file is read.

    Returns:
        tuple[int, int]: Height and width in pixels of what
        :func:`decode_photo` returns.
    """
    width, height = photo.size
    if photo.format == 'TIFF':
        # Newer versions of Pillow have turned the size already.
        tags = photo.tag_v2  # type: ignore[attr-defined]
        width, height = tags[256], tags[257]
    if photo.format in TURNED_FORMATS and _orientation_of(photo) in (5, 6, 7, 8):
        return width, height
    return height, width


def turn(photo: np.ndarray, orientation: int) -> np.ndarray:
    """Turn a photo upright, given its EXIF orientation.

    Args:
        photo (np.ndarray): Pixels, shape (H, W) or (H, W, C).
        orientation (int): EXIF orientation, 1 to 8. With any other value the
            photo stays as it is.

    Returns:
        np.ndarray: The upright photo as a contiguous array. Orientations from
        5 to 8 swap height and width.

    Example:
        >>> import numpy as np
        >>> turn(np.array([[1, 2, 3]]), 6).tolist()
        [[1], [2], [3]]
    """
    if orientation in (5, 6, 7, 8):
        photo = photo.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        photo = photo[:, ::-1]
    if orientation in (3, 4, 7, 8):
        photo = photo[::-1]
    return np.ascontiguousarray(photo)


@cache
def opencv_turns(kind: str, late: bool = False) -> bool:
    """Whether the installed OpenCV applies the EXIF orientation of a format.

    This is found out by decoding a small picture that is to be turned by 90
    degrees.

    Args:
        kind (str): The format as Pillow names it: ``'PNG'``, ``'WEBP'`` or
            ``'AVIF'``.
        late (bool): Whether the EXIF data of the PNG stand behind its pixels.
            Defaults to False.

    Returns:
        bool: True if OpenCV turns such photos itself.
    """
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    file = io.BytesIO()
    options = {} if late else dict(exif=exif.tobytes())
    Image.new('RGB', (32, 16)).save(file, kind, **options)
    content = file.getvalue()
    if late:
        content = with_late_exif(content, exif)
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return picture is not None and picture.shape[:2] == (32, 16)


def with_late_exif(content: bytes, exif: Image.Exif) -> bytes:
    """Insert EXIF data into a PNG, between its pixels and its end.

    Args:
        content (bytes): Content of a PNG file without EXIF data.
        exif (Image.Exif): The EXIF data to insert.

    Returns:
        bytes: Content of the new PNG file.
    """
    data = exif.tobytes().removeprefix(b'Exif\0\0')
    chunk = b'eXIf' + data
    chunk = struct.pack('>I', len(data)) + chunk + struct.pack('>I', zlib.crc32(chunk))
    # The last chunk, IEND, has no data.
    return content[:-12] + chunk + content[-12:]


def _png_exif(file: BinaryIO) -> tuple[bytes | None, bool]:
    """EXIF data of a PNG, and whether they stand behind its pixels.

    Pillow has to decode the whole photo to find data behind the pixels; this
    function skips the pixels.
    """
    late = False
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack('>I4s', head)
        if kind == b'eXIf':
            return file.read(length), late
        if kind == b'IEND':
            break
        late |= kind == b'IDAT'
        file.seek(length + 4, io.SEEK_CUR)
    return None, late


def _format(content: bytes) -> str | None:
    """The format of a photo if OpenCV may not turn it upright, else None."""
    if content[:8] == b'\x89PNG\r\n\x1a\n':
        return 'PNG'
    if content[:4] == b'RIFF' and content[8:12] == b'WEBP':
        return 'WEBP'
    if content[4:12] in (b'ftypavif', b'ftypavis'):
        return 'AVIF'
    return None


def _orientation(content: bytes) -> int:
    """The EXIF orientation of a file, 1 where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as photo:
                return _orientation_of(photo)
    except NOT_OPENED:
        return 1


def _orientation_of(photo: Image.Image) -> int:
    """The EXIF orientation of a photo that Pillow has opened.

    ``Image.getexif`` is not used: it decodes the whole of a PNG, and it takes
    the orientation from XMP data too, which OpenCV ignores.
    """
    if photo.format == 'TIFF':
        tags = photo.tag_v2  # type: ignore[attr-defined]
        return tags.get(ORIENTATION, 1)
    data = photo.info.get('exif')
    if photo.format == 'PNG' and data is None:
        data = _png_exif(photo.fp)[0]  # type: ignore[attr-defined]
    exif = Image.Exif()
    try:
        exif.load(data)
        return exif.get(ORIENTATION, 1)
    # OpenCV ignores broken data too.
    except (SyntaxError, ValueError, TypeError, struct.error):
        return 1


def _has_sixteen_bits(content: bytes) -> bool:
    """Whether the head of a file allows for sixteen bits per channel."""
    if _format(content) == 'PNG':
        return content[24:25] == b'\x10'
    if content[:4] in (b'II*\0', b'MM\0*'):
        return 16 in _tiff_bits(content)
    # JPEG 2000, and Netpbm's grey and colour pictures.
    return content[4:8] == b'jP  ' or content[:2] in (b'P2', b'P3', b'P5', b'P6')


def _tiff_bits(content: bytes) -> tuple:
    """Bits of each channel of a TIFF; (16,) if Pillow can't tell."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(io.BytesIO(content)) as photo:
                return tuple(photo.tag_v2.get(258, (1,)))
    except NOT_OPENED:
        return (16,)
