"""Photos out of files: upright in every format, of eight bits.

OpenCV turns a JPEG as its EXIF orientation says, and PNG and TIFF since some
version, but not WebP or AVIF; here all of them come upright.
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

# What Pillow raises where it can't open a picture.
NOT_OPENED = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
)
# The tag of the EXIF orientation.
ORIENTATION = 0x112
# Of 65,536 levels, a photo that uses fewer than a quarter is nearly black
# when OpenCV makes eight bits of its sixteen.
DIM_BITS = 14
# All that decode_photo gives upright; MPO is a JPEG of several pictures.
TURNED_FORMATS = ('JPEG', 'MPO', 'PNG', 'WEBP', 'AVIF', 'TIFF')


def decode_photo(content: bytes, flag: int = cv2.IMREAD_COLOR) -> np.ndarray | None:
    """Decode a photo, turned as its EXIF orientation says.

    Args:
        content (bytes): Content of the file.
        flag (int): One of OpenCV's flags. Defaults to BGR of eight bits.

    Returns:
        np.ndarray | None: The photo, upright; None if OpenCV can't decode it.

    Raises:
        cv2.error: If the photo has more pixels than OpenCV takes.
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
    """Whether :func:`decode_photo` may differ from OpenCV, or bits be unused.

    Args:
        head (bytes): The first 32 bytes of a photo, or more.

    Returns:
        bool: False only for a photo that OpenCV decodes alike, in eight bits.
    """
    kind = _format(head)
    if kind == 'PNG':
        return (
            head[24:25] == b'\x10'
            or not opencv_turns(kind)
            or not opencv_turns(kind, late=True)
        )
    # Of a TIFF the head alone does not tell the bits.
    return (
        kind is not None or head[:4] in (b'II*\0', b'MM\0*') or _has_sixteen_bits(head)
    )


def used_bits(content: bytes) -> int | None:
    """How many bits of its sixteen a photo uses.

    Args:
        content (bytes): Content of the file.

    Returns:
        int | None: Bits of its largest value; None if the file has no sixteen
        bits a channel.
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
    """Decode a photo of sixteen bits by the bits that it uses.

    Args:
        content (bytes): Content of the file.

    Returns:
        np.ndarray | None: BGR, uint8, upright: the eight highest bits of
        those that the brightest pixel has. None if OpenCV can't decode it.
    """
    photo = decode_photo(content, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if photo is None or photo.dtype != np.uint16:
        return decode_photo(content)
    shift = max(int(photo.max()).bit_length() - 8, 0)
    return (photo >> shift).astype(np.uint8)


def decode_eight_bits(
    content: bytes, stretch_16bit: bool = False
) -> tuple[np.ndarray | None, int | None]:
    """Decode a photo as networks take it.

    Args:
        content (bytes): Content of the file.
        stretch_16bit (bool): Whether of a photo of sixteen bits that uses 14
            or fewer the eight highest used ones are taken. Defaults to False.

    Returns:
        tuple[np.ndarray | None, int | None]: BGR, uint8, upright, None if it
        can't be decoded; and the bits that it uses if it is left too dark.
    """
    bits = used_bits(content)
    if bits is None or bits > DIM_BITS:
        return decode_photo(content), None
    if stretch_16bit:
        return decode_stretched(content), None
    return decode_photo(content), bits


def upright_size(photo: Image.Image) -> tuple[int, int]:
    """Height and width of a photo that Pillow has opened, once upright.

    Args:
        photo (Image.Image): The photo; only its head is read.

    Returns:
        tuple[int, int]: Height and width as :func:`decode_photo` gives them.
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
    """Turn a photo as an EXIF orientation says.

    Args:
        photo (np.ndarray): Shape (H, W) or (H, W, C).
        orientation (int): 1 to 8; other values turn nothing.

    Returns:
        np.ndarray: The photo, contiguous.
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
    """Whether this OpenCV turns photos of a format itself.

    Args:
        kind (str): ``'PNG'``, ``'WEBP'`` or ``'AVIF'``, as Pillow says.
        late (bool): Whether a PNG has its EXIF data behind its pixels.
            Defaults to False.

    Returns:
        bool: What it does to a small picture of two rows that is to be turned
        by 90 degrees.
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
    """A PNG with EXIF data between its pixels and its end.

    Args:
        content (bytes): Content of a PNG without EXIF data.
        exif (Image.Exif): The data.

    Returns:
        bytes: Content of the PNG.
    """
    data = exif.tobytes().removeprefix(b'Exif\0\0')
    chunk = b'eXIf' + data
    chunk = struct.pack('>I', len(data)) + chunk + struct.pack('>I', zlib.crc32(chunk))
    # The last chunk, IEND, has no data.
    return content[:-12] + chunk + content[-12:]


def _png_exif(file: BinaryIO) -> tuple[bytes | None, bool]:
    """EXIF data of a PNG, and whether they stand behind its pixels.

    Pillow finds such only when it has decoded the photo. Here the pixels are
    jumped over.
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
    """The format of a file, of those that OpenCV may leave as they lie."""
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

    Not by ``getexif``, which decodes a PNG, and believes XMP data, which
    OpenCV does not look at.
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
    # OpenCV takes no notice of broken data.
    except (SyntaxError, ValueError, TypeError, struct.error):
        return 1


def _has_sixteen_bits(content: bytes) -> bool:
    """Whether a file may have sixteen bits a channel, by its head."""
    if _format(content) == 'PNG':
        return content[24:25] == b'\x10'
    if content[:4] in (b'II*\0', b'MM\0*'):
        return 16 in _tiff_bits(content)
    # JPEG 2000, and Netpbm's grey and colour pictures.
    return content[4:8] == b'jP  ' or content[:2] in (b'P2', b'P3', b'P5', b'P6')


def _tiff_bits(content: bytes) -> tuple:
    """Bits of the channels of a TIFF; (16, ) where Pillow can't say."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(io.BytesIO(content)) as photo:
                return tuple(photo.tag_v2.get(258, (1,)))
    except NOT_OPENED:
        return (16,)
