"""What comes of the decisions of a review: in the browser, in files, in training."""

import json

import pytest
from decision_files import entry, mask_digest, write_decisions
from report_files import NAMES, leave_out_charts
from review_page import (
    LEFT,
    RIGHT,
    click,
    count,
    load,
    open_page,
    press,
    save,
    shown,
    told,
)

from mmboxcaseg.apis.report import make_report
from mmboxcaseg.cli.main import main

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def no_charts(monkeypatch):
    leave_out_charts(monkeypatch)


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
