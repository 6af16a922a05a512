"""From masks and some true ones to the IoU that is expected of each mask."""

import json

import numpy as np
import pytest
from proxy_run import arguments, tool, write_inputs

from mmboxcaseg.annotations import read_calibration
from mmboxcaseg.apis import calibrate
from mmboxcaseg.cli.main import main
from mmboxcaseg.engine import ProxyMaskHook
from mmboxcaseg.masks import decode_rle, encode_rle, pixel_rects
from mmboxcaseg.masks.calibration import MaskTraits

SKIPPED, CROWD, KEPT = 2, 3, 9


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    """Boxes of which one has a mask already, true masks of most of them, the
    masks of a run and what was learnt from both."""
    folder = tmp_path_factory.mktemp('calibrate')
    write_inputs(folder)
    content = json.loads((folder / 'boxes.json').read_text())
    sizes = {i['id']: (i['height'], i['width']) for i in content['images']}
    rng = np.random.default_rng(5)
    more = []
    for ann in content['annotations'][3:]:
        x, y, w, h = ann['bbox']
        for _ in range(2):
            left, top = rng.uniform(0, 20, 2).tolist()
            more.append(
                dict(
                    ann,
                    id=100 + len(more),
                    bbox=[left, top, w, h],
                )
            )
    content['annotations'] += more
    truth = []
    for ann in content['annotations']:
        if ann['id'] in (SKIPPED, CROWD):
            continue
        height, width = sizes[ann['image_id']]
        x, y, w, h = ann['bbox']
        (rect,) = pixel_rects(np.array([[x, y, x + w, y + h]]), height, width).tolist()
        shape = rect[3] - rect[1], rect[2] - rect[0]
        mask = encode_rle(rng.random(shape) < 0.7, rect, height, width)
        if ann['id'] == KEPT:
            ann['segmentation'] = mask
        if ann['id'] != 5:
            truth.append(dict(ann, segmentation=mask))
    (folder / 'boxes.json').write_text(json.dumps(content))
    # As of another person: no scores, another order, one that is not known.
    truth = truth[::-1] + [dict(truth[0], id=999)]
    (folder / 'true.json').write_text(json.dumps(dict(content, annotations=truth)))
    (folder / 'out').mkdir()
    make(folder, folder / 'out', '--keep-masks')
    calibrate(
        str(folder / 'out/masks.json'),
        str(folder / 'true.json'),
        str(folder / 'calibration.json'),
    )
    return folder


def make(inputs, out, *more):
    tool()['main'](arguments(inputs, out, *more))
    return (out / 'masks.json').read_bytes()


def options(inputs):
    return '--keep-masks', '--calibration', str(inputs / 'calibration.json')


@pytest.fixture(scope='module')
def made(inputs, tmp_path_factory):
    return make(inputs, tmp_path_factory.mktemp('made'), *options(inputs))


def test_what_it_is_fitted_on(inputs):
    """By hand: all that are in both, but for the kept one."""
    content = json.loads((inputs / 'out/masks.json').read_text())
    truth = {
        ann['id']: ann['segmentation']
        for ann in json.loads((inputs / 'true.json').read_text())['annotations']
    }
    ious, images = [], set()
    for ann in content['annotations']:
        if ann['id'] in truth and ann['id'] != KEPT and ann['area']:
            one, other = (
                decode_rle(rle) for rle in (ann['segmentation'], truth[ann['id']])
            )
            ious.append((one & other).sum() / (one | other).sum())
            images.add(ann['image_id'])
    found = read_calibration(str(inputs / 'calibration.json')).calibration
    assert found.masks == len(ious) > 40 and found.photos == len(images)
    assert found.mean_iou == pytest.approx(np.mean(ious))
    assert found.made['merge'] is True
    assert (
        found.made['checkpoint_sha256']
        == content['info']['proxy_masks']['checkpoint_sha256']
    )
    assert 'crops_per_batch' not in found.made['test_cfg']


def test_every_mask_gets_its_iou(inputs, made):
    content = json.loads(made)
    file = read_calibration(str(inputs / 'calibration.json'))
    sizes = {i['id']: (i['height'], i['width']) for i in content['images']}
    told = []
    for ann in content['annotations']:
        if ann['id'] == CROWD:
            assert 'proxy_iou' not in ann
            continue
        if ann['id'] in (SKIPPED, KEPT):
            assert ann['proxy_iou'] == (ann['id'] == KEPT)
            continue
        size = sizes[ann['image_id']]
        box, *others = (
            np.array([x, y, x + w, y + h]).clip(0, (size[::-1]) * 2)
            for x, y, w, h in [
                one['bbox']
                for one in [
                    ann,
                    *(
                        other
                        for other in content['annotations']
                        if other['image_id'] == ann['image_id']
                        and other['id'] not in (ann['id'], SKIPPED, CROWD)
                    ),
                ]
            ]
        )
        shares = sum(
            max(min(box[2], o[2]) - max(box[0], o[0]), 0)
            * max(min(box[3], o[3]) - max(box[1], o[1]), 0)
            for o in others
        ) / np.prod(box[2:] - box[:2])
        (rect,) = pixel_rects(box[None], *size)
        (expected,) = file.calibration.predict(
            MaskTraits(
                agreement=np.array([ann['proxy_agreement']]),
                confidence=np.array([ann['proxy_confidence']]),
                areas=np.array([ann['area']]),
                rect_areas=np.array([np.prod(rect[2:] - rect[:2])]),
                shared=np.array([min(shares, 1)]),
            )
        )
        assert ann['proxy_iou'] == pytest.approx(expected, abs=0.51e-4)
        assert ann['proxy_iou'] == round(ann['proxy_iou'], 4)
        told.append(ann['proxy_iou'])
    assert len(told) > 40 and len(set(told)) > 3
    said = content['info']['proxy_masks']['calibration']
    assert said['sha256'] == file.digest


