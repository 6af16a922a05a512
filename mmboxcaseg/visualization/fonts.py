"""Fonts for the letters of any language.

DejaVu Sans, which matplotlib includes, is used for all letters that it has, so
that pictures look the same on all machines. It has Latin, Greek, Cyrillic and
more, but not Chinese, Japanese or Korean. For these, installed fonts are
searched.
"""

import logging
import os.path as osp
from functools import cache

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

_log = logging.getLogger(__name__)
# Letters without a picture, which say how some scripts join their letters.
JOINERS = '\u200c\u200d'
# Texts for which a warning about missing letters was given.
_told: list[str] = []


def default_font(bold: bool = False) -> str:
    """Path of the font that matplotlib includes.

    Args:
        bold (bool): Whether it is the bold one. Defaults to False.

    Returns:
        str: Path of the font.
    """
    name = 'DejaVuSans-Bold.ttf' if bold else 'DejaVuSans.ttf'
    return osp.join(matplotlib.get_data_path(), 'fonts', 'ttf', name)


@cache
def system_fonts() -> tuple[str, ...]:
    """Paths of the installed fonts, plain fonts without serifs first."""

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
    """The letters that a font has.

    Args:
        path (str): Path of the font.

    Returns:
        frozenset[int]: Unicode code points; none if the font can't be used.
    """
    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):
        return frozenset()
    # Bitmap fonts, such as colour emoji, have only one size.
    return frozenset(font.get_charmap()) if font.scalable else frozenset()


@cache
def font_of(letter: str, bold: bool = False) -> str | None:
    """Find a font that has a letter.

    Args:
        letter (str): The letter.
        bold (bool): Whether the text is bold. Only the default font has bold
            letters. Defaults to False.

    Returns:
        str | None: Path of the default font or of an installed one; None if
        no font has the letter.
    """
    own = default_font(bold)
    # Fonts don't list blanks and the like.
    if ord(letter) in letters_of(own) or not letter.isprintable():
        return own
    for path in system_fonts():
        if ord(letter) in letters_of(path):
            return path
    return None


def printable(text: str) -> str:
    """Replace the letters of a text that can't be drawn.

    Args:
        text (str): Any text, such as a name from a file.

    Returns:
        str: A text of the same length. Line breaks and the like become
        blanks, other letters without a picture the replacement letter.
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
    """Split a text into parts that each need one font.

    A letter that no font has is drawn as a box by the default font. The first
    time, a warning is logged.

    Args:
        text (str): A line of text.
        bold (bool): Whether the text is bold. Defaults to False.

    Returns:
        list[tuple[str, str]]: Path of the font and text of each part.
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
            'no installed font has the letters %s of %r; they are drawn as '
            'boxes. Install a font that has them, such as the package '
            'fonts-noto-cjk',
            ''.join(dict.fromkeys(missing)),
            text,
        )
    return parts


def matplotlib_families(texts: list[str]) -> list[str]:
    """Names of the fonts that texts need, for matplotlib.

    Args:
        texts (list[str]): The texts.

    Returns:
        list[str]: Name of the default font, then those of other fonts.
        matplotlib draws each letter with the first font that has it.
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
