import json
import os
import tracemalloc

import numpy as np
import pytest
from pycocotools.coco import COCO
from random_instances import random_instances

from mmboxcaseg.annotations import read_coco
from mmboxcaseg.masks import decode_rle, encode_rle
from mmboxcaseg.proxy_masks import (
    ShardReader,
    ShardWriter,
    join_shards,
    joined_settings,
    prepare_shards,
    shard_dir,
)

SETTINGS = dict(merge=True, package_version='1')
HEIGHT, WIDTH = 20, 30


@pytest.fixture
def work(tmp_path):
    """An input json with all kinds of annotations, and where to write."""
    images = [
        dict(id=i, file_name=f'{i}.jpg', height=HEIGHT, width=WIDTH, extra=i)
        for i in (5, 2, 9, 4)
    ]
    anns = []
    # Annotations of an image do not stand together.
    for number, image_id in enumerate((2, 5, 2, 9, 5, 2)):
        anns.append(
            dict(
                id=100 - number,
                image_id=image_id,
                category_id=3,
                bbox=[1.25, 2, 3.5, number + 1],
                area=1,
                note='kept',
            )
        )
    anns[3].update(iscrowd=1, segmentation=dict(size=[20, 30], counts=[600]))
    anns[4]['bbox'] = [40, 2, 3, 3]
    data = dict(
        images=images,
        mine=dict(a=[1]),
        annotations=anns,
        categories=[dict(id=3, name='Kätzchen')],
        info=dict(year=2017),
    )
    ann_file = tmp_path / 'boxes.json'
    ann_file.write_text(json.dumps(data))
    return data, str(ann_file), str(tmp_path / 'masks.json')


def write_results(out_file, image_ids, rank=0):
    """Shards whose masks depend on the annotation only."""
    writer = ShardWriter(shard_dir(out_file), rank)
    ids = {2: [100, 98, 95], 5: [99]}
    for image_id in image_ids:
        rng = np.random.default_rng(image_id)
        masks, rects, _ = random_instances(rng, len(ids[image_id]), HEIGHT, WIDTH)
        rles = [encode_rle(m, r, HEIGHT, WIDTH) for m, r in zip(masks, rects)]
        writer.append(
            image_id, (HEIGHT, WIDTH), ids[image_id], rles, rng.random(len(rles))
        )
    writer.close()


def join_once(work, *shards):
    _, ann_file, out_file = work
    prepare_shards(shard_dir(out_file), SETTINGS, resume=False)
    for rank, image_ids in enumerate(shards):
        write_results(out_file, image_ids, rank)
    report = join_shards(shard_dir(out_file), read_coco(ann_file), out_file, SETTINGS)
    with open(out_file, 'rb') as file:
        return file.read(), report


def test_everything_else_is_kept(work):
    text, report = join_once(work, [2, 5])
    data, out = work[0], json.loads(text)
    assert set(out) == set(data)
    for key in ('images', 'categories', 'mine'):
        assert out[key] == data[key]
    assert out['info'] == dict(year=2017, proxy_masks=SETTINGS)
    made = ('segmentation', 'area', 'proxy_agreement', 'iscrowd', 'proxy_skipped')
    assert [a['id'] for a in out['annotations']] == [
        a['id'] for a in data['annotations']
    ]
    for before, after in zip(data['annotations'], out['annotations']):
        if before.get('iscrowd'):
            assert before == after
            continue
        assert {k: v for k, v in before.items() if k not in made} == {
            k: v for k, v in after.items() if k not in made
        }
        assert after['area'] == decode_rle(after['segmentation']).sum()
        assert 0 <= after['proxy_agreement'] <= 1
        assert isinstance(after['segmentation']['counts'], str)
    assert (report.images, report.masks, report.crowds) == (4, 5, 1)
    assert [skip.id for skip in report.skipped_annotations] == [96]
    unusable = out['annotations'][4]
    assert 'outside the image of 30 x 20' in unusable['proxy_skipped']
    assert not any(
        'proxy_skipped' in ann
        for place, ann in enumerate(out['annotations'])
        if place != 4
    )
    assert unusable['area'] == 0 and unusable['proxy_agreement'] == 0
    assert unusable['segmentation']['size'] == [HEIGHT, WIDTH]
    # The unusable box is not in the means.
    assert report.agreements.shape == (4,)


