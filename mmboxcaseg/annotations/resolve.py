"""Finding the photo that an annotation refers to."""

import difflib
import os
import os.path as osp
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import unquote

from .photos import SUFFIXES, is_hidden

# Folders of annotations, in lower case, and the folders of their photos in
# the layouts of ultralytics and of VOC.
PARTNERS = {
    'labels': ('images',),
    'images': ('labels',),
    'annotations': ('images', 'JPEGImages'),
}
# Names that are relative paths on any system, unless they contain "..".
_PLAIN = re.compile(r'[\w][^\\:\0]*')
# Folders that are named only after the kind of file in them.
KINDS = re.compile(r'labels|images|annotations|jpegimages|obj_\w+_data', re.I)


def stays_below(name: str) -> bool:
    """Whether a name is a path below a folder, on any system.

    Args:
        name (str): A path of POSIX or Windows.

    Returns:
        bool: False if the path is empty or absolute, or contains ``..``.

    Example:
        >>> stays_below('a/b.jpg'), stays_below('../b.jpg'), stays_below(r'C:\\b.jpg')
        (True, False, False)
    """
    # A fast check that nearly all names pass.
    if _PLAIN.fullmatch(name) and '..' not in name:
        return True
    # A file may come from another system than the one it is read on.
    return '\0' not in name and all(
        path.parts and not path.anchor and '..' not in path.parts
        for path in (PurePosixPath(name), PureWindowsPath(name))
    )


def base_name(name: str) -> str:
    """Last part of a path of POSIX or Windows."""
    return PureWindowsPath(name).name


def split_suffix(name: str) -> tuple[str, str]:
    """Split the suffix of a photo from a name.

    Args:
        name (str): Name or path of a file.

    Returns:
        tuple[str, str]: The name without the suffix; the suffix, or '' if it
        is not one of a photo.

    Example:
        >>> split_suffix('a/b.JPG'), split_suffix('a.b')
        (('a/b', '.JPG'), ('a.b', ''))
    """
    stem, suffix = osp.splitext(name)
    return (stem, suffix) if suffix.lower() in SUFFIXES else (name, '')


def _key(name: str) -> str:
    """A key that is equal for names that differ only in case or Unicode form."""
    return unicodedata.normalize('NFC', unicodedata.normalize('NFC', name).casefold())


class _Listing:
    """The names in a folder, empty if there is no such folder."""

    def __init__(self, folder: str) -> None:
        self.names: list[str] = []
        self.by_key = defaultdict(list)
        self.by_stem = defaultdict(list)
        if osp.isdir(folder):
            self.names = sorted(
                name for name in os.listdir(folder) if not is_hidden(name)
            )
        self.exact = frozenset(self.names)
        for name in self.names:
            self.by_key[_key(name)].append(name)
            stem, suffix = split_suffix(name)
            if suffix:
                self.by_stem[_key(stem)].append(name)


