"""Listing files below a folder, and reading the size of a photo."""

import os
import os.path as osp
import warnings

from PIL import Image, UnidentifiedImageError

from mmboxcaseg.decoding import upright_size

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
# Folders and files that operating systems leave behind, in lower case.
LEFT_BEHIND = ('__macosx', 'thumbs.db', 'desktop.ini')


def check_photo_folder(img_dir: str, name: str = '', boxes: str | None = None) -> None:
    """Check that the folder of the photos exists and is a folder.

    Args:
        img_dir (str): Path of the folder.
        name (str): Begin of the message, such as ``'photos: '``. Defaults to
            ``''``.
        boxes (str, optional): Path of the boxes or masks, an argument before
            the folder. Defaults to None: it can't have been swapped.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        NotADirectoryError: If it is a file. The message says so if ``boxes``
            is a folder, as of swapped arguments.
    """
    if osp.isdir(img_dir):
        return
    if not osp.exists(img_dir):
        raise FileNotFoundError(f'{name}no folder {img_dir}')
    text = f'{name}{img_dir} is a file; give the folder that holds the photos'
    if boxes is not None and osp.isdir(boxes) and not img_dir.endswith(SUFFIXES):
        text += f'; are they swapped? The order is: {img_dir} {boxes}'
    raise NotADirectoryError(text)


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
