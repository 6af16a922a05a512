"""Finding photos and their sizes for annotations that don't tell them."""
import os
import os.path as osp
import warnings
from collections import defaultdict
from typing import Dict, List, Tuple

from PIL import Image, UnidentifiedImageError

from mmboxcaseg.decoding import upright_size

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')


def files_below(folder: str, ending: str) -> List[str]:
    """The files of a kind below a folder.

    Args:
        folder (str): The folder.
        ending (str): How the names end, such as ``'.xml'``.

    Returns:
        list[str]: Paths relative to the folder, with slashes, sorted.
    """
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            if name.endswith(ending):
                path = osp.relpath(osp.join(root, name), folder)
                found.append(path.replace(os.sep, '/'))
    return sorted(found)


def photos_by_stem(folder: str) -> Dict[str, List[str]]:
    """The photos below a folder by their path without suffix.

    Args:
        folder (str): The folder.

    Returns:
        dict: Lists of paths relative to the folder, with slashes, sorted.
    """
    found = defaultdict(list)
    for path in files_below(folder, ''):
        stem, suffix = osp.splitext(path)
        if suffix.lower() in SUFFIXES:
            found[stem].append(path)
    return found


def photo_size(path: str) -> Tuple[int, int]:
    """Height and width of a photo as OpenCV decodes it; only its head is read.

    Args:
        path (str): Path of the photo.

    Returns:
        tuple[int, int]: Height and width in pixels, after the photo has been
        turned as its EXIF orientation says.

    Raises:
        ValueError: If there is no photo.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of panoramas, which are welcome.
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            with Image.open(path) as photo:
                return upright_size(photo)
    except UnidentifiedImageError:
        raise ValueError('no image of a known format') from None
    except Image.DecompressionBombError:
        raise ValueError('more pixels than Pillow reads the size of; put the '
                         'size into a COCO json') from None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
