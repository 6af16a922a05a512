"""The review by keys and by fingers, and what it shows."""

import pytest
from pycocotools import mask as coco_mask
from review_page import RIGHT, click, count, open_page, press, shown, told

pytestmark = pytest.mark.slow


def test_keys_that_do_not_count(page):
    # In a field, with Ctrl, held down, and where the mask is out of sight.
    page.find_element('id', 'class-filter').send_keys('a')
    page.execute_script("document.getElementById('review').scrollIntoView()")
    page.execute_script(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'a', ctrlKey: true, bubbles: true}));"
        "document.body.dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'a', repeat: true, bubbles: true}));"
        'scrollTo(0, document.body.scrollHeight);'
        "document.body.dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'a', bubbles: true}));"
    )
    assert count(page).startswith('0 / 30')
    page.execute_script("document.getElementById('review').scrollIntoView()")
    press(page, 'A')
    assert count(page).startswith('1 / 30')


def test_next_and_previous_end(page):
    press(page, 'p')
    assert shown(page) == 0
    assert not page.find_element('id', 'review-previous').is_enabled()
    press(page, [RIGHT] * 31)
    assert shown(page) == 29
    # From the last on to the first that is open.
    press(page, 'a')
    assert shown(page) == 0
    page.find_elements('css selector', '#review-dots button')[12].click()
    assert shown(page) == 12


def test_all_decided(page):
    press(page, 'a' * 30)
    assert count(page) == '30 / 30 decided: 30 accepted, 0 rejected, 0 unsure'
    assert told(page).startswith('All are decided.')
    click(page, 'clear')
    assert count(page).startswith('0 / 30')
    click(page, 'undo')
    assert count(page).startswith('30 / 30')


def test_mask_and_photo(page):
    """The photo alone, as long as the mask is switched off."""

    def seen():
        return page.execute_script(
            "return [...document.querySelectorAll('.review-card:not([hidden])"
            " svg > *')].filter(one => getComputedStyle(one).display != 'none'"
            ').map(one => one.tagName)'
        )

    assert seen() == ['image', 'path', 'path', 'rect']
    press(page, 'm')
    assert seen() == ['image', 'rect']
    press(page, RIGHT)
    assert seen() == ['image', 'rect']
    click(page, 'mask')
    assert seen() == ['image', 'path', 'path', 'rect']


def test_outline_is_the_mask(page, made):
    """Pixel by pixel, as the browser fills it."""
    ann = made[1][0]
    x, y, side, _ = ann['bbox']
    left, top = max(x - 40, 0), max(y - 40, 0)
    inside = page.execute_script(
        "const path = document.querySelector('.review-card .mask');"
        'const svg = path.ownerSVGElement;'
        'const {width, height} = svg.viewBox.baseVal;'
        'const rows = [];'
        'for (let row = 0; row < height; row += 1) {'
        '  rows.push([]);'
        '  for (let column = 0; column < width; column += 1) {'
        '    const point = svg.createSVGPoint();'
        '    point.x = column + 0.5; point.y = row + 0.5;'
        '    rows[row].push(path.isPointInFill(point));'
        '  }'
        '} return rows'
    )
    mask = coco_mask.decode(ann['segmentation'])
    rows, columns = len(inside), len(inside[0])
    assert mask.any()
    assert (mask[top : top + rows, left : left + columns] == inside).all()


def test_by_finger_on_a_phone(page, made):
    page.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride',
        dict(width=390, height=844, deviceScaleFactor=1, mobile=True),
    )
    page.execute_cdp_cmd('Emulation.setTouchEmulationEnabled', dict(enabled=True))
    try:
        open_page(page, made[0])
        assert page.execute_script('return document.documentElement.scrollWidth') == 390
        for key in ('reject', 'next', 'accept', 'unsure', 'undo', 'previous'):
            tap(page, key)
        assert count(page) == ('2 / 30 decided: 1 accepted, 1 rejected, 0 unsure')
        assert shown(page) == 2
    finally:
        page.execute_cdp_cmd('Emulation.setTouchEmulationEnabled', dict(enabled=False))
        page.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})


def tap(page, key):
    """Touch a button, which must be seen and large enough for a finger."""
    left, top, width, height = page.execute_script(
        'const button = document.getElementById(arguments[0]);'
        "button.scrollIntoView({block: 'nearest'});"
        'const box = button.getBoundingClientRect();'
        'return [box.left, box.top, box.width, box.height]',
        f'review-{key}',
    )
    assert width >= 44 and height >= 44
    assert left >= 0 and left + width <= 390
    point = dict(x=left + width / 2, y=top + height / 2)
    for kind, points in (('touchStart', [point]), ('touchEnd', [])):
        page.execute_cdp_cmd(
            'Input.dispatchTouchEvent', dict(type=kind, touchPoints=points)
        )