def test_the_masks_are_the_same_without(inputs, made):
    without = json.loads((inputs / 'out/masks.json').read_text())
    with_iou = json.loads(made)
    for ann in with_iou['annotations']:
        ann.pop('proxy_iou', None)
    assert with_iou['annotations'] == without['annotations']
    assert without['info']['proxy_masks']['calibration'] is None


def test_resumed(inputs, made, tmp_path, monkeypatch):
    append = ProxyMaskHook._append

    def fail_late(self, sample):
        if len(self._writer.done) == 4:
            raise KeyboardInterrupt
        append(self, sample)

    monkeypatch.setattr(ProxyMaskHook, '_append', fail_late)
    with pytest.raises(SystemExit, match='stopped'):
        make(inputs, tmp_path, *options(inputs))
    monkeypatch.undo()
    with pytest.raises(SystemExit, match='calibration: null now'):
        make(inputs, tmp_path, '--resume', '--keep-masks')
    assert make(inputs, tmp_path, '--resume', *options(inputs)) == made


def test_all_done_but_not_joined(inputs, made, tmp_path, monkeypatch):
    monkeypatch.setattr(ProxyMaskHook, 'after_test', lambda *args: None)
    with pytest.raises(FileNotFoundError):
        make(inputs, tmp_path, *options(inputs))
    assert make(inputs, tmp_path, '--resume', *options(inputs)) == made


def test_a_rerun_without_forgets_it(inputs, made, tmp_path):
    (tmp_path / 'before.json').write_bytes(made)
    args = arguments(inputs, tmp_path)
    args[args.index('--ann') + 1] = str(tmp_path / 'before.json')
    tool()['main'](args)
    assert b'"proxy_iou"' not in (tmp_path / 'masks.json').read_bytes()


def test_masks_made_in_another_way_are_told(inputs, tmp_path, capsys):
    make(inputs, tmp_path, *options(inputs))
    told = capsys.readouterr().err
    assert 'with other settings' not in told
    content = json.loads((tmp_path / 'masks.json').read_text())
    ious = [
        a['proxy_iou']
        for a in content['annotations']
        if 'proxy_iou' in a and 'proxy_skipped' not in a
    ]
    assert f'expected mean IoU {np.mean(ious):.2f}' in told
    make(inputs, tmp_path, '--no-merge', *options(inputs))
    told = capsys.readouterr().err
    assert 'calibration.json was fitted to masks that were made ' in told
    assert 'with other settings (merge)' in told


def test_command(inputs, tmp_path, capsys):
    out = tmp_path / 'new' / 'mine.json'
    words = [
        'calibrate',
        str(inputs / 'out/masks.json'),
        str(inputs / 'true.json'),
        '-o',
        str(out),
    ]
    assert main(words) == 0
    assert out.read_bytes() == (inputs / 'calibration.json').read_bytes()
    assert f'{out}: fitted to ' in capsys.readouterr().out


def test_predicted_masks_are_no_true_ones(inputs, tmp_path, caplog):
    """A labelling tool gives back the whole file, some of it corrected."""
    content = json.loads((inputs / 'out/masks.json').read_text())
    corrected = 0
    for ann in content['annotations']:
        if corrected < 20 and ann['id'] not in (SKIPPED, CROWD, KEPT):
            del ann['proxy_agreement']
            corrected += 1
    (tmp_path / 'true.json').write_text(json.dumps(content))
    with pytest.raises(ValueError) as error:
        calibrate(
            str(inputs / 'out/masks.json'),
            str(tmp_path / 'true.json'),
            str(tmp_path / 'out.json'),
        )
    left = len(content['annotations']) - 23
    assert f'{left + 1} of its masks have "proxy_agreement"' in caplog.text
    assert str(tmp_path / 'true.json') in str(error.value)
    assert 'a calibration needs 30' in str(error.value)
    assert not (tmp_path / 'out.json').exists()


def test_wrong_files(inputs, tmp_path):
    masks, truth = inputs / 'out/masks.json', inputs / 'true.json'
    with pytest.raises(ValueError, match='true.json is one of the inputs'):
        calibrate(str(masks), str(truth), str(truth))
    content = json.loads(truth.read_text())
    for image in content['images']:
        image['height'] += 1
    for ann in content['annotations']:
        ann['segmentation'] = [[0, 0, 9, 0, 9, 9]]
    (tmp_path / 'tall.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r'\(height, width\) of its image'):
        calibrate(str(masks), str(tmp_path / 'tall.json'), str(tmp_path / 'out.json'))
    content = json.loads(masks.read_text())
    for ann in content['annotations']:
        ann.pop('proxy_confidence', None)
    (tmp_path / 'old.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match='have no "proxy_confidence"'):
        calibrate(str(tmp_path / 'old.json'), str(truth), str(tmp_path / 'out.json'))
    with pytest.raises(SystemExit, match='--calibration: no file'):
        make(inputs, tmp_path, '--calibration', 'nowhere.json')
    with pytest.raises(SystemExit, match='masks.json: no "version"; give a'):
        make(inputs, tmp_path, '--calibration', str(masks))


def test_ids_that_do_not_match(inputs, tmp_path):
    content = json.loads((inputs / 'true.json').read_text())
    for number, ann in enumerate(content['annotations']):
        ann['id'] = 5000 + number
    (tmp_path / 'true.json').write_text(json.dumps(content))
    with pytest.raises(
        ValueError, match=r'\(ids 5000, 5001, 5002, \.\.\.\); masks are'
    ):
        calibrate(
            str(inputs / 'out/masks.json'),
            str(tmp_path / 'true.json'),
            str(tmp_path / 'out.json'),
        )
