"""Masks that the boxes have already are kept, the others are made."""

import json

import numpy as np
import pytest
from proxy_run import arguments, tool, write_inputs

from mmboxcaseg.annotations.decisions import fingerprint
from mmboxcaseg.masks import decode_rle, encode_rle, to_rle


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    """Of each photo with boxes, the first has a mask: a square that also
    covers parts of other boxes; in one photo all have."""
    folder = tmp_path_factory.mktemp('keep')
    write_inputs(folder)
    content = json.loads((folder / 'boxes.json').read_text())
    sizes = {i['id']: (i['height'], i['width']) for i in content['images']}
    seen = set()
    for ann in content['annotations']:
        image = ann['image_id']
        if ann['id'] in (2, 3) or (image in seen and image != 44):
            continue
        seen.add(image)
        height, width = sizes[image]
        mask = np.zeros((height, width), bool)
        mask[3:25, 4:26] = True
        mask[10:12, 10:12] = False
        ann['segmentation'] = (
            encode_rle(mask, (0, 0, width, height), height, width)
            if ann['id'] % 2
            else [[4.5, 3.5, 25.5, 3.5, 25.5, 24.5, 4.5, 24.5, 9, 9]]
        )
    (folder / 'boxes.json').write_text(json.dumps(content))
    return folder


def make(folder, out, *more, ann=None):
    args = arguments(folder, out, *more)
    if ann:
        args[args.index('--ann') + 1] = str(ann)
    tool()['main'](args)
    return json.loads((out / 'masks.json').read_text())


@pytest.fixture(scope='module')
def made(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp('made')
    return make(inputs, out, '--keep-masks'), out / 'masks.json'


def masks_by_image(content):
    for image in content['images']:
        anns = [
            ann
            for ann in content['annotations']
            if ann['image_id'] == image['id'] and ann['id'] not in (2, 3)
        ]
        yield image, anns


def test_kept_to_the_pixel_and_first_when_merging(inputs, made):
    before = json.loads((inputs / 'boxes.json').read_text())['annotations']
    given = {ann['id']: ann for ann in before if ann.get('segmentation')}
    predicted = 0
    for image, anns in masks_by_image(made[0]):
        size = image['height'], image['width']
        taken = np.zeros(size, bool)
        for ann in anns:
            if ann['id'] not in given:
                continue
            expected = decode_rle(to_rle(given[ann['id']]['segmentation'], *size))
            assert (decode_rle(ann['segmentation']) == expected).all()
            assert ann['area'] == expected.sum()
            assert ann['proxy_agreement'] == ann['proxy_confidence'] == 1
            assert ann['proxy_source'] == 'kept'
            taken |= expected
        for ann in anns:
            if ann['id'] not in given:
                assert 'proxy_source' not in ann
                assert not (decode_rle(ann['segmentation']) & taken).any()
                predicted += 1
    # The numbers of each kind, so that neither loop was empty.
    assert len(given) > 8 and predicted > 5


def test_others_are_as_without_but_for_what_kept_ones_take(inputs, made, tmp_path):
    kept, alone = made[0], make(inputs, tmp_path, '--no-merge')
    merged = make(inputs, tmp_path, '--no-merge', '--keep-masks')
    lost = 0
    for a, b, c in zip(
        kept['annotations'], alone['annotations'], merged['annotations']
    ):
        if a.get('proxy_source') or a['id'] == 3:
            continue
        # Without merging nothing is taken from the others.
        assert b['segmentation'] == c['segmentation']
        mask, whole = (decode_rle(one['segmentation']) for one in (a, b))
        assert not (mask & ~whole).any()
        lost += (whole & ~mask).sum()
    assert lost > 50


def test_reruns_change_nothing(inputs, made, tmp_path):
    first, path = made
    for name in ('again', 'and_again'):
        out = tmp_path / name
        out.mkdir()
        again = make(inputs, out, '--keep-masks', ann=path)
        path = out / 'masks.json'
        assert json.dumps(again['annotations']) == json.dumps(first['annotations'])
    # Without the option all are made anew.
    anew = make(inputs, tmp_path, ann=path)
    assert not any('proxy_source' in ann for ann in anew['annotations'])


def test_polygons_stay_as_they_came(inputs, tmp_path):
    before = json.loads((inputs / 'boxes.json').read_text())['annotations']
    content = make(inputs, tmp_path, '--keep-masks', '--segmentation', 'polygons')
    for old, new in zip(before, content['annotations']):
        if isinstance(old.get('segmentation'), list):
            assert new['segmentation'] == old['segmentation']
    assert sum(isinstance(one.get('segmentation'), list) for one in before) > 2


def test_a_file_of_given_masks_only(inputs, tmp_path, capsys):
    content = json.loads((inputs / 'boxes.json').read_text())
    anns = [a for a in content['annotations'] if a.get('segmentation')]
    path = tmp_path / 'given.json'
    path.write_text(
        json.dumps(dict(content, annotations=[a for a in anns if a['id'] != 3]))
    )
    made = make(inputs, tmp_path, '--keep-masks', ann=path)
    assert all(
        a['proxy_source'] == 'kept' and a['proxy_confidence'] == 1
        for a in made['annotations']
    )
    count = len(made['annotations'])
    assert f'{count} given masks kept' in capsys.readouterr().err


def test_resumed(inputs, made, tmp_path):
    from mmboxcaseg.engine import ProxyMaskHook

    append = ProxyMaskHook._append

    def fail_late(self, sample):
        if len(self._writer.done) == 4:
            raise KeyboardInterrupt
        append(self, sample)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProxyMaskHook, '_append', fail_late)
        with pytest.raises(SystemExit, match='stopped'):
            make(inputs, tmp_path, '--keep-masks')
    with pytest.raises(SystemExit, match='keep_masks: false now, true in'):
        make(inputs, tmp_path, '--resume')
    again = make(inputs, tmp_path, '--keep-masks', '--resume')
    assert again == made[0]


