import json
import logging

import numpy as np
import pytest
from decision_files import entry, mask_digest, write_decisions
from report_files import rows_rle, write_report_files

from mmboxcaseg.annotations import (
    Decision,
    Decisions,
    apply_decisions,
    fingerprint,
    read_boxes,
    read_decisions,
    read_masks,
    read_proxy_masks,
    with_decisions,
)
from mmboxcaseg.annotations.decisions import match_decisions


@pytest.fixture
def anns(tmp_path):
    """30 annotations with masks, of the ids 100 to 129."""
    return write_report_files(tmp_path, with_confidence=True)


@pytest.fixture
def write(tmp_path):
    """Function that writes decisions; returns the path."""

    def run(entries, **more):
        return write_decisions(tmp_path / 'decisions.json', entries, **more)

    return run


def test_read(write):
    path = write(
        [
            dict(id=7, review='accepted', mask='ab'),
            dict(id='7', review='unsure', mask='cd', note='of a later version'),
        ],
        masks=dict(file='masks.json', sha256='ef'),
    )
    assert read_decisions(path) == Decisions(
        path, (Decision(7, 'accepted', 'ab'), Decision('7', 'unsure', 'cd')), 'ef'
    )


@pytest.mark.parametrize(
    'text, message',
    [
        ('{"version": 1,', 'is not valid json: .*; give a file that was saved'),
        ('[1]', 'has no "decisions"; give a file that was saved'),
        ('{"annotations": []}', 'has no "decisions"'),
        (
            '{"decisions": []}',
            '"version" is None, but this version of boxcaseg reads 1',
        ),
        ('{"version": 2, "decisions": []}', '"version" is 2'),
        ('{"version": 1, "decisions": {}}', '"decisions" is no list'),
    ],
)
def test_files_of_another_kind(tmp_path, text, message):
    path = tmp_path / 'other.json'
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        read_decisions(str(path))
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(id=None), 'decision 2 has "id" None'),
        (dict(id=True), 'decision 2 has "id" True'),
        (
            dict(review='good'),
            'decision 2, of annotation 101, has "review" '
            "'good'; it must be one of accepted, rejected, unsure",
        ),
        (dict(review=['accepted']), 'has "review"'),
        (dict(mask=12), 'decision 2, of annotation 101, has "mask" 12'),
        (dict(id=100), '2 decisions about annotation 100'),
    ],
)
def test_entries_of_another_kind(anns, write, change, message):
    path = write([entry(anns[0], 'accepted'), {**entry(anns[1], 'rejected'), **change}])
    with pytest.raises(ValueError, match=message):
        read_decisions(path)
    with pytest.raises(ValueError, match="decision 1 is '7'"):
        read_decisions(write([7]))


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='no file of decisions'):
        read_decisions(str(tmp_path / 'none.json'))


def test_applied(anns, write, tmp_path, caplog):
    before = read_proxy_masks(str(tmp_path / 'masks.json'))
    path = write(
        [
            entry(anns[3], 'accepted'),
            entry(anns[5], 'rejected'),
            entry(anns[8], 'unsure'),
        ]
    )
    with caplog.at_level(logging.INFO):
        after = apply_decisions(before, read_decisions(path))
    assert '1 accepted, 1 rejected, 1 unsure' in caplog.text
    assert [one.levelname for one in caplog.records] == ['INFO']
    # The crowd is the first of the file.
    expected = dict(
        agreement=before.agreement.copy(), confidence=before.confidence.copy()
    )
    for name, column in expected.items():
        column[4] = 1
        assert np.array_equal(getattr(after, name), column, equal_nan=True)
    for name, place in (('kept', 4), ('accepted', 4), ('rejected', 6), ('unsure', 9)):
        assert np.flatnonzero(getattr(after, name)).tolist() == [place], name
        assert not getattr(before, name).any()
    new = {
        3: dict(
            proxy_review='accepted',
            proxy_source='kept',
            proxy_agreement=1,
            proxy_confidence=1,
        ),
        5: dict(proxy_review='rejected'),
        8: dict(proxy_review='unsure'),
    }
    assert after.boxes.content['annotations'][1:] == [
        {**ann, **new.get(number, {})} for number, ann in enumerate(anns)
    ]
    # What was read is as it was.
    assert before.boxes.content['annotations'][1:] == anns
    assert with_decisions(before, None) is before


def test_no_score_is_made_up(tmp_path, write):
    anns = write_report_files(tmp_path)
    path = write([entry(anns[0], 'accepted')])
    masks = with_decisions(read_masks(str(tmp_path / 'masks.json')), path)
    ann = masks.boxes.annotation(1)
    assert 'proxy_confidence' not in ann and ann['proxy_agreement'] == 1
    assert masks.confidence is None


def test_decided_anew(anns, write, tmp_path):
    """What was accepted once is kept no longer."""
    masks = read_masks(str(tmp_path / 'masks.json'))

    def decide(masks, review):
        return with_decisions(masks, write([entry(anns[0], review)]))

    accepted = decide(masks, 'accepted')
    for review in ('rejected', 'unsure'):
        again = decide(accepted, review)
        assert not again.kept.any() and not again.accepted.any()
        assert again.boxes.annotation(1)['proxy_review'] == review
    assert decide(decide(masks, 'rejected'), 'accepted').kept[1]
    # The same decision once more changes nothing.
    assert decide(accepted, 'accepted').boxes.content == accepted.boxes.content