def test_reasons_of_skips_stand_in_the_file(work):
    data, ann_file, out_file = work
    # A file that was made before, with another photo missing.
    data['images'][0]['proxy_skipped'] = 'gone'
    data['annotations'][1]['proxy_skipped'] = 'gone'
    with open(ann_file, 'w') as file:
        json.dump(data, file)
    prepare_shards(shard_dir(out_file), SETTINGS, resume=False)
    write_results(out_file, [5])
    writer = ShardWriter(shard_dir(out_file), 1)
    writer.skip(2, 'the file is empty')
    writer.close()
    report = join_shards(shard_dir(out_file), read_coco(ann_file), out_file, SETTINGS)
    with open(out_file) as file:
        out = json.load(file)
    # Three boxes of the photo and one outside of its image; the fifth is left.
    (made,) = (ann for ann in out['annotations'] if ann['id'] == 99)
    assert report.masks == 5 and report.agreements.tolist() == [made['proxy_agreement']]
    assert (
        ', 4 boxes skipped and not in the means, '
        f'mean agreement {made["proxy_agreement"]:.3f}'
    ) in report.summary()
    assert {
        image['id']: image['proxy_skipped']
        for image in out['images']
        if 'proxy_skipped' in image
    } == {2: 'the file is empty'}
    skipped = {
        ann['id']: ann['proxy_skipped']
        for ann in out['annotations']
        if 'proxy_skipped' in ann
    }
    assert 'lies outside the image' in skipped.pop(96)
    assert skipped == dict.fromkeys((100, 98, 95), 'the file is empty')


def test_masks_are_those_of_the_shards(work):
    text, _ = join_once(work, [2, 5])
    rng = np.random.default_rng(2)
    masks, rects, _ = random_instances(rng, 3, HEIGHT, WIDTH)
    scores = rng.random(3)
    anns = {a['id']: a for a in json.loads(text)['annotations']}
    for i, ann_id in enumerate((100, 98, 95)):
        assert anns[ann_id]['proxy_agreement'] == scores[i]
        full = decode_rle(anns[ann_id]['segmentation'])
        x0, y0, x1, y1 = rects[i]
        assert (full[y0:y1, x0:x1] == masks[i]).all()
        assert full.sum() == masks[i].sum()


def test_same_bytes_whatever_the_shards(work):
    one, _ = join_once(work, [2, 5])
    assert join_once(work, [5, 2])[0] == one
    assert join_once(work, [5], [2])[0] == one
    assert join_once(work, [2, 5], [5], [])[0] == one
    assert sorted(os.listdir(os.path.dirname(work[2]))) == [
        'boxes.json',
        'masks.json',
        'masks.report.json',
    ]


def test_pycocotools_opens_it(work):
    join_once(work, [2, 5])
    coco = COCO(work[2])
    for ann in coco.loadAnns(coco.getAnnIds(iscrowd=0)):
        assert coco.annToMask(ann).sum() == ann['area']


def test_missing_results_are_an_error(work):
    _, ann_file, out_file = work
    with open(out_file, 'w') as file:
        file.write('former')
    prepare_shards(shard_dir(out_file), SETTINGS, resume=False)
    write_results(out_file, [5])
    with pytest.raises(
        ValueError,
        match='3 annotations have no mask yet, the first is '
        '100; run again with --resume',
    ):
        join_shards(shard_dir(out_file), read_coco(ann_file), out_file, SETTINGS)
    with open(out_file) as file:
        assert file.read() == 'former'
    assert sorted(os.listdir(os.path.dirname(out_file))) == [
        'boxes.json',
        'masks.json',
        'masks.json.shards',
    ]


def test_no_annotations(work):
    data, ann_file, out_file = work
    with open(ann_file, 'w') as file:
        json.dump(dict(data, annotations=[]), file)
    text, report = join_once(work)
    assert json.loads(text)['annotations'] == [] and report.masks == 0
    assert report.summary().startswith('4 images, 0 masks')


def test_joined_settings(work):
    _, ann_file, out_file = work
    assert joined_settings(out_file) is None
    assert joined_settings(ann_file) is None
    join_once(work, [2, 5])
    assert joined_settings(out_file) == SETTINGS