class PhotoFinder:
    """Finds photos whose names don't quite match those in the annotations.

    A name is tried in these ways:

    - as it is given;
    - relative to the folder of the annotations, if that is below the folder
      of the photos;
    - with ``\\`` replaced by ``/``, and escapes such as ``%20`` decoded;
    - in ``images`` instead of ``labels`` or ``Annotations``, or without such
      a folder;
    - in different letter case or Unicode form;
    - with a different suffix, or without one.

    A name that matches several files is not resolved. Folders are listed only
    if there is no file of the name as it is given.

    Args:
        img_dir (str): Folder of the photos.
        beside (str, optional): Folder of the annotations. Defaults to None:
            photos are not looked for beside the annotations.
    """

    def __init__(self, img_dir: str, beside: str | None = None) -> None:
        self.img_dir = img_dir
        self._root = osp.abspath(img_dir)
        self._beside = beside and osp.abspath(beside)
        self._listings: dict[str, _Listing] = {}
        self._folders: dict[str, str | None] = {'': ''}
        self._heads: dict[str, list[str]] = {}

    def has(self, name: str) -> bool:
        """Whether there is a photo of exactly this name.

        Args:
            name (str): Path of the photo below the folder.

        Returns:
            bool: True if the path stays below the folder and is a file.
        """
        return stays_below(name) and osp.isfile(osp.join(self.img_dir, name))

    def find(self, name: str) -> str | None:
        """Find the photo that a name refers to.

        Args:
            name (str): Path of the photo in the annotations.

        Returns:
            str | None: Path of the photo below the folder, with slashes; the
            name itself if there is such a file; None if no photo is found.
        """
        if self.has(name):
            return name
        places = self._places(name)
        for place in places:
            found = self._match(place)
            if found:
                return found
        for place in places:
            photos = self._of_stem(split_suffix(place)[0])
            if len(photos) == 1:
                return photos[0]
        return None

    def of_stem(self, stem: str) -> list[str]:
        """Find the photos that have a name with any suffix.

        Args:
            stem (str): Path of the photo in the annotations, without suffix.

        Returns:
            list[str]: Paths below the folder, with slashes, sorted, from the
            first place that has such photos.
        """
        places = self._places(stem)
        for place in places:
            photos = self._of_stem(place)
            if photos:
                return photos
        # a.jpg.txt belongs to a.jpg.
        if split_suffix(stem)[1]:
            for place in places:
                found = self._match(place)
                if found:
                    return [found]
        return []

    def nearest(self, name: str) -> str | None:
        """Find the photo whose name is most similar to a missing one.

        Args:
            name (str): Path of the missing photo in the annotations.

        Returns:
            str | None: Path of the photo below the folder; None if no name is
            similar.
        """
        name = name.replace('\\', '/')
        head, tail = osp.split(name if stays_below(name) else base_name(name))
        # If its folder does not exist, look in the folder of the photos.
        head = self._folder(head) or ''
        names = {
            _key(split_suffix(one)[0]): one
            for one in self._listing(head).names
            if split_suffix(one)[1]
        }
        # Suffixes would make all names similar.
        stem = _key(split_suffix(tail)[0])
        found = difflib.get_close_matches(stem, names, n=1)
        if found:
            return _join(head, names[found[0]])
        # Perhaps img_dir is the parent of the right folder.
        for folder in self._listing(head).names:
            photo = self._match(_join(_join(head, folder), tail))
            if photo:
                return photo
        return None

    def _places(self, name: str) -> list[str]:
        """Paths below the folder that a name may stand for, the best first."""
        plain = name.replace('\\', '/')
        places: dict[str, None] = {}
        for text in (name, plain, unquote(plain), plain.strip()):
            if stays_below(text):
                head, tail = osp.split(osp.normpath(text))
                for folder in self._layouts(head):
                    places[_join(folder, tail)] = None
        return list(places)

    def _layouts(self, head: str) -> list[str]:
        """Folders that the folder of a name may stand for, the best first."""
        if head not in self._heads:
            self._heads[head] = list(dict.fromkeys(self._each_layout(head)))
        return self._heads[head]

    def _each_layout(self, head: str) -> Iterator[str]:
        yield head
        paths = [osp.join(self._root, head)]
        first, _, rest = head.partition('/')
        if first == osp.basename(self._root):
            paths.append(osp.join(self._root, rest))
        if self._beside is not None:
            paths.append(osp.join(self._beside, head))
        for path in paths:
            yield from self._below(path)
        for path in paths:
            parts = osp.normpath(path).split(os.sep)
            for place, part in enumerate(parts):
                for partner in PARTNERS.get(part.lower(), ()):
                    yield from self._below(
                        os.sep.join([*parts[:place], partner, *parts[place + 1 :]])
                    )
        yield '/'.join(part for part in head.split('/') if not KINDS.fullmatch(part))

    def _below(self, path: str) -> Iterator[str]:
        """Yield a path relative to the folder if it lies in it."""
        path = osp.normpath(path)
        if path == self._root:
            yield ''
        elif path.startswith(osp.join(self._root, '')):
            yield path[len(osp.join(self._root, '')) :].replace(os.sep, '/')

    def _match(self, path: str) -> str | None:
        """Find a file regardless of letter case and Unicode form."""
        head, tail = osp.split(path)
        folder = self._folder(head)
        if folder is None:
            return None
        name = self._entry(folder, tail)
        if name is None or not self.has(_join(folder, name)):
            return None
        return _join(folder, name)

    def _of_stem(self, path: str) -> list[str]:
        """Find the photos of a path with any suffix."""
        head, tail = osp.split(path)
        folder = self._folder(head)
        if folder is None:
            return []
        names = self._listing(folder).by_stem.get(_key(tail), [])
        exact = [name for name in names if split_suffix(name)[0] == tail]
        photos = [_join(folder, name) for name in exact or names]
        return [photo for photo in photos if self.has(photo)]

    def _folder(self, path: str) -> str | None:
        """Find a folder regardless of letter case and Unicode form."""
        if path not in self._folders:
            head, tail = osp.split(path)
            above = self._folder(head)
            found = None
            if above is not None:
                name = self._entry(above, tail)
                found = name and _join(above, name)
            if found and not osp.isdir(osp.join(self.img_dir, found)):
                found = None
            self._folders[path] = found
        return self._folders[path]

    def _entry(self, folder: str, name: str) -> str | None:
        """Find a name in a folder regardless of letter case and Unicode form.

        If several names match, the one in the same letter case is taken.
        """
        listing = self._listing(folder)
        if name in listing.exact:
            return name
        names = listing.by_key.get(_key(name), [])
        if len(names) > 1:
            text = unicodedata.normalize('NFC', name)
            names = [one for one in names if unicodedata.normalize('NFC', one) == text]
        return names[0] if len(names) == 1 else None

    def _listing(self, folder: str) -> _Listing:
        if folder not in self._listings:
            self._listings[folder] = _Listing(osp.join(self.img_dir, folder))
        return self._listings[folder]


def _join(folder: str, name: str) -> str:
    return f'{folder}/{name}' if folder else name
