import json
import re

import numpy as np
import pytest
from decision_files import entry, mask_digest, write_decisions
from report_files import write_report_files

from mmboxcaseg.annotations import apply_decisions, read_decisions, read_proxy_masks
from mmboxcaseg.report import choose_review, make_review, report_masks
from mmboxcaseg.report.review import svg_path


def test_least_certain_first_and_large_before_small():
    scores = np.array([0.9, 0.2, 0.5, 0.2, 0.1])
    areas = np.array([1, 4, 1, 9, 1])
    asked = np.array([True, True, True, True, False])
    assert choose_review(scores, areas, asked) == [3, 1, 2, 0]


def test_path_of_a_mask():
    mask = np.zeros((6, 8), bool)
    mask[1:5, 2:7] = True
    mask[2:4, 3:5] = False
    path = svg_path(mask)
    assert re.fullmatch(r'(M\d+ \d+([HV]\d+){3}Z){2}', path)
    # Corners of the outline and of the hole.
    corners = []
    for part in path.split('Z')[:-1]:
        x, y = map(int, re.match(r'M(\d+) (\d+)', part).groups())
        here = {(x, y)}
        for axis, to in re.findall(r'([HV])(\d+)', part):
            x, y = (int(to), y) if axis == 'H' else (x, int(to))
            here.add((x, y))
        corners.append(here)
    assert {(2, 1), (7, 1), (2, 5), (7, 5)} in corners
    assert {(3, 2), (5, 2), (3, 4), (5, 4)} in corners
    assert svg_path(np.zeros((3, 3), bool)) == ''


@pytest.fixture
def review(tmp_path):
    """Function that makes the review of 30 masks, some of them decided."""
    anns = write_report_files(tmp_path, with_confidence=True)
    path = tmp_path / 'masks.json'

    def run(num=0, entries=(), change=lambda anns: None):
        data = json.loads(path.read_text())
        change(data['annotations'][1:])
        path.write_text(json.dumps(data))
        file, decisions = read_proxy_masks(str(path)), None
        if entries:
            decisions = read_decisions(
                write_decisions(tmp_path / 'decisions.json', entries)
            )
            file = apply_decisions(file, decisions)
        return make_review(report_masks(file), str(tmp_path / 'img'), num, decisions)

    return anns, run


def ids(review):
    return [json.loads(card.box_id) for card in review.cards]


def by_confidence(anns, but=()):
    return [
        ann['id']
        for ann in sorted(anns, key=lambda a: a['proxy_confidence'])
        if ann['id'] not in but
    ]


def test_cards(review):
    anns, run = review
    made = run(num=4)
    assert ids(made) == by_confidence(anns)[:4]
    assert (made.waiting, made.unshown, made.earlier) == (30, 0, {})
    assert re.fullmatch('[0-9a-f]{64}', made.masks_digest)
    of_id = {ann['id']: ann for ann in anns}
    for card in made.cards:
        ann = of_id[json.loads(card.box_id)]
        assert card.mask == mask_digest(ann)
        assert card.scores == dict(
            confidence=ann['proxy_confidence'], agreement=ann['proxy_agreement']
        )
        x, y, side, _ = ann['bbox']
        assert card.box == (min(x, 40), min(y, 40), side, side)
        assert card.file_name == f'{ann["image_id"]}.png'
    assert ids(run()) == by_confidence(anns)


def test_what_is_not_asked(review):
    """Given, empty, and decided masks; unsure ones are asked again."""
    anns, run = review

    def change(anns):
        anns[0].update(proxy_source='kept')
        anns[1].update(proxy_review='accepted')
        anns[2].update(proxy_review='rejected')
        anns[3].update(proxy_review='unsure')
        anns[4].update(proxy_agreement=0.0)

    made = run(
        change=change,
        entries=[
            entry(anns[5], 'accepted'),
            entry(anns[6], 'rejected'),
            entry(anns[7], 'unsure'),
        ],
    )
    but = {anns[number]['id'] for number in (0, 1, 2, 4, 5, 6)}
    assert ids(made) == by_confidence(anns, but)
    assert made.waiting == 24
    # The page goes on from here, and saves what was given with it.
    assert made.earlier == {
        str(anns[number]['id']): (review, mask_digest(anns[number]))
        for number, review in (
            (3, 'unsure'),
            (5, 'accepted'),
            (6, 'rejected'),
            (7, 'unsure'),
        )
    }


def test_masks_that_cannot_be_shown(review, tmp_path):
    anns, run = review
    (tmp_path / 'img' / '1.png').unlink()
    lost = {ann['id'] for ann in anns if ann['image_id'] == 1}
    made = run(num=10)
    order = by_confidence(anns)
    # Others take their places.
    assert ids(made) == by_confidence(anns, lost)[:10]
    before = order[: order.index(ids(made)[-1])]
    assert made.unshown == len(lost.intersection(before)) > 0
    assert run().unshown == 5
