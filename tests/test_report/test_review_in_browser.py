"""The review, by keys, by fingers, and what comes of the decisions."""

import json

import pytest
from decision_files import entry, mask_digest, write_decisions
from pycocotools import mask as coco_mask
from report_files import NAMES, write_report_files

from mmboxcaseg.apis.report import make_report
from mmboxcaseg.cli.main import main

pytestmark = pytest.mark.slow

WebDriverWait = pytest.importorskip(
    'selenium.webdriver.support.ui',
    reason='the report is tested in a browser with selenium, which is not installed',
).WebDriverWait

LEFT, RIGHT = '\ue012', '\ue014'


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Folder of a report that asks about 30 masks; their annotations, the
    least confident first."""
    folder = tmp_path_factory.mktemp('review')
    anns = write_report_files(folder, with_confidence=True)
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
    folder, _ = made
    open_page(browser, folder)
    browser.execute_script('localStorage.clear()')
    open_page(browser, folder)
    yield browser
    browser.execute_script('localStorage.clear()')
    assert browser.get_log('browser') == []


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


def test_ten_decisions_by_keys(page, made, tmp_path):
    """From the keys to the exported labels and the weights of training."""
    folder, anns = made
    assert (count(page), shown(page)) == (
        '0 / 30 decided: 0 accepted, 0 rejected, 0 unsure',
        0,
    )
    places = []
    keys = ['a', 'r', 'u', 'z', 'a', RIGHT, 'r', 'u', LEFT, 'a'] + list('aruar')
    for key in keys:
        press(page, key)
        places.append(shown(page))
    # Mask 3 is passed over, the decision about mask 5 is taken again.
    assert places == [1, 2, 3, 2, 3, 4, 5, 6, 5, 6, 7, 8, 9, 10, 11]
    expected = {
        place: dict(a='accepted', r='rejected', u='unsure')[key]
        for place, key in zip((0, 1, 2, 4, 5, 6, 7, 8, 9, 10), 'araraaruar')
    }
    assert len(expected) == 10
    assert count(page) == '10 / 30 decided: 5 accepted, 4 rejected, 1 unsure'
    assert told(page) == 'Kept in this browser, not yet saved in a file.'
    path = save(page, tmp_path)
    content = json.loads(path.read_text())
    assert content['decisions'] == [
        entry(anns[place], review) for place, review in expected.items()
    ]
    assert content['version'] == 1
    assert content['masks']['file'] == 'masks.json'
    # They are in the labels.
    out = str(tmp_path / 'labels.json')
    assert (
        main(
            [
                'export',
                str(folder / 'masks.json'),
                '-o',
                out,
                '--segmentation',
                'rle',
                '--decisions',
                str(path),
            ]
        )
        == 0
    )
    with open(out) as file:
        exported = {ann['id']: ann for ann in json.load(file)['annotations']}
    for place, ann in enumerate(anns):
        review = expected.get(place)
        kept = review == 'accepted'
        after = exported[ann['id']]
        assert after.get('proxy_review') == review
        assert after.get('proxy_source') == ('kept' if kept else None)
        assert after['segmentation'] == ann['segmentation']
        for key in ('proxy_agreement', 'proxy_confidence'):
            assert after[key] == (1 if kept else ann[key])
    # And in the weights of the mask loss, by image in the file's order.
    weights = training_weights(folder, out)
    assert len(weights) == 30
    for place, ann in enumerate(anns):
        weight = dict(accepted=1, rejected=0).get(
            expected.get(place), ann['proxy_confidence']
        )
        assert weights[ann['id']] == weight


def training_weights(folder, ann_file):
    """Weight of each mask by the id of its annotation, thresholds at 0."""
    from mmboxcaseg.datasets import ProxyMaskDataset

    dataset = ProxyMaskDataset(
        ann_file=ann_file,
        data_prefix=dict(img=str(folder / 'img')),
        metainfo=dict(classes=tuple(NAMES.values())),
        agreement_thr=0,
        mask_weight='confidence',
    )
    with open(ann_file) as file:
        anns = json.load(file)['annotations']
    weights = {}
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        own = [ann for ann in anns if ann['image_id'] == info['img_id']]
        for ann, instance in zip(own, info['instances'], strict=True):
            x, y, width, height = ann['bbox']
            assert instance['bbox'] == [x, y, x + width, y + height]
            if not ann['iscrowd']:
                weights[ann['id']] = instance['mask_weight']
    return weights


def test_reloaded(page, made):
    press(page, 'ara')
    open_page(page, made[0])
    assert count(page) == '3 / 30 decided: 2 accepted, 1 rejected, 0 unsure'
    # On to the first that is not decided; nothing can be undone.
    assert shown(page) == 3
    assert not page.find_element('id', 'review-undo').is_enabled()
    press(page, 'z')
    assert count(page).startswith('3 / 30')


def test_two_files_do_not_mix(page, made, tmp_path):
    press(page, 'ar')
    content = json.loads((made[0] / 'masks.json').read_text())
    content['annotations'].reverse()
    (tmp_path / 'masks.json').write_text(json.dumps(content))
    make_report(
        str(tmp_path / 'masks.json'),
        str(made[0] / 'img'),
        str(tmp_path / 'report'),
        num=1,
        review=5,
    )
    open_page(page, tmp_path)
    assert count(page) == '0 / 5 decided: 0 accepted, 0 rejected, 0 unsure'


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


def test_saved_and_loaded(page, made, tmp_path):
    folder, anns = made
    press(page, 'aru')
    path = save(page, tmp_path)
    page.execute_script('localStorage.clear()')
    open_page(page, folder)
    assert count(page).startswith('0 / 30')
    assert load(page, path) == '3 decisions loaded.'
    assert count(page) == '3 / 30 decided: 1 accepted, 1 rejected, 1 unsure'
    assert shown(page) == 3
    click(page, 'undo')
    assert count(page).startswith('0 / 30')


def test_loaded_what_does_not_fit(page, made, tmp_path):
    anns = made[1]
    path = tmp_path / 'other.json'
    write_decisions(
        path,
        [
            entry(anns[0], 'rejected'),
            entry(anns[1], 'rejected', mask=mask_digest(anns[2])),
            entry(anns[2], 'rejected', id=999),
            entry(anns[3], 'good'),
        ],
    )
    assert load(page, path) == (
        '1 decisions loaded. 1 are about masks that have changed since; not '
        'loaded. 2 are about no mask of this page; not loaded.'
    )
    assert count(page) == '1 / 30 decided: 0 accepted, 1 rejected, 0 unsure'
    path.write_text('{"version": 2, "decisions": []}')
    assert load(page, path) == 'other.json is no decisions.json of version 1.'
    path.write_text('{')
    press(page, 'r')
    assert 'is no decisions.json' in load(page, path)


def test_goes_on_from_earlier_decisions(page, made, tmp_path):
    """They are saved with the new ones, and their masks not asked again."""
    folder, anns = made
    earlier = [
        entry(anns[0], 'accepted'),
        entry(anns[1], 'rejected'),
        entry(anns[2], 'unsure'),
    ]
    make_report(
        str(folder / 'masks.json'),
        str(folder / 'img'),
        str(tmp_path / 'report'),
        num=1,
        review=4,
        decisions=write_decisions(tmp_path / 'earlier.json', earlier),
    )
    open_page(page, tmp_path)
    # What was unsure is shown again, as that.
    assert count(page) == '1 / 4 decided: 0 accepted, 0 rejected, 1 unsure'
    press(page, ['a', LEFT, LEFT, 'r'])
    content = json.loads(save(page, tmp_path).read_text())
    assert content['decisions'] == [
        entry(anns[2], 'rejected'),
        entry(anns[3], 'accepted'),
        *earlier[:2],
    ]


def test_without_storage(page, made, tmp_path):
    script = page.execute_cdp_cmd(
        'Page.addScriptToEvaluateOnNewDocument',
        dict(
            source="Object.defineProperty(window, 'localStorage', {get() {"
            "throw new DOMException('denied', 'SecurityError'); }});"
        ),
    )
    try:
        open_page(page, made[0])
        warning = page.find_element('id', 'review-warning')
        assert warning.is_displayed() and 'keeps nothing' in warning.text
        press(page, 'ar')
        assert told(page) == 'Not yet saved in a file.'
        content = json.loads(save(page, tmp_path).read_text())
        assert len(content['decisions']) == 2
    finally:
        page.execute_cdp_cmd(
            'Page.removeScriptToEvaluateOnNewDocument',
            dict(identifier=script['identifier']),
        )
        open_page(page, made[0])
    assert not page.find_element('id', 'review-warning').is_displayed()


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
