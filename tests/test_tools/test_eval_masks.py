import json

import numpy as np
import pytest
from pycocotools import mask as mask_utils

SIZE = (40, 50)


def rle(x0, y0, x1, y1, size=SIZE):
    mask = np.zeros(size, np.uint8, order='F')
    mask[y0:y1, x0:x1] = 1
    code = mask_utils.encode(mask)
    return dict(size=list(size), counts=code['counts'].decode())


def polygon(x0, y0, x1, y1):
    return [[x0, y0, x1, y0, x1, y1, x0, y1]]


def annotation(ann_id, category, bbox, segmentation, **more):
    return dict(
        id=ann_id,
        image_id=1,
        category_id=category,
        bbox=bbox,
        segmentation=segmentation,
        iscrowd=0,
        **more)


def make_files(tmp_path, change=lambda masks, truth: None):
    """Five objects whose IoUs are 1, 0.5, 0.3, 0 and 0.6 (worked out by
    hand), and those of their boxes 1, 0.5, 0.5, 0.25 and 1."""
    images = [dict(id=1, file_name='a.jpg', height=40, width=50)]
    categories = [dict(id=3, name='cat'), dict(id=9, name='dog')]
    truth = [
        annotation(1, 3, [0, 0, 10, 10], rle(0, 0, 10, 10)),
        # 10.4 rounds to 10 and 19.6 to 20.
        annotation(2, 3, [10.4, 0, 9.2, 10], polygon(10, 0, 20, 5)),
        annotation(3, 3, [20, 0, 10, 10], rle(20, 0, 30, 5)),
        annotation(4, 9, [0, 20, 10, 10], rle(0, 20, 5, 25)),
        annotation(5, 9, [20, 20, 10, 10], rle(20, 20, 30, 30)),
        annotation(6, 9, [0, 0, 50, 40], rle(0, 0, 50, 40)),
        annotation(7, 9, [60, 0, 5, 5], rle(0, 0, 1, 1)),
    ]
    truth[5]['iscrowd'] = 1
    masks = [
        annotation(1, 3, [0, 0, 10, 10], rle(0, 0, 10, 10)),
        annotation(2, 3, [10.4, 0, 9.2, 10], rle(10, 0, 20, 10)),
        # 15 of 50.
        annotation(3, 3, [20, 0, 10, 10], rle(20, 0, 23, 5)),
        annotation(4, 9, [0, 20, 10, 10], rle(5, 25, 10, 30)),
        annotation(5, 9, [20, 20, 10, 10], rle(20, 20, 26, 30)),
        annotation(7, 9, [60, 0, 5, 5], rle(0, 0, 0, 0)),
    ]
    for ann, score in zip(masks, (0.9, 0.95, 0.3, 0.1, 0.8, 0)):
        ann['proxy_agreement'] = score
    # Another order, so that places don't do for ids.
    masks.reverse()
    change(masks, truth)
    paths = []
    for name, anns in (('masks.json', masks), ('true.json', truth)):
        path = tmp_path / name
        path.write_text(
            json.dumps(
                dict(images=images, annotations=anns, categories=categories)))
        paths.append(str(path))
    return paths


def test_rank_correlation_of_confidence(tool, tmp_path, capsys):
    """Masks of IoU 1, 0.5, 0.3, 0 and 0.6."""
    confidences = iter([0.9, 0.5, 0.4, 0.1, 0.8])

    def with_confidence(masks, truth):
        for ann in sorted(masks, key=lambda ann: ann['id']):
            if not ann.get('iscrowd'):
                ann['proxy_confidence'] = next(confidences, 0)

    names = make_files(tmp_path, with_confidence)
    out = tmp_path / 'numbers.json'
    tool.main([*names, '--json', str(out)])
    assert json.loads(
        out.read_text())['spearman_confidence'] == pytest.approx(1)
    assert 'confidence and IoU: 1.000' in capsys.readouterr().out


@pytest.fixture
def tool(import_tool):
    return import_tool('analysis_tools/eval_masks')


