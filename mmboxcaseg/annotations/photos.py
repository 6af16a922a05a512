"""Files below a folder, and the size of a photo."""

import os
import os.path as osp
import warnings

from PIL import Image, UnidentifiedImageError

from mmboxcaseg.decoding import upright_size

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
# Folders and files that systems and tools leave behind. Those whose names
# begin with a dot are left out too.
LEFT_BEHIND = ('__macosx', 'thumbs.db', 'desktop.ini')


def is_hidden(name: str) -> bool:
    """Whether a file or folder is none that a person has put there."""
    return name.startswith('.') or name.lower() in LEFT_BEHIND


def files_below(folder: str, ending: str) -> list[str]:
    """The files of a kind below a folder, without hidden ones.

    Links to folders are followed; a folder that several ways lead to is gone
    through once, so that links in a circle do no harm.

    Args:
        folder (str): The folder.
        ending (str): How the names end, such as ``'.xml'``, in upper or lower
            case.

    Returns:
        list[str]: Paths relative to the folder, with slashes, sorted.
    """
    found, seen = [], set()
    # Links come last: a file's own place is the one without links.
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
        raise ValueError(
            'more pixels than Pillow reads the size of; put the size into a COCO json'
        ) from None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
