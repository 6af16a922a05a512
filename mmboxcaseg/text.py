"""Text: files of it, with helpful errors if they are not UTF-8, and lists in it."""

import codecs
from collections.abc import Sequence

# Number of names that a message lists.
LISTED = 5
# First bytes of files that are not text but are often given as such.
_KINDS = {
    b'PK\3\4': 'a zip archive; unpack it',
    b'\x1f\x8b': 'compressed by gzip; unpack it by gunzip',
    b'\xff\xd8\xff': 'a photo (JPEG)',
    b'\x89PNG': 'a photo (PNG)',
    b'\x80': 'a Python pickle or other binary data',
}


def listed(names: Sequence[object], separator: str = ', ') -> str:
    """List names in a message, the first five of them.

    Args:
        names (Sequence): The names.
        separator (str): Text between them. Defaults to ``', '``.

    Returns:
        str: The names, and ``...`` if there are more than five.

    Example:
        >>> listed(range(5))
        '0, 1, 2, 3, 4'
        >>> listed(range(6), '; ')
        '0; 1; 2; 3; 4; ...'
    """
    more = ['...'] if len(names) > LISTED else []
    return separator.join([*map(str, names[:LISTED]), *more])


def read_text(path: str) -> str:
    """Read a UTF-8 file, with or without a byte order mark.

    Args:
        path (str): Path of the file.

    Returns:
        str: The text, with line ends ``\\n``.

    Raises:
        OSError: If the file can't be read.
        ValueError: If the file is not UTF-8. The message names the likely
            encoding.
    """
    with open(path, 'rb') as file:
        content = file.read()
    return decode(content, path)


def read_lines(path: str) -> list[str]:
    """Read a list file, such as one of image ids.

    Args:
        path (str): Path of a text file with one entry per line, in UTF-8, or
            in UTF-16 with a byte order mark, as Windows saves "Unicode".

    Returns:
        list[str]: The entries, without surrounding blanks. Blank lines are
        no entries.

    Raises:
        OSError: If the file can't be read.
        ValueError: If the file has another encoding or no entry.
    """
    with open(path, 'rb') as file:
        content = file.read()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            content = content.decode('utf-16').encode()
        except UnicodeDecodeError as error:
            raise ValueError(f'{path} is broken UTF-16: {error}') from None
    # splitlines would also split at characters that an id may contain.
    lines = (line.strip() for line in decode(content, path).split('\n'))
    entries = [line for line in lines if line]
    if not entries:
        raise ValueError(f'{path} lists nothing; put one entry on a line')
    return entries


def decode(content: bytes, path: str) -> str:
    """Decode the content of a UTF-8 file, as :func:`read_text` does.

    Args:
        content (bytes): Content of the file.
        path (str): Path of the file, for the message.

    Returns:
        str: The text, with line ends ``\\n``.

    Raises:
        ValueError: If the content is not UTF-8.
    """
    for start, kind in _KINDS.items():
        if content.startswith(start):
            raise ValueError(f'{path} is not text, but {kind}')
    try:
        text = content.decode('utf-8-sig')
        if '\0' not in text:
            return text.replace('\r\n', '\n').replace('\r', '\n')
    except UnicodeDecodeError:
        pass
    if content.replace(b'\0', b'').isascii() and not _is_wide(content):
        raise ValueError(
            f'{path} has zero bytes; it was probably not written completely: '
            'restore it from a copy'
        )
    encoding = likely_encoding(content)
    raise ValueError(
        f'{path} is not UTF-8 text; it looks like {encoding}: save it as '
        f'UTF-8, for example with: iconv -f {encoding} -t UTF-8'
    )


def _is_wide(content: bytes) -> bool:
    """Whether about every second byte is zero, as in UTF-16 text."""
    return content.startswith(
        (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    ) or 3 * content.count(0) > len(content)


def likely_encoding(content: bytes) -> str:
    """Guess the encoding of text that is not UTF-8.

    Args:
        content (bytes): Content of a text file.

    Returns:
        str: ``'UTF-16'``, ``'UTF-16LE'``, ``'UTF-16BE'`` or ``'CP1252'``.

    Example:
        >>> likely_encoding('naïve'.encode('latin-1'))
        'CP1252'
        >>> likely_encoding('ab'.encode('utf-16-be'))
        'UTF-16BE'
    """
    head = content[:4096]
    if head.startswith((b'\xff\xfe', b'\xfe\xff')):
        return 'UTF-16'
    if b'\0' in head:
        return 'UTF-16LE' if head[1::2].count(0) else 'UTF-16BE'
    return 'CP1252'