def test_numbers_worked_out_by_hand(tool, tmp_path, capsys):
    out = str(tmp_path / 'new' / 'numbers.json')
    tool.main([*make_files(tmp_path), '--json', out])
    with open(out) as file:
        summary = json.load(file)
    rows = {row['name']: row for row in summary['rows']}
    assert list(rows) == [
        'masks', 'filled box', 'agreement >= 0.75 (kept)',
        'agreement < 0.75 (dropped)', 'agreement >= 0.85 (kept)',
        'agreement < 0.85 (dropped)', 'agreement >= 0.9 (kept)',
        'agreement < 0.9 (dropped)', 'agreement >= 0.95 (kept)',
        'agreement < 0.95 (dropped)'
    ]
    masks = rows['masks']
    assert masks['instances'] == 5 and masks['share'] == 100
    # Cats: 1, 0.5, 0.3; dogs: 0, 0.6.
    assert masks['mIoU_star'] == pytest.approx(100 * (0.6 + 0.3) / 2)
    assert masks['mIoU'] == pytest.approx(48)
    # 0.5 is not above 0.5.
    assert [masks[f'IoU@{k}'] for k in (25, 50, 70, 75)] == [80, 40, 20, 20]
    box = rows['filled box']
    assert box['mIoU_star'] == pytest.approx(100 * (2 / 3 + 0.625) / 2)
    assert box['mIoU'] == pytest.approx(65)
    kept, dropped = (
        rows[f'agreement {text}']
        for text in ('>= 0.9 (kept)', '< 0.9 (dropped)'))
    assert (kept['instances'], kept['share']) == (2, 40)
    assert kept['mIoU'] == pytest.approx(75)
    assert dropped['mIoU'] == pytest.approx(30)
    assert rows['agreement >= 0.75 (kept)']['instances'] == 3
    assert rows['agreement >= 0.85 (kept)']['instances'] == 2
    assert rows['agreement >= 0.95 (kept)']['mIoU'] == pytest.approx(50)
    # Ranks of agreement 4 5 2 1 3, of IoU 5 3 2 1 4: 1 - 6 * 6 / (5 * 24).
    assert summary['spearman'] == pytest.approx(0.7)
    assert summary['unusable'] == 1
    printed = capsys.readouterr().out
    assert '| masks | 5 | 100.0 | 45.0 | 48.0 | 80.0 | 40.0 |' in printed
    assert 'agreement and IoU: 0.700' in printed
    assert '1 annotations left out' in printed


def test_masks_without_agreement(tool, tmp_path, capsys):

    def change(masks, truth):
        for ann in masks:
            del ann['proxy_agreement']

    tool.main(make_files(tmp_path, change))
    printed = capsys.readouterr().out
    # Head, rule, masks, box; a line for the box outside the image.
    assert printed.count('\n|') == 3 and 'agreement' not in printed


def test_sizes_and_boundaries_on_request(tool, tmp_path, capsys):
    _, truth = make_files(tmp_path)
    out = str(tmp_path / 'numbers.json')
    tool.main([truth, truth, '--by-size', '--boundary', '--json', out])
    with open(out) as file:
        rows = {row['name']: row for row in json.load(file)['rows']}
    assert list(rows) == [
        'masks', 'masks, small', 'masks, medium', 'masks, large', 'filled box',
        'filled box, small', 'filled box, medium', 'filled box, large'
    ]
    # Images of 40 x 50 pixels have no large objects.
    sizes = [rows[f'masks, {size}'] for size in ('small', 'medium', 'large')]
    assert sum(row['instances'] for row in sizes) == 5
    assert sizes[2]['mIoU'] is None and sizes[0]['mIoU'] == 100
    assert rows['masks']['boundary_IoU@75'] == 100
    assert 0 < rows['filled box']['boundary_mIoU'] < 100
    assert '| boundary mIoU |' in capsys.readouterr().out


def test_nobody_kept_and_no_correlation(tool, tmp_path, capsys):

    def change(masks, truth):
        for ann in masks:
            ann['proxy_agreement'] = 0.5

    out = str(tmp_path / 'numbers.json')
    tool.main([*make_files(tmp_path, change), '--json', out])
    printed = capsys.readouterr().out
    assert '| agreement >= 0.95 (kept) | 0 | 0.0 | - | - |' in printed
    with open(out) as file:
        summary = json.load(file)
    assert summary['spearman'] is None
    assert summary['rows'][2]['mIoU'] is None


def test_truth_against_itself(tool, tmp_path, capsys):
    _, truth = make_files(tmp_path)
    tool.main([truth, truth])
    assert '| masks | 5 | 100.0 | 100.0 | 100.0 |' in capsys.readouterr().out


@pytest.mark.parametrize('change, message', [
    (lambda masks, truth: masks.pop(0),
     '1 of 6 annotations of .*true.json are not in .*masks.json: 7;'),
    (lambda masks, truth: truth.pop(0),
     '1 of 6 annotations of .*masks.json are not in .*true.json: 1;'),
    (lambda masks, truth: masks[1].update(category_id=3),
     '"category_id" is 3 in .*masks.json, but 9 in .*true.json'),
    (lambda masks, truth: masks[1].pop('proxy_agreement'),
     'annotation 5 has no "proxy_agreement", but others have'),
    (lambda masks, truth: masks[1].pop('segmentation'),
     'masks.json: annotation 5 has no "segmentation"'),
    (lambda masks, truth: masks[1].update(
        segmentation=rle(0, 0, 5, 5, (50, 40))),
     r'masks.json: the mask of annotation 5 has .* \(50, 40\), its image \(40'
     ),
])
def test_files_that_do_not_fit(tool, tmp_path, change, message):
    with pytest.raises(SystemExit, match=message):
        tool.main(make_files(tmp_path, change))


def test_help_is_instant(instant_help):
    assert '--json' in instant_help('analysis_tools/eval_masks')