def test_what_does_not_fit(anns, write, tmp_path, caplog):
    data = json.loads((tmp_path / 'masks.json').read_text())
    # Of annotation 101 the mask is another one now, that of 102 is empty.
    data['annotations'][2]['segmentation'] = rows_rle(16, 5, 20, 3)
    data['annotations'][3]['segmentation'] = rows_rle(0, 0, 0, 0)
    del data['annotations'][4]['segmentation']
    (tmp_path / 'masks.json').write_text(json.dumps(data))
    masks = read_masks(str(tmp_path / 'masks.json'))
    path = write(
        [
            entry(anns[0], 'rejected'),
            entry(anns[1], 'rejected'),
            entry(data['annotations'][3], 'accepted'),
            entry(anns[3], 'accepted'),
            entry(anns[4], 'accepted', id=999),
            # The crowd, and text where the id is a number.
            entry(data['annotations'][0], 'accepted'),
            entry(anns[5], 'accepted', id='105'),
        ]
    )
    after = with_decisions(masks, path)
    assert after.boxes.content['annotations'] == [
        data['annotations'][0],
        dict(anns[0], proxy_review='rejected'),
        *data['annotations'][2:],
    ]
    (told,) = (one.getMessage() for one in caplog.records if one.levelname == 'WARNING')
    assert '2 about masks that have changed since, such as annotation 101' in told
    assert (
        f'3 about annotations that are not in {masks.boxes.path}, such as '
        'annotation 999' in told
    )
    assert '1 accepting a mask without pixels, such as annotation 102' in told
    found = match_decisions(masks.boxes, read_decisions(path))
    assert [list(found.fitting), len(found.unknown)] == [[1], 3]


def test_nothing_fits(anns, write, tmp_path):
    masks = read_masks(str(tmp_path / 'masks.json'))
    path = write([entry(anns[0], 'rejected', id=5)])
    with pytest.raises(
        ValueError, match='none of its 1 decisions fits .*masks.json: 1 '
    ):
        with_decisions(masks, path)
    path = write([entry(anns[0], 'rejected', mask=mask_digest(anns[2]))])
    with pytest.raises(ValueError, match='have changed since'):
        with_decisions(masks, path)
    # No decision at all is no mistake.
    assert not with_decisions(masks, write([])).rejected.any()


def test_fingerprint_is_of_size_and_counts():
    rle = rows_rle(3, 4, 10, 5)
    assert fingerprint(rle) == mask_digest(dict(segmentation=rle))
    others = [
        rows_rle(4, 4, 10, 5),
        dict(rle, size=rle['size'][::-1]),
    ]
    assert fingerprint(rle) not in map(fingerprint, others)


def test_boxes_of_an_earlier_run(anns, write, tmp_path):
    path, photos = str(tmp_path / 'masks.json'), str(tmp_path / 'img')
    decisions = write([entry(anns[0], 'accepted'), entry(anns[7], 'rejected')])
    plain = read_boxes(path, photos)
    # They are about all images, also those that are not chosen.
    some = read_boxes(path, photos, img_ids=['1'], decisions=decisions)
    assert some.annotation(1) == dict(
        anns[0],
        proxy_review='accepted',
        proxy_source='kept',
        proxy_agreement=1,
        proxy_confidence=1,
    )
    # A run of these boxes is another one, and one of other decisions too.
    every = read_boxes(path, photos, decisions=decisions)
    assert every.annotation(8)['proxy_review'] == 'rejected'
    others = read_boxes(path, photos, decisions=write([entry(anns[0], 'accepted')]))
    assert len({plain.digest, every.digest, others.digest}) == 3


def test_boxes_without_masks(anns, write, tmp_path):
    (tmp_path / 'labels').mkdir()
    (tmp_path / 'labels' / 'classes.txt').write_text('cat')
    (tmp_path / 'labels' / '1.txt').write_text('0 0.5 0.5 0.1 0.1')
    with pytest.raises(ValueError, match='has no masks to which .*decisions.json'):
        read_boxes(
            str(tmp_path / 'labels'),
            str(tmp_path / 'img'),
            decisions=write([entry(anns[0], 'accepted')]),
        )


def test_an_accepted_mask_is_expected_to_be_right(anns, write, tmp_path):
    path = tmp_path / 'masks.json'
    content = json.loads(path.read_text())
    for ann in content['annotations']:
        if not ann.get('iscrowd'):
            ann['proxy_iou'] = 0.25
    path.write_text(json.dumps(content))
    decided = write([entry(anns[3], 'accepted'), entry(anns[5], 'rejected')])
    after = with_decisions(read_masks(str(path)), decided)
    expected = [np.nan] + [0.25] * len(anns)
    # The crowd is the first of the file.
    expected[4] = 1
    assert np.array_equal(after.expected_iou, expected, equal_nan=True)
    assert [after.boxes.annotation(place)['proxy_iou'] for place in (3, 4, 6)] == [
        0.25,
        1,
        0.25,
    ]