def test_accepted_masks_are_kept_from_then_on(inputs, tmp_path, made):
    first, path = made
    predicted = [
        ann
        for ann in first['annotations']
        if 'proxy_source' not in ann and ann['id'] != 3 and ann['area']
    ]
    accepted, rejected = predicted[0], predicted[1]
    decisions = tmp_path / 'decisions.json'
    decisions.write_text(
        json.dumps(
            dict(
                version=1,
                decisions=[
                    dict(
                        id=ann['id'],
                        review=review,
                        mask=fingerprint(ann['segmentation']),
                    )
                    for ann, review in ((accepted, 'accepted'), (rejected, 'rejected'))
                ],
            )
        )
    )
    out = tmp_path / 'again'
    out.mkdir()
    again = make(inputs, out, '--decisions', str(decisions), '--margins', '1', ann=path)
    anns = {ann['id']: ann for ann in again['annotations']}
    kept = anns[accepted['id']]
    assert kept['segmentation'] == accepted['segmentation']
    assert kept['proxy_source'] == 'kept' and kept['proxy_agreement'] == 1
    assert kept['proxy_review'] == 'accepted'
    # The others are made anew, by crops that show more.
    other = anns[rejected['id']]
    assert other['segmentation'] != rejected['segmentation']
    assert 'proxy_review' not in other and 'proxy_source' not in other
    assert sum(ann.get('proxy_source') == 'kept' for ann in anns.values()) == 1 + sum(
        'proxy_source' in a for a in first['annotations']
    )


def test_loose_boxes(inputs, tmp_path):
    plain = make(inputs, tmp_path, '--no-merge')
    loose = make(inputs, tmp_path, '--no-merge', '--tighten', '0.4')
    exact = make(inputs, tmp_path, '--no-merge', '--tighten', '0')
    outside = 0
    for first, ann, same in zip(
        plain['annotations'], loose['annotations'], exact['annotations']
    ):
        if ann['id'] == 3 or not ann['area']:
            continue
        assert ann['bbox'] == first['bbox'] and 'bbox_tight' not in first
        assert same['segmentation'] == first['segmentation']
        rows, columns = np.nonzero(decode_rle(ann['segmentation']))
        x, y, w, h = ann['bbox_tight']
        assert [x, x + w] == [columns.min(), columns.max() + 1]
        assert [y, y + h] == [rows.min(), rows.max() + 1]
        outside += x < ann['bbox'][0] - 1
    assert outside > 3
    with pytest.raises(SystemExit, match='--tighten must be'):
        make(inputs, tmp_path, '--tighten', '-1')
