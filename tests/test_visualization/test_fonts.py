"""Which font has which letters, with made-up lists of installed fonts."""

import logging
import os.path as osp
import warnings

import matplotlib
import numpy as np
import pytest

from mmboxcaseg.report.charts import class_chart
from mmboxcaseg.report.numbers import ClassRow
from mmboxcaseg.visualization import fonts
from mmboxcaseg.visualization.fonts import printable
from mmboxcaseg.visualization.text import draw_text, text_size

FOLDER = osp.join(matplotlib.get_data_path(), 'fonts', 'ttf')
SANS = osp.join(FOLDER, 'DejaVuSans.ttf')
STIX = osp.join(FOLDER, 'STIXGeneral.ttf')


def clear():
    fonts.font_of.cache_clear()
    fonts._told.clear()


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """No font but matplotlib's; tests add what is to be found."""
    found = []
    monkeypatch.setattr(fonts, 'system_fonts', lambda: tuple(found))
    clear()
    yield found
    clear()


def only(monkeypatch, letters):
    """Let a font have nothing but some letters, by its path."""
    real = fonts.letters_of
    monkeypatch.setattr(
        fonts,
        'letters_of',
        lambda path: (
            frozenset(map(ord, letters[path])) if path in letters else real(path)
        ),
    )


def test_texts_change_font_where_letters_need_it(installed, monkeypatch):
    installed += [osp.join(FOLDER, 'gone.ttf'), STIX]
    only(monkeypatch, {STIX: '果蘋'})
    assert fonts.split_by_font('a 果蘋 b') == [
        (SANS, 'a '),
        (STIX, '果蘋'),
        (SANS, ' b'),
    ]
    assert fonts.split_by_font('') == []
    # The width is that of the parts together.
    whole = text_size('a 果蘋 b', 20)[0]
    assert whole == pytest.approx(
        text_size('a ', 20)[0] + text_size('果蘋', 20)[0] + text_size(' b', 20)[0],
        abs=3,
    )
    assert fonts.matplotlib_families(['果', 'a']) == ['DejaVu Sans', 'STIXGeneral']


def test_missing_letters_are_told_once(caplog):
    with caplog.at_level(logging.WARNING, 'mmboxcaseg'):
        for text in ('苹果', '사과', '苹果'):
            draw_text(np.zeros((30, 90, 3), np.uint8), text, 0, 0, 20)
        fonts.matplotlib_families(['苹果'])
    (record,) = caplog.records
    assert '苹果' in record.getMessage()
    assert 'fonts-noto-cjk' in record.getMessage()


def test_latin_asks_for_no_installed_font(monkeypatch):

    def refuse():
        raise AssertionError('the installed fonts were listed')

    monkeypatch.setattr(fonts, 'system_fonts', refuse)
    assert fonts.split_by_font('Straße, Ёлка, 5 %', True) == [
        (osp.join(FOLDER, 'DejaVuSans-Bold.ttf'), 'Straße, Ёлка, 5 %')
    ]


def test_names_of_classes_are_no_formulas(tmp_path):
    rows = [ClassRow(place, 5, 0.5, 0.5, 0.5, 0.0, None) for place in (0, 1)]
    figure = class_chart(['US$ and $x^', '<b>\n&'], rows)
    labels = figure.axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == ['US$ and $x^', '<b> &']
    assert not any(label.get_parse_math() for label in labels)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        figure.savefig(tmp_path / 'chart.png')


@pytest.mark.parametrize(
    'name, shown',
    [
        ('line\nbreak', 'line break'),
        ('a\x00b\x1bc', 'a\ufffdb\ufffdc'),
        ('caf\udce9', 'caf\ufffd'),
        ('cat \u202e rtl', 'cat \ufffd rtl'),
        ('x\u200cy', 'x\u200cy'),
    ],
)
def test_names_that_have_no_picture_are_drawn(name, shown):
    assert printable(name) == shown
    blank = np.full((40, 300, 3), 255, np.uint8)
    drawn = draw_text(blank, name, 5, 5, 16)
    np.testing.assert_array_equal(drawn, draw_text(blank, shown, 5, 5, 16))
    assert text_size(name, 16) == text_size(shown, 16)
    assert (drawn != blank).any()
