import re

import pytest
from report_files import write_report_files

from mmboxcaseg.apis.report import make_report

pytestmark = pytest.mark.slow

WebDriverWait = pytest.importorskip('selenium.webdriver.support.ui').WebDriverWait


@pytest.fixture(scope='module', params=['agreement', 'confidence'])
def order_by(request):
    """The score that the file has beside agreement, if it has another."""
    return request.param


@pytest.fixture(scope='module')
def report(order_by, tmp_path_factory):
    """Address of the report of 30 masks."""
    folder = tmp_path_factory.mktemp('report')
    write_report_files(folder, order_by == 'confidence')
    with pytest.MonkeyPatch.context() as patch:
        # All masks in each group, so that there are more than are shown at once.
        patch.setattr('mmboxcaseg.report.gallery.thirds', lambda *columns: {})
        make_report(
            str(folder / 'masks.json'),
            str(folder / 'img'),
            str(folder / 'report'),
            truth=str(folder / 'true.json'),
            agreement_thr=0.95,
        )
    return (folder / 'report' / 'index.html').as_uri()


@pytest.fixture
def page(browser, report):
    """The report, opened from its file; nothing may go to the console."""
    browser.get(report)
    # The script counts the pictures last, on a busy machine a moment later.
    WebDriverWait(browser, 60).until(lambda _: counted(browser))
    yield browser
    assert browser.get_log('browser') == []


def run(page, script, *args):
    return page.execute_script(f'return {script}', *args)


def shown(page, group='', score='agreement'):
    """(class, score) of the pictures that can be seen."""
    cards = run(
        page,
        "[...document.querySelectorAll('#gallery ' + arguments[0] + "
        "' .card')].filter(card => card.offsetParent)"
        '.map(card => [card.dataset.class, card.dataset[arguments[1]]])',
        group and f'#group-{group}',
        score,
    )
    return [(kind, float(score)) for kind, score in cards]


def fill(page, key, value):
    run(
        page,
        '(element => { element.value = arguments[1]; element.'
        "dispatchEvent(new Event('input')); })"
        '(document.getElementById(arguments[0]))',
        key,
        value,
    )


def counted(page):
    return run(page, "document.getElementById('found').textContent")


def click(page, selector):
    page.find_element('css selector', selector).click()


def test_rendered(page):
    assert page.title == 'Proxy masks: masks.json'
    broken = run(
        page,
        '[...document.images].filter(image => !image.complete || '
        '!image.naturalWidth || !image.alt).length',
    )
    assert broken == 0 and run(page, 'document.images.length') > 90
    assert [len(shown(page, group)) for group in ('best', 'worst')] == [12] * 2
    # Nothing but the file itself was asked for.
    fetched = run(
        page,
        "performance.getEntriesByType('resource')"
        ".map(entry => entry.name).filter(name => !name.startsWith('data:'))",
    )
    assert fetched == []
    # No wider than its window.
    assert run(page, 'document.documentElement.scrollWidth <= innerWidth')


def test_fits_a_phone(page):
    page.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride',
        dict(width=390, height=844, deviceScaleFactor=1, mobile=True),
    )
    wide = run(page, 'document.documentElement.scrollWidth')
    cards = run(
        page,
        "[...document.querySelectorAll('.card')].slice(0, 2)"
        '.map(card => card.getBoundingClientRect().top)',
    )
    page.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})
    assert wide == 390
    # Two side by side.
    assert cards[0] == cards[1]


def test_filter_by_class(page):
    every = counted(page)
    total = int(re.fullmatch(r'(\d+) of \1 pictures', every).group(1))
    # The third class has one mask, in the three groups that show all.
    fill(page, 'class-filter', '2')
    found = shown(page)
    assert {kind for kind, _ in found} == {'2'}
    assert counted(page) == f'{len(found)} of {total} pictures'
    fill(page, 'class-filter', '1')
    assert {kind for kind, _ in shown(page)} == {'1'}
    click(page, '.filters button')
    WebDriverWait(page, 10).until(lambda _: counted(page) == every)
    assert len(shown(page, 'best')) == 12


@pytest.mark.parametrize('score', ['agreement', 'confidence'])
def test_filter_by_score(page, order_by, score):
    if score == 'confidence' and order_by == 'agreement':
        assert page.find_elements('id', 'confidence-low') == []
        return

    def scores():
        return [one for _, one in shown(page, 'best', score)]

    click(page, '#group-best .more')
    every = sorted(scores())
    assert len(every) == 30
    fill(page, f'{score}-low', '0.5')
    fill(page, f'{score}-high', '0.8')
    found = scores()
    assert sorted(found) == [one for one in every if 0.5 <= one <= 0.8]
    assert 0 < len(found) < 30
    fill(page, 'sort', f'{score} 1')
    assert scores() == sorted(found)
    fill(page, 'sort', f'{score} -1')
    assert scores() == sorted(found)[::-1]
    # An emptied field bounds nothing.
    fill(page, f'{score}-high', '')
    assert scores() == [one for one in every if one >= 0.5][::-1]
    fill(page, f'{score}-high', '0.8')
    fill(page, f'{score}-low', '0.81')
    assert shown(page) == []
    assert page.find_element('css selector', '#group-best .none').is_displayed()


def test_both_filters(page, order_by):
    if order_by == 'agreement':
        return
    click(page, '#group-best .more')
    both = list(
        zip(*(shown(page, 'best', score) for score in ('agreement', 'confidence')))
    )
    fill(page, 'agreement-low', '0.7')
    fill(page, 'confidence-high', '0.6')
    expected = [
        confidence
        for (_, agreement), (_, confidence) in both
        if agreement >= 0.7 and confidence <= 0.6
    ]
    assert 0 < len(expected) < 30
    assert [one for _, one in shown(page, 'best', 'confidence')] == expected


def test_best_is_the_highest_score(page, order_by):
    for group, sign in (('best', -1), ('worst', 1)):
        values = [one for _, one in shown(page, group, order_by)]
        assert values == sorted(values, key=lambda one: sign * one)
    assert f'highest {order_by}' in page.find_element('id', 'group-best').text


def test_table_of_classes(page, order_by):

    def column(place):
        return run(
            page,
            "[...document.querySelectorAll('#classes tbody tr')]"
            '.map(row => row.children[arguments[0]].dataset.value)',
            place,
        )

    assert column(0) == ['<b>cat</b>', 'dog', 'rare']
    assert [int(count) for count in column(1)] == [20, 9, 1]
    # Beside the first two: the means of the scores, median, ignored, IoU.
    last = 6 if order_by == 'confidence' else 5
    for place in (2, last - 2, last):
        click(page, f'#classes th:nth-child({place + 1}) button')
        values = [float(value) for value in column(place)]
        assert values == sorted(values, reverse=True)
        click(page, f'#classes th:nth-child({place + 1}) button')
        assert column(place) == [str(value) for value in column(place)]
        assert [float(value) for value in column(place)] == sorted(values)
    click(page, ".show[data-class='1']")
    assert {kind for kind, _ in shown(page)} == {'1'}
