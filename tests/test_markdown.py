"""The table writer, beside tables written by hand."""

from mmboxcaseg.markdown import markdown_table


def test_texts_at_the_left_numbers_at_the_right():
    rows = [
        ['one', 3, 1.25, None],
        ['two', 12, (2.0, 0.55), (None, None)],
        ['three', 1, (4.04, None), 7.0],
    ]
    assert markdown_table(['name', 'count', 'x', 'y'], rows).splitlines() == [
        '| name | count | x | y |',
        '| --- | ---: | ---: | ---: |',
        '| one | 3 | 1.2 | - |',
        '| two | 12 | 2.0 ± 0.6 | - |',
        '| three | 1 | 4.0 | 7.0 |',
    ]


def test_padded():
    assert markdown_table(
        ['name', 'x', 'from'], [['one', 100.0, 'here'], ['two', None, '']], padded=True
    ).splitlines() == [
        '| name  |     x | from  |',
        '| ----- | ----: | ----- |',
        '| one   | 100.0 | here  |',
        '| two   |     - |       |',
    ]


def test_names_do_not_break_the_table():
    text = markdown_table(['what'], [['a|b\nc\rd']])
    assert text.split('\n')[2] == r'| a\|b c d |'
