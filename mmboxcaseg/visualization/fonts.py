"""Which font has which letters.

DejaVu Sans, which matplotlib brings, is taken where it can be: pictures then
look alike on all machines. It has Latin, Greek, Cyrillic and more, but
neither Chinese nor Japanese nor Korean; for these an installed font is
looked for.
"""

import logging
import os.path as osp
from functools import cache

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

_log = logging.getLogger(__name__)
# Between letters of some scripts they say how those are drawn.
JOINERS = '\u200c\u200d'
# What the missing letters have been told.
_told: list[str] = []


def default_font(bold: bool = False) -> str:
    """Path of the font that comes with matplotlib."""
    name = 'DejaVuSans-Bold.ttf' if bold else 'DejaVuSans.ttf'
    return osp.join(matplotlib.get_data_path(), 'fonts', 'ttf', name)


@cache
def system_fonts() -> tuple[str, ...]:
    """Paths of the installed fonts; plain ones without serifs come first."""

    def rank(path: str) -> tuple:
        name = osp.basename(path).lower()
        plain = 'sans' in name or 'gothic' in name or 'hei' in name
        odd = any(
            word in name
            for word in ('bold', 'italic', 'oblique', 'mono', 'light', 'thin', 'black')
        )
        return odd, not plain, path

    return tuple(sorted(font_manager.findSystemFonts(), key=rank))


@cache
def letters_of(path: str) -> frozenset[int]:
    """Code points that a font has; none if it can't be used.

    Args:
        path (str): Path of the font.

    Returns:
        frozenset[int]: Unicode code points.
    """
    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):
        return frozenset()
    # Fonts of pictures, such as colour emoji, have one size only.
    return frozenset(font.get_charmap()) if font.scalable else frozenset()


@cache
def font_of(letter: str, bold: bool = False) -> str | None:
    """A font that has a letter.

    Args:
        letter (str): The letter.
        bold (bool): Whether bold is wanted, which only the default font has.
            Defaults to False.

    Returns:
        str | None: Path of the default font or an installed one; None if no
        font has it.
    """
    own = default_font(bold)
    # Blanks and the like are in no font's list.
    if ord(letter) in letters_of(own) or not letter.isprintable():
        return own
    for path in system_fonts():
        if ord(letter) in letters_of(path):
            return path
    return None


def printable(text: str) -> str:
    """A text that can be drawn: line breaks and the like are blanks.

    Args:
        text (str): A name as a file has it, with whatever letters.

    Returns:
        str: As many letters; what has no picture is the replacement letter.
    """
    return ''.join(
        letter
        if letter.isprintable() or letter in JOINERS
        else ' '
        if letter.isspace()
        else '\ufffd'
        for letter in text
    )


def split_by_font(text: str, bold: bool = False) -> list[tuple[str, str]]:
    """Cut a text where its font changes, and warn once of missing letters.

    Args:
        text (str): One line.
        bold (bool): Defaults to False.

    Returns:
        list[tuple[str, str]]: Paths of fonts and their parts of the text; a
        letter that no font has is left to the default font, which draws a
        box.
    """
    parts: list[tuple[str, str]] = []
    missing = []
    for letter in printable(text):
        path = font_of(letter, bold)
        if path is None:
            missing.append(letter)
            path = default_font(bold)
        if parts and parts[-1][0] == path:
            parts[-1] = path, parts[-1][1] + letter
        else:
            parts.append((path, letter))
    if missing and not _told:
        _told.append(text)
        _log.warning(
            'no installed font has the letters %s of %r; such letters are '
            'drawn as boxes. Install a font that has them, such as the '
            'package fonts-noto-cjk',
            ''.join(dict.fromkeys(missing)),
            text,
        )
    return parts


def matplotlib_families(texts: list[str]) -> list[str]:
    """Names of the fonts that some texts need, for matplotlib.

    Args:
        texts (list[str]): The texts.

    Returns:
        list[str]: The default font's name, then the others', which matplotlib
        takes for the letters that those before them lack.
    """
    families = ['DejaVu Sans']
    used = {path: None for text in texts for path, _ in split_by_font(text)}
    for path in used:
        if path == default_font():
            continue
        font_manager.fontManager.addfont(path)
        name = font_manager.FontProperties(fname=path).get_name()
        if name not in families:
            families.append(name)
    return families
