"""Lists in text files."""

import codecs

import pytest

from mmboxcaseg.text import read_lines


@pytest.mark.parametrize(
    'content',
    [
        'photo 1\n\n two\r\nthree\u2028x\r\n'.encode(),
        codecs.BOM_UTF8 + 'photo 1\ntwo\nthree\u2028x'.encode(),
        'photo 1\r\ntwo\r\nthree\u2028x'.encode('utf-16'),
        'photo 1\rtwo\rthree\u2028x\r'.encode(),
    ],
)
def test_entries_are_one_a_line(tmp_path, content):
    path = tmp_path / 'ids.txt'
    path.write_bytes(content)
    assert read_lines(str(path)) == ['photo 1', 'two', 'three\u2028x']


@pytest.mark.parametrize(
    'content, message',
    [
        ('été'.encode('latin-1'), 'ids.txt is not UTF-8 text; .*CP1252'),
        ('id'.encode('utf-16') + b'x', 'ids.txt is broken UTF-16'),
        (b' \n\n', 'ids.txt lists nothing'),
    ],
)
def test_what_is_no_list_names_the_file(tmp_path, content, message):
    path = tmp_path / 'ids.txt'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_lines(str(path))
