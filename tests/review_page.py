"""The page of a review in a browser, as a person uses it."""

import pytest

WebDriverWait = pytest.importorskip(
    'selenium.webdriver.support.ui',
    reason='the report is tested in a browser with selenium, which is not installed',
).WebDriverWait

# Keys of the arrows.
LEFT, RIGHT = '\ue012', '\ue014'


def open_page(browser, folder):
    address = (folder / 'report' / 'index.html').as_uri()
    assert address.startswith('file://')
    browser.get(address)
    WebDriverWait(browser, 60).until(lambda _: count(browser))
    browser.execute_script("document.getElementById('review').scrollIntoView()")


def text(page, key):
    return page.execute_script(
        'return document.getElementById(arguments[0]).textContent', key
    )


def count(page):
    return text(page, 'review-count')


def told(page):
    return text(page, 'review-state')


def shown(page):
    """Place of the mask that is seen, from 0."""
    places = page.execute_script(
        "return [...document.querySelectorAll('.review-card')].flatMap("
        '(card, index) => card.offsetParent ? [index] : [])'
    )
    assert len(places) == 1
    return places[0]


def press(page, keys):
    for key in keys:
        page.find_element('css selector', 'body').send_keys(key)


def click(page, key):
    page.find_element('id', f'review-{key}').click()


def save(page, folder):
    """Save by the page's button; returns the path."""
    page.execute_cdp_cmd(
        'Browser.setDownloadBehavior', dict(behavior='allow', downloadPath=str(folder))
    )
    path = folder / 'decisions.json'
    click(page, 'save')
    WebDriverWait(page, 30).until(lambda _: path.exists())
    assert 'decisions saved' in told(page)
    return path


def load(page, path):
    before = told(page)
    page.find_element('id', 'review-file').send_keys(str(path))
    WebDriverWait(page, 30).until(lambda _: told(page) != before)
    return told(page)
