"""A browser for the tests of the page, and a page with a review."""

import shutil

import pytest
from report_files import leave_out_charts, write_report_files

from mmboxcaseg.apis.report import make_report

BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')


@pytest.fixture(scope='package')
def browser():
    """A browser without a window."""
    webdriver = pytest.importorskip(
        'selenium.webdriver',
        reason='the report is tested in a browser with selenium, which is '
        'not installed',
    )
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which('chromedriver')
    if not browser or not driver:
        pytest.skip(
            'no Chromium with its chromedriver on the PATH; on '
            'Debian: apt-get install chromium chromium-driver'
        )
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    # Containers have no user namespaces and little shared memory.
    for argument in (
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--window-size=1280,900',
    ):
        options.add_argument(argument)
    options.set_capability('goog:loggingPrefs', dict(browser='ALL'))
    session = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield session
    session.quit()


@pytest.fixture(scope='package')
def made(tmp_path_factory):
    """Folder of a report that asks about 30 masks; their annotations, the
    least confident first."""
    folder = tmp_path_factory.mktemp('review')
    anns = write_report_files(folder, with_confidence=True)
    with pytest.MonkeyPatch.context() as patch:
        leave_out_charts(patch)
        make_report(
            str(folder / 'masks.json'),
            str(folder / 'img'),
            str(folder / 'report'),
            num=1,
            review=0,
        )
    return folder, sorted(anns, key=lambda ann: ann['proxy_confidence'])


@pytest.fixture
def page(browser, made):
    """The review, opened from its file, with nothing decided."""
    from review_page import open_page

    folder, _ = made
    open_page(browser, folder)
    browser.execute_script('localStorage.clear()')
    open_page(browser, folder)
    yield browser
    browser.execute_script('localStorage.clear()')
    assert browser.get_log('browser') == []
