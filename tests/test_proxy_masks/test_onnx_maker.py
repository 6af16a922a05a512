"""Runs with an exported model against those of PyTorch."""

import json
from dataclasses import replace

import numpy as np
import onnx_files
import pytest
from proxy_run import write_inputs

from mmboxcaseg.apis import BoxCasegInferencer, MaskOptions, make_proxy_masks
from mmboxcaseg.masks import decode_rle
from mmboxcaseg.prediction.onnx_model import OnnxModel
from mmboxcaseg.proxy_masks import MaskWriter, OnnxMaker, Part, Run, shard_dir


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    """Boxes and photos, one of them broken and one missing; two models."""
    folder = tmp_path_factory.mktemp('inputs')
    write_inputs(folder)
    (folder / 'img' / '1.png').write_bytes(b'no image')
    (folder / 'img' / '7.png').unlink()
    (folder / 'exported').mkdir()
    onnx_files.write_exported(folder / 'exported')
    return folder


def options(inputs, out, **more):
    return MaskOptions(
        ann=str(inputs / 'boxes.json'),
        img_dir=str(inputs / 'img'),
        out=str(out / 'masks.json'),
        **{
            'checkpoint': str(inputs / 'exported' / 'model.onnx'),
            'num_workers': 1,
            **more,
        },
    )


def made(given):
    """The report of a run, and its file as text."""
    report = make_proxy_masks(given)
    with open(given.out, encoding='utf-8') as file:
        return report, file.read()


@pytest.fixture(scope='module')
def whole(inputs, tmp_path_factory):
    """The file that every other way must arrive at."""
    return made(options(inputs, tmp_path_factory.mktemp('whole')))


@pytest.mark.parametrize(
    'asked',
    [
        {},
        dict(merge=False, flip=True),
        dict(margins=(0, 0.2), merge_exponent=0.5, crops_per_batch=3),
        dict(tighten=0.1, polygons=True),
    ],
)
def test_same_as_pytorch(inputs, tmp_path, asked):
    config, checkpoint = (
        str(inputs / 'exported' / name) for name in ('config.py', 'model.pth')
    )
    ours, text = made(options(inputs, tmp_path, **asked))
    theirs, other = made(
        options(
            inputs,
            tmp_path / 'torch',
            config=config,
            checkpoint=checkpoint,
            device='cpu',
            **{**asked, 'num_workers': 0},
        )
    )
    assert ours.skips() == theirs.skips() == 'skipped 2 images, 1 boxes'
    ours, theirs = json.loads(text), json.loads(other)
    for mine, its in zip(ours['annotations'], theirs['annotations'], strict=True):
        assert mine.keys() == its.keys()
        if its['id'] == 3 or asked.get('polygons'):
            continue
        one, two = (decode_rle(ann['segmentation']) for ann in (mine, its))
        # A pixel at the threshold may be rounded to the other side.
        assert (one != two).sum() <= 1
        assert mine['proxy_confidence'] == pytest.approx(
            its['proxy_confidence'], abs=0.02
        )
    settings, expected = (one['info']['proxy_masks'] for one in (ours, theirs))
    assert len(settings.pop('onnx_sha256')) == 64
    for made_with in (settings, expected):
        # Where the photos lie is no part of either.
        assert made_with['model_config']['pipeline']
    assert settings == expected


@pytest.mark.parametrize('workers', [0, 3])
def test_readers_do_not_matter(inputs, tmp_path, whole, workers):
    assert made(options(inputs, tmp_path, num_workers=workers))[1] == whole[1]


def test_several_processes(inputs, tmp_path, whole):
    assert made(options(inputs, tmp_path, jobs=2))[1] == whole[1]


def test_resumed(inputs, tmp_path, whole, monkeypatch):
    append = MaskWriter.append
    left = [3]

    def fail_late(self, *args):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        append(self, *args)

    monkeypatch.setattr(MaskWriter, 'append', fail_late)
    given = options(inputs, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        make_proxy_masks(given)
    assert len(list((tmp_path / 'masks.json.shards').glob('*.jsonl'))) == 1
    monkeypatch.undo()
    assert made(replace(given, resume=True))[1] == whole[1]
    assert not (tmp_path / shard_dir('masks.json')).exists()


def test_strict(inputs, tmp_path):
    boxes = json.loads((inputs / 'boxes.json').read_text())
    del boxes['images'][7], boxes['annotations'][1]
    ids = {image['id'] for image in boxes['images']}
    boxes['annotations'] = [a for a in boxes['annotations'] if a['image_id'] in ids]
    (tmp_path / 'boxes.json').write_text(json.dumps(boxes))
    given = replace(
        options(inputs, tmp_path, strict=True), ann=str(tmp_path / 'boxes.json')
    )
    with pytest.raises(ValueError, match=r'1.png: no image of a format .*\(--strict\)'):
        make_proxy_masks(given)


def test_blocks_of_parts(inputs):
    maker = OnnxMaker(
        OnnxModel.read(str(inputs / 'exported' / 'model.onnx')),
        options(inputs, inputs),
    )

    class Boxes:
        wanted = np.array([0, 1, 3, 4, 6, 7, 9])
        image_ids = tuple('abcdefghij')

    run = Run(maker.options, Boxes, {}, frozenset('dea'), True, None)
    assert maker.blocks(run, Part()) == [[0, 1], [6, 7], [9]]
    assert maker.blocks(run, Part(1, 2)) == [[6, 7]]


def test_the_inferencer_makes_the_same(inputs, whole):
    boxes = json.loads((inputs / 'boxes.json').read_text())
    infer = BoxCasegInferencer(weights=str(inputs / 'exported' / 'model.onnx'))
    assert infer.runtime == 'onnx' and infer.batch_size == 2
    with pytest.raises(AttributeError, match='runtime="torch"'):
        infer.model  # noqa: B018
    masks = {ann['id']: ann for ann in json.loads(whole[1])['annotations']}
    image = boxes['images'][2]
    anns = [a for a in boxes['annotations'] if a['image_id'] == image['id']]
    corners = np.array([ann['bbox'] for ann in anns])
    corners[:, 2:] += corners[:, :2]
    result = infer(str(inputs / 'img' / image['file_name']), corners)
    assert len(anns) > 1
    for ann, mask, confidence in zip(anns, result.masks, result.confidence):
        # Of another batch, so rounded in another way.
        assert (decode_rle(masks[ann['id']]['segmentation']) != mask).sum() <= 1
        assert masks[ann['id']]['proxy_confidence'] == pytest.approx(
            confidence, abs=0.02
        )
