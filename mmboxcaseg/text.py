"""Text files: UTF-8, and what to say where it is none."""

import codecs

# How files begin that are taken for text by mistake.
_KINDS = {
    b'PK\3\4': 'a zip archive; unpack it',
    b'\x1f\x8b': 'compressed by gzip; unpack it by gunzip',
    b'\xff\xd8\xff': 'a photo (JPEG)',
    b'\x89PNG': 'a photo (PNG)',
    b'\x80': 'a Python pickle or other binary data',
}


def read_text(path: str) -> str:
    """The text of a UTF-8 file, with or without a byte order mark.

    Args:
        path (str): Path of the file.

    Returns:
        str: The text, line ends as ``\\n``.

    Raises:
        OSError: If it can't be read.
        ValueError: If it is in another encoding; one to try is named.
    """
    with open(path, 'rb') as file:
        content = file.read()
    return decode(content, path)


def read_lines(path: str) -> list[str]:
    """The entries of a list file, such as image ids.

    Args:
        path (str): Text file with one entry a line, UTF-8, or UTF-16 that
            says so in its first bytes, as Windows's "Unicode" does.

    Returns:
        list[str]: The entries, without blanks around them and blank lines.

    Raises:
        OSError: If it can't be read.
        ValueError: If it is in another encoding, or has no entry.
    """
    with open(path, 'rb') as file:
        content = file.read()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            content = content.decode('utf-16').encode()
        except UnicodeDecodeError as error:
            raise ValueError(f'{path} is broken UTF-16: {error}') from None
    # Not splitlines, which splits at letters that an id may have.
    lines = (line.strip() for line in decode(content, path).split('\n'))
    entries = [line for line in lines if line]
    if not entries:
        raise ValueError(f'{path} lists nothing; put one entry on a line')
    return entries


def decode(content: bytes, path: str) -> str:
    """As :func:`read_text`, of what has been read.

    Args:
        content (bytes): What the file holds.
        path (str): Path of the file, for the message.

    Returns:
        str: The text.

    Raises:
        ValueError: If it is in another encoding.
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
            f'{path} has zero bytes, as files have that were '
            'not written to their end; restore it'
        )
    encoding = likely_encoding(content)
    raise ValueError(
        f'{path} is not UTF-8 text; it looks like {encoding}: save it as '
        f'UTF-8, such as by: iconv -f {encoding} -t UTF-8'
    )


def _is_wide(content: bytes) -> bool:
    """Whether about every second byte of ASCII text is zero."""
    return content.startswith(
        (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    ) or 3 * content.count(0) > len(content)


def likely_encoding(content: bytes) -> str:
    """An encoding to try for bytes that are not UTF-8."""
    head = content[:4096]
    if head.startswith((b'\xff\xfe', b'\xfe\xff')):
        return 'UTF-16'
    if b'\0' in head:
        return 'UTF-16LE' if head[1::2].count(0) else 'UTF-16BE'
    return 'CP1252'
