"""A browser for the tests of the page."""

import shutil

import pytest

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
