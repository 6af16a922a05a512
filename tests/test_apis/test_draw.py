import json

import cv2
import numpy as np
import pytest
from decision_files import entry, write_decisions
from report_files import write_report_files

from mmboxcaseg import visualization as vis
from mmboxcaseg.apis.draw import choose, draw_masks, proxy_sheet
from mmboxcaseg.masks import to_polygons
from mmboxcaseg.visualization import IGNORED


@pytest.fixture
def draw(tmp_path):
    """Function that draws masks; returns the pictures by file name."""
    write_report_files(tmp_path)
    out = tmp_path / 'out'

    def run(**options):
        written = draw_masks(
            str(tmp_path / 'masks.json'),
            str(tmp_path / 'img'),
            str(out),
            side=360,
            **options,
        )
        pictures = {
            path.name: cv2.imread(str(path))[..., ::-1]
            for path in sorted(out.iterdir())
        }
        assert written == [str(out / name) for name in pictures]
        for path in out.iterdir():
            path.unlink()
        return pictures

    return run


def share_of_red(picture):
    return (picture == IGNORED).all(axis=2).mean()


def test_every_image(draw):
    pictures = draw(agreement_thr=0.95)
    assert list(pictures) == [f'{n}_{n}.png' for n in range(1, 7)]
    assert {one.shape for one in pictures.values()} == {(240, 360, 3)}
    assert min(map(share_of_red, pictures.values())) > 0.005
    # Nothing is hatched unless it is asked for.
    assert sum(map(share_of_red, draw().values())) == 0


def test_chosen_images(draw):
    assert list(draw(num=2)) == ['1_1.png', '2_2.png']
    assert list(draw(classes=['rare'])) == ['4_4.png']
    assert list(draw(images=['6', '5.png'])) == ['5_5.png', '6_6.png']


def test_only_ignored(draw, tmp_path):
    data = json.loads((tmp_path / 'masks.json').read_text())
    low = {
        f'{ann["image_id"]}_{ann["image_id"]}.png'
        for ann in data['annotations'][1:]
        if ann['proxy_agreement'] < 0.55
    }
    assert 0 < len(low) < 6
    assert set(draw(only_ignored=True, agreement_thr=0.55)) == low
    # Alone it goes by the threshold of the report.
    alone, by_report = (
        draw(only_ignored=True, **thr) for thr in ({}, dict(agreement_thr=0.95))
    )
    assert list(alone) == list(by_report)
    assert all((alone[name] == by_report[name]).all() for name in alone)


def test_ignored_by_confidence(draw, tmp_path):
    folder = tmp_path / 'with'
    folder.mkdir()
    anns = write_report_files(folder, with_confidence=True)
    (folder / 'masks.json').rename(tmp_path / 'masks.json')
    low = {
        f'{ann["image_id"]}_{ann["image_id"]}.png'
        for ann in anns
        if ann['proxy_confidence'] < 0.1
    }
    assert 0 < len(low) < 6
    pictures = draw(only_ignored=True, confidence_thr=0.1)
    assert set(pictures) == low
    assert min(map(share_of_red, pictures.values())) > 0.005


def test_rejected_masks(draw, tmp_path):
    anns = json.loads((tmp_path / 'masks.json').read_text())['annotations']
    # Of the second photo.
    decisions = write_decisions(
        tmp_path / 'decisions.json', [entry(anns[6], 'rejected')]
    )
    pictures = draw(decisions=decisions)
    red = {name: share_of_red(one) > 0 for name, one in pictures.items()}
    assert [name for name, there in red.items() if there] == ['2_2.png']
    assert list(draw(agreement_thr=0, only_ignored=True, decisions=decisions)) == [
        '2_2.png'
    ]


def test_polygons_empty_masks_and_unusable_boxes(draw, tmp_path):
    path = tmp_path / 'masks.json'
    data = json.loads(path.read_text())
    of_rle = draw(images=['1'])['1_1.png']
    for ann in data['annotations'][1:]:
        ann['segmentation'] = to_polygons(ann['segmentation'])
    path.write_text(json.dumps(data))
    assert (draw(images=['1'])['1_1.png'] == of_rle).all()
    for ann in data['annotations'][1:]:
        ann['segmentation'] = []
    data['annotations'][2]['bbox'][2] = -1
    path.write_text(json.dumps(data))
    drawn = draw(images=['1'])['1_1.png']
    assert drawn.shape == of_rle.shape and (drawn != of_rle).any()


def test_image_without_masks(draw, tmp_path):
    path = tmp_path / 'masks.json'
    data = json.loads(path.read_text())
    data['annotations'] = []
    path.write_text(json.dumps(data))
    photo = cv2.imread(str(tmp_path / 'img' / '2.png'))[..., ::-1]
    drawn = draw(images=['2.png'])['2_2.png']
    assert (drawn == vis.resize_image(photo, 360, 240)).all()
    for options in ({}, dict(images=['2.png'], only_ignored=True)):
        with pytest.raises(ValueError, match='no image to draw'):
            draw(**options)