def test_reader_does_not_hold_the_masks(work):
    out_file = work[2]
    prepare_shards(shard_dir(out_file), SETTINGS, resume=False)
    writer = ShardWriter(shard_dir(out_file))
    counts = 'x' * 20000
    for image_id in range(1000):
        writer.append(image_id, (4, 5), [image_id], [dict(counts=counts)], np.zeros(1))
    writer.close()
    tracemalloc.start()
    with ShardReader(shard_dir(out_file)) as reader:
        for image_id in range(1000):
            assert reader.find(image_id, image_id)[0]['counts'] == counts
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # 20 MB of masks; 256 lines are kept.
    assert peak < 8e6


def test_confidences_are_joined(work):
    _, ann_file, out_file = work
    folder = shard_dir(out_file)
    prepare_shards(folder, SETTINGS, resume=False)
    rle = encode_rle(np.ones((2, 2), bool), (0, 0, 2, 2), HEIGHT, WIDTH)
    writer = ShardWriter(folder)
    for image_id, ids in ((2, [100, 98, 95]), (5, [99])):
        writer.append(
            image_id,
            (HEIGHT, WIDTH),
            ids,
            [rle] * len(ids),
            np.full(len(ids), 0.5),
            np.array(ids) / 200,
        )
    writer.close()
    join_shards(folder, read_coco(ann_file), out_file, SETTINGS)
    with open(out_file) as file:
        anns = json.load(file)['annotations']
    # 97 is a crowd; the box of 96 covers nothing of its image.
    assert {ann['id']: ann.get('proxy_confidence') for ann in anns} == {
        100: 0.5,
        99: 0.495,
        98: 0.49,
        97: None,
        96: 0,
        95: 0.475,
    }


@pytest.mark.parametrize('review', ['accepted', 'rejected', 'unsure'])
def test_decisions_are_about_their_masks(work, review):
    """Of an earlier run: a decision goes on with the same mask only."""
    data, ann_file, out_file = work
    made = json.loads(join_once(work, [2, 5])[0])
    told = dict(proxy_review=review)
    if review == 'accepted':
        told.update(proxy_source='kept')
    for ann in made['annotations']:
        ann.update(told)
    made['annotations'][2]['segmentation'] = encode_rle(
        np.ones((1, 1), bool), (0, 0, 1, 1), HEIGHT, WIDTH
    )
    for with_masks in (True, False):
        with open(ann_file, 'w') as file:
            json.dump(made, file)
        prepare_shards(shard_dir(out_file), SETTINGS, resume=False)
        write_results(out_file, [2, 5])
        join_shards(
            shard_dir(out_file), read_coco(ann_file, with_masks), out_file, SETTINGS
        )
        with open(out_file) as file:
            anns = json.load(file)['annotations']
        # The fourth is a crowd, which passes through.
        del anns[3]
        for place, ann in enumerate(anns):
            there = {**told} if with_masks and place != 2 else {}
            for key in ('proxy_review', 'proxy_source'):
                assert ann.get(key) == there.get(key)


@pytest.mark.parametrize('polygons', [False, True])
def test_tight_boxes_beside_the_annotated_ones(work, polygons):
    data, ann_file, out_file = work
    # Of an earlier run, of another mask.
    data['annotations'][0]['bbox_tight'] = [0, 0, 1, 1]
    data['annotations'][4]['bbox_tight'] = [0, 0, 1, 1]
    with open(ann_file, 'w') as file:
        json.dump(data, file)
    prepare_shards(shard_dir(out_file), SETTINGS, resume=False)
    write_results(out_file, [2, 5])
    join_shards(
        shard_dir(out_file),
        read_coco(ann_file),
        out_file,
        SETTINGS,
        polygons,
        tighten=True,
    )
    coco = COCO(out_file)
    tight = 0
    for old in data['annotations']:
        ann = coco.anns[old['id']]
        assert ann['bbox'] == old['bbox']
        if old.get('iscrowd') or not ann['area']:
            assert 'bbox_tight' not in ann
            continue
        rows, columns = np.nonzero(coco.annToMask(ann))
        x, y = columns.min(), rows.min()
        assert ann['bbox_tight'] == [x, y, columns.max() + 1 - x, rows.max() + 1 - y]
        tight += 1
    assert tight >= 3
