import subprocess
import sys

import numpy as np
import pytest

from mmboxcaseg.visualization import (
    BOX,
    MASK,
    TRUTH,
    Instances,
    comparison_row,
    detection_pictures,
    in_rows,
    patch_picture,
    proxy_picture,
    training_picture,
)


def photo(height=100, width=200):
    return np.full((height, width, 3), 100, np.uint8)


def block(y0, y1, x0, x1, height=100, width=200):
    mask = np.zeros((height, width), bool)
    mask[y0:y1, x0:x1] = True
    return mask


def tint(color, opacity=0.45):
    return np.rint((1 - opacity) * 100 + opacity * np.array(color))


def test_patches():
    label = block(20, 60, 30, 80, 100, 100)
    cell = patch_picture(photo(100, 100), label, 'box', 'a.jpg', 100)
    assert cell.caption == 'box\na.jpg' and cell.color == BOX
    outline = label.copy()
    outline[23:57, 33:77] = False
    assert ((cell.image == BOX).all(axis=2) == outline).all()
    cell = patch_picture(photo(100, 100), label, 'mask', 'a.jpg', 100)
    assert cell.caption == 'mask\na.jpg' and cell.color == MASK
    assert (cell.image[25:55, 35:75] == tint(MASK)).all()
    assert (cell.image[:15] == 100).all()


def test_comparison_is_cut_out_around_the_box():
    box = np.array([80.0, 40.0, 120.0, 60.0])
    truth, mask = block(45, 60, 85, 120), block(40, 60, 80, 100)
    cells = comparison_row(photo(), box, 0.65625, truth, [mask], [0.25], 60)
    assert [cell.caption for cell in cells] == ['box: IoU 65.6', '', 'IoU 25.0']
    # 10 px left and right, 5 above and below: nothing is scaled.
    assert all(cell.image.shape == (30, 60, 3) for cell in cells)
    assert tuple(cells[0].image[5, 10]) == BOX
    assert (cells[1].image[12:23, 17:48] == tint(TRUTH)).all()
    assert (cells[1].image[:8] == 100).all()
    assert (cells[2].image[7:23, 12:28] == tint(MASK)).all()
    assert (cells[2].image[:, 33:] == 100).all()


@pytest.fixture
def seen(monkeypatch):
    """Texts and ignored masks of the pictures drawn."""
    seen = []
    monkeypatch.setattr(
        'mmboxcaseg.visualization.pictures.draw_instances',
        lambda image, boxes, colors, texts, masks, ignored: (
            seen.append((texts, ignored)) or image
        ),
    )
    return seen


def test_proxy_masks_below_the_threshold_are_ignored(seen):
    boxes = np.array([[0, 0, 50, 50]] * 4)
    masks = [block(0, 50, 0, 50)] * 4
    cell = proxy_picture(
        photo(), boxes, masks, [1.0, 0.95, 0.9499, 0.0], 0.95, 'a.jpg', 200
    )
    assert seen == [(['1.00', '0.95', '0.94', '0.00'], [False, False, True, True])]
    assert cell.caption == 'a.jpg\n2 kept, 2 ignored'


def test_confidence_is_written_beside_agreement(seen):
    boxes = np.array([[0, 0, 50, 50]] * 3)
    masks = [block(0, 50, 0, 50)] * 3
    scores = [1.0, 0.97, 0.5], [0.2, 0.699, 0.9]
    for thr, ignored in ((None, [0, 0, 1]), (0.69, [1, 0, 1])):
        cell = proxy_picture(
            photo(),
            boxes,
            masks,
            scores[0],
            0.95,
            'a.jpg',
            200,
            ['cat', 'dog', 'cow'],
            confidences=scores[1],
            confidence_thr=thr,
        )
        assert seen.pop() == (
            ['cat c 0.20 a 1.00', 'dog c 0.69 a 0.97', 'cow c 0.90 a 0.50'],
            ignored,
        )
        assert cell.caption.endswith(f'{sum(ignored)} ignored')


def test_a_class_has_one_color_in_both_pictures():
    masks = [block(30, 90, 10, 90), block(30, 90, 110, 190)]
    boxes = np.array([[10, 30, 90, 90], [110, 30, 190, 90]])
    # 12 colours: numbered by themselves, 7 and 19 would look the same.
    found = Instances(boxes[:1], masks[:1], [19], ['tv 0.9'])
    true = Instances(boxes, masks, [19, 7], ['tv', 'cat'])
    left, right = detection_pictures(photo(), found, true, 'a.jpg', 200)
    assert left.caption == 'a.jpg: 1 found'
    assert right.caption == 'a.jpg: 2 there'
    tv, cat = right.image[70, 50], right.image[70, 150]
    assert (left.image[70, 50] == tv).all() and (tv != cat).any()
    assert (left.image[70, 150] == 100).all()


def test_training_picture_counts_ignored_masks():
    boxes = np.array([[10, 30, 90, 90], [110, 30, 190, 90]])
    masks = [block(30, 90, 10, 90), block(30, 90, 110, 190)]
    instances = Instances(boxes, masks, [0, 0], ['cat', 'cat'])
    cell = training_picture(photo(), instances, [True, False], 'a.jpg', 200)
    assert cell.caption == 'a.jpg\nboxes: 2; masks: 1 train, 1 ignored'
    assert (cell.image[60:80, 30:70] == 100).all(axis=2).mean() > 0.7
    assert (cell.image[60:80, 130:170] != 100).all(axis=2).all()
    only_boxes = Instances(boxes, [], [0, 0], ['cat', 'cat'])
    cell = training_picture(photo(), only_boxes, [False] * 2, 'a.jpg', 200)
    assert (cell.image[60:80, 30:70] == 100).all()


@pytest.mark.parametrize('count, sizes', [(5, [2, 2, 1]), (4, [2, 2]), (0, [])])
def test_in_rows(count, sizes):
    assert [len(row) for row in in_rows(list(range(count)), 2)] == sizes


def test_needs_neither_torch_nor_a_display():
    code = (
        'import sys, mmboxcaseg.visualization\n'
        'assert "torch" not in sys.modules\n'
        'assert "matplotlib.pyplot" not in sys.modules\n'
    )
    subprocess.run([sys.executable, '-c', code], check=True)