def test_no_window(tmp_path, monkeypatch):
    from matplotlib import pyplot

    write_report_files(tmp_path)
    args = [str(tmp_path / 'masks.json'), str(tmp_path / 'img')]
    pyplot.switch_backend('agg')
    with pytest.raises(ValueError, match='no display .* --out DIR'):
        draw_masks(*args)
    seen = []
    monkeypatch.setattr(pyplot, 'get_backend', lambda: 'window')
    monkeypatch.setattr(
        pyplot,
        'show',
        lambda: seen.append(
            np.asarray(pyplot.gcf().axes[0].images[0].get_array()).shape
        ),
    )
    assert draw_masks(*args, num=1, side=180) == []
    pyplot.close('all')
    assert seen == [(120, 180, 3)]


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(images=['9']), "masks.json has no image '9'"),
        (dict(classes=['cow']), "masks.json has no class 'cow'"),
        (dict(only_ignored=True, agreement_thr=0), 'no image to draw'),
        (dict(num=0), 'num must be at least 1'),
        (dict(confidence_thr=0.5), 'no confidence'),
        (dict(agreement_thr=95), 'from 0 to 1'),
    ],
)
def test_nothing_to_draw(draw, options, message):
    with pytest.raises(ValueError, match=message):
        draw(**options)


def test_photos_that_do_not_fit(draw, tmp_path):
    cv2.imwrite(str(tmp_path / 'img' / '1.png'), np.zeros((5, 7, 3), np.uint8))
    with pytest.raises(ValueError, match='7 x 5 pixels, its masks are 90 x 60'):
        draw()
    (tmp_path / 'img' / '1.png').write_text('no picture')
    with pytest.raises(ValueError, match="1.png can't be decoded"):
        draw()
    (tmp_path / 'img' / '1.png').unlink()
    skipped = []
    assert len(draw(on_skip=skipped.append)) == 5
    assert skipped == ['1.png']
    with pytest.raises(FileNotFoundError, match='none of the 1 photos .* 1.png'):
        draw(images=['1'])
    (tmp_path / 'img').rename(tmp_path / 'photos')
    with pytest.raises(FileNotFoundError, match='photos: no folder'):
        draw()


def test_numbers_drawn_at_random():
    chosen = choose(4, 9, seed=0)
    assert chosen == sorted(set(chosen)) and len(chosen) == 4
    assert chosen == choose(4, 9, seed=0) != choose(4, 9, seed=1)
    assert choose(20, 3, seed=0) == [0, 1, 2]


@pytest.fixture
def sheet(tmp_path, monkeypatch):
    """Function that makes a sheet; returns its rows, texts and pixels."""
    seen = []
    original = vis.make_sheet
    monkeypatch.setattr(
        vis,
        'make_sheet',
        lambda rows, *args, **kwargs: (
            seen.append((rows, *args)) or original(rows, *args, **kwargs)
        ),
    )

    def run(**options):
        picture = proxy_sheet(
            str(tmp_path / 'masks.json'), str(tmp_path / 'img'), **options
        )
        return *seen.pop(), picture

    return run


@pytest.mark.parametrize(
    'with_confidence, legend',
    [
        (False, 'the number is the agreement of mask and box'),
        (True, "c is a mask's confidence, a its agreement with the box"),
    ],
)
def test_sheet(sheet, tmp_path, with_confidence, legend):
    anns = write_report_files(tmp_path, with_confidence)
    low = [ann['proxy_agreement'] < 0.95 for ann in anns]
    (cells,), title, subtitle, picture = sheet(num=2, seed=3)
    for cell in cells:
        name, counts = cell.caption.split('\n')
        image = int(name.removesuffix('.png')) - 1
        ignored = sum(low[5 * image : 5 * image + 5])
        assert counts == f'{5 - ignored} kept, {ignored} ignored'
    assert title == 'masks.json: proxy masks'
    assert subtitle == (
        f'{100 * np.mean(low):.0f} % of all 30 masks are '
        f'ignored, with an agreement below 0.95; {legend}'
    )
    *rest, without = sheet(num=2, seed=3, agreement_thr=0)
    # Only the sample in the legend is left.
    red = (picture == IGNORED).all(axis=2).sum()
    assert (without == IGNORED).all(axis=2).sum() < red / 10


def test_images_with_too_many_masks(sheet, tmp_path):
    write_report_files(tmp_path)
    assert len(sheet(max_instances=5)[0][0]) == 3
    with pytest.raises(ValueError, match='no image has between 1 and 4 masks'):
        sheet(max_instances=4)
