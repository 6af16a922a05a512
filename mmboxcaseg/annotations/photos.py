"""Listing files below a folder, and reading the size of a photo."""

import os
import os.path as osp
import warnings

from PIL import Image, UnidentifiedImageError

from mmboxcaseg.decoding import upright_size

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
# Folders and files that operating systems leave behind, in lower case.
LEFT_BEHIND = ('__macosx', 'thumbs.db', 'desktop.ini')


def is_hidden(name: str) -> bool:
    """Whether a file or folder is hidden or left by an operating system.

    Args:
        name (str): Name of the file or folder, without the folders above it.

    Returns:
        bool: True if the name begins with a dot or is in ``LEFT_BEHIND``.
    """
    return name.startswith('.') or name.lower() in LEFT_BEHIND


def files_below(folder: str, ending: str) -> list[str]:
    """List the files with an ending below a folder, without hidden ones.

    Links to folders are followed. Each folder is visited once, however many
    links lead to it, so circular links do no harm.

    Args:
        folder (str): Path of the folder.
        ending (str): End of the file names in lower case, such as ``'.xml'``.
            Names in upper case match too.

    Returns:
        list[str]: Paths relative to the folder, with slashes, sorted.
    """
    found, seen = [], set()
    # Links are followed last, so that a file is found by its real path.
    linked = [folder]
    while linked:
        for root, folders, names in os.walk(linked.pop(0)):
            real = osp.realpath(root)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            folders[:] = sorted(one for one in folders if not is_hidden(one))
            linked += [
                osp.join(root, one)
                for one in folders
                if osp.islink(osp.join(root, one))
            ]
            for name in names:
                if name.lower().endswith(ending) and not is_hidden(name):
                    path = osp.relpath(osp.join(root, name), folder)
                    found.append(path.replace(os.sep, '/'))
    return sorted(found)


def photo_size(path: str) -> tuple[int, int]:
    """Read the size of a photo from the head of its file.

    Args:
        path (str): Path of the photo.

    Returns:
        tuple[int, int]: Height and width in pixels of the photo turned
        upright, following its EXIF orientation.

    Raises:
        ValueError: If there is no such file or it is no photo.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns about large photos, such as panoramas.
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            with Image.open(path) as photo:
                return upright_size(photo)
    except UnidentifiedImageError:
        raise ValueError('not a photo of a known format') from None
    except Image.DecompressionBombError:
        raise ValueError(
            'too many pixels for Pillow to read its size; write "width" and '
            '"height" into a COCO json'
        ) from None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
