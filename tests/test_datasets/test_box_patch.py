import gc
import json

import numpy as np
import pytest
import tiny

from mmboxcaseg.annotations import read_coco
from mmboxcaseg.datasets import BoxPatchDataset
from mmboxcaseg.masks import decode_rle, to_rle
from mmboxcaseg.registry import DATASETS

BOXES = [[(5, 5, 20, 10), (1.5, 2.25, 0.5, 3)], [], [(-4, 20, 80, 30)]]


def edit(ann_file, change):
    """Change a json in place."""
    with open(ann_file) as file:
        coco = json.load(file)
    change(coco)
    with open(ann_file, 'w') as file:
        json.dump(coco, file)


@pytest.fixture
def ann_file(tmp_path):
    return tiny.write_coco(tmp_path, BOXES)


def test_one_item_a_box(ann_file, tmp_path):
    dataset = DATASETS.build(
        dict(
            type='BoxPatchDataset',
            data_root=str(tmp_path),
            ann_file='boxes.json',
            data_prefix=dict(img='img'),
        )
    )
    assert isinstance(dataset, BoxPatchDataset) and len(dataset) == 3
    expected = [
        (1, 10, [5, 5, 25, 15]),
        (1, 11, [1.5, 2.25, 2, 5.25]),
        (3, 30, [-4, 20, 76, 50]),
    ]
    for item, (img_id, ann_id, box) in zip(dataset, expected):
        assert item['img_path'] == str(tmp_path / 'img' / f'{img_id}.png')
        assert (item['img_id'], item['ann_id']) == (img_id, ann_id)
        assert item['box'] == box
        assert (item['height'], item['width']) == (40, 60)
        assert item['supervision'] == 'box'
        assert 'segmentation' not in item and 'gt_seg_map' not in item


def test_photos_that_are_missing_or_were_skipped(ann_file, tmp_path):
    """They are counted, and no crash of some iteration."""
    (tmp_path / 'img' / '1.png').unlink()

    def build():
        return BoxPatchDataset(
            ann_file=ann_file, data_prefix=dict(img=str(tmp_path / 'img'))
        )

    text, dataset = tiny.log_of(build)
    assert [item['img_id'] for item in dataset] == [3]
    assert '1 of 2 photos are not in' in text and "'1.png'" in text

    def skip(coco):
        coco['images'][2]['proxy_skipped'] = 'another size'

    (tmp_path / 'img' / '1.png').touch()
    edit(ann_file, skip)
    text, dataset = tiny.log_of(build)
    assert [item['img_id'] for item in dataset] == [1, 1]
    assert '1 images that were skipped when masks were made' in text
    (tmp_path / 'img' / '1.png').unlink()
    with pytest.raises(FileNotFoundError, match='1 of 1 photos are not in'):
        build()


def test_crowds_are_left_out(ann_file):

    def crowd(coco):
        coco['annotations'][0]['iscrowd'] = 1
        # Only a missing key, as in files that know no crowds.
        del coco['annotations'][1]['iscrowd']

    edit(ann_file, crowd)
    text, dataset = tiny.log_of(
        lambda: BoxPatchDataset(ann_file=ann_file, data_prefix=dict(img=''))
    )
    assert [item['ann_id'] for item in dataset] == [11, 30]
    assert 'left out' not in text


def test_unusable_boxes_are_counted(ann_file):

    nan = float('nan')
    unusable = [
        [5, 5, 0, 10],
        [5, 5, 4, -1],
        [60, 5, 3, 3],
        [-9, 3, 9, 9],
        [nan, 5, 3, 3],
    ]

    def spoil(coco):
        for place, box in enumerate(unusable):
            coco['annotations'].append(
                dict(id=100 + place, image_id=1 + place % 3, category_id=3, bbox=box)
            )

    edit(ann_file, spoil)
    text, dataset = tiny.log_of(
        lambda: BoxPatchDataset(ann_file=ann_file, data_prefix=dict(img=''))
    )
    assert f'{ann_file}: skipped 5 boxes' in text
    boxes = read_coco(ann_file)
    assert boxes.image_ids == (1, 2, 3)
    usable = [boxes.usable_places(image) for image in range(3)]
    assert [[boxes.box_ids[place] for place in places] for places in usable] == [
        [10, 11],
        [],
        [30],
    ]
    assert boxes.boxes.dtype == np.float64
    items = [dataset.get_data_info(index) for index in range(len(dataset))]
    assert [item['ann_id'] for item in items] == [10, 11, 30]
    for of_image, places in zip(BOXES, usable):
        found = boxes.boxes[places]
        assert found.shape == (len(of_image), 4)
        for (x, y, w, h), box in zip(of_image, found.tolist()):
            assert box == [x, y, x + w, y + h]


def no_boxes(coco):
    coco['annotations'] = []


def no_images(coco):
    del coco['images']


def no_height(coco):
    del coco['images'][1]['height']


def short_box(coco):
    coco['annotations'][1]['bbox'] = [1, 2, 3]


def unknown_image(coco):
    coco['annotations'][1]['image_id'] = 77


def unknown_category(coco):
    coco['annotations'][1]['category_id'] = 99


@pytest.mark.parametrize(
    'change, message',
    [
        (no_boxes, 'no usable boxes'),
        (no_images, 'images'),
        (no_height, 'height'),
        (short_box, r'bbox.*11.*\[1, 2, 3\]'),
        (unknown_image, '11.*77'),
        (unknown_category, '11.*99'),
    ],
)
def test_faults_of_the_file_are_named(ann_file, change, message):
    edit(ann_file, change)
    with pytest.raises(ValueError, match=f'boxes.json.*{message}'):
        BoxPatchDataset(ann_file=ann_file, data_prefix=dict(img=''))


def test_faulty_files_are_named(tmp_path):
    missing = str(tmp_path / 'none.json')
    with pytest.raises(FileNotFoundError, match='none.json.*ann_file'):
        BoxPatchDataset(ann_file=missing, data_prefix=dict(img=''))
    broken = tmp_path / 'broken.json'
    broken.write_text('{"images": [')
    with pytest.raises(ValueError, match='broken.json'):
        BoxPatchDataset(ann_file=str(broken), data_prefix=dict(img=''))


def with_masks(coco):
    """Masks for the boxes, agreements 0.9, 0.5 and 0.7."""
    for ann, agreement in zip(coco['annotations'], (0.9, 0.5, 0.7)):
        x, y, w, h = ann['bbox']
        ann['segmentation'] = [[x, y, x + w, y, x + w, y + h]]
        ann['proxy_agreement'] = agreement


@pytest.mark.parametrize(
    'min_agreement, kinds',
    [
        (None, ['mask', 'mask', 'mask']),
        (0.7, ['mask', 'box', 'mask']),
        (0.95, ['box', 'box', 'box']),
    ],
)
def test_masks_on_request(ann_file, min_agreement, kinds):
    edit(ann_file, with_masks)
    text, dataset = tiny.log_of(
        lambda: BoxPatchDataset(
            ann_file=ann_file,
            data_prefix=dict(img=''),
            with_mask=True,
            min_agreement=min_agreement,
        )
    )
    assert [item['supervision'] for item in dataset] == kinds
    assert ['segmentation' in item for item in dataset] == [
        kind == 'mask' for kind in kinds
    ]
    assert f'{kinds.count("mask")} of 3 boxes train' in text
    if 'mask' in kinds:
        assert dataset[0]['segmentation'] == [[5, 5, 25, 5, 25, 15]]


def test_both_scores_may_be_asked_for(ann_file):

    def with_confidences(coco):
        with_masks(coco)
        for ann, confidence in zip(coco['annotations'], (0.5, 0.9, 0.9)):
            ann['proxy_confidence'] = confidence

    edit(ann_file, with_confidences)
    for least, kinds in (
        (dict(min_confidence=0.6), ['box', 'mask', 'mask']),
        (dict(min_confidence=0.6, min_agreement=0.6), ['box', 'box', 'mask']),
    ):
        dataset = BoxPatchDataset(
            ann_file=ann_file, data_prefix=dict(img=''), with_mask=True, **least
        )
        assert [item['supervision'] for item in dataset] == kinds


def test_masks_that_are_not_there(ann_file):
    for change, options, message in (
        (
            lambda coco: coco['annotations'][0].pop('segmentation', None),
            dict(),
            "annotation 10: 'segmentation' is missing",
        ),
        (with_masks, dict(min_agreement=1.5), 'min_agreement=1.5'),
        (
            lambda coco: coco['annotations'][1].pop('proxy_agreement'),
            dict(min_agreement=0.2),
            'annotation 11 has no "proxy_agreement"',
        ),
    ):
        edit(ann_file, change)
        with pytest.raises(ValueError, match=message):
            BoxPatchDataset(
                ann_file=ann_file, data_prefix=dict(img=''), with_mask=True, **options
            )
    with pytest.raises(ValueError, match='needs with_mask=True'):
        BoxPatchDataset(ann_file=ann_file, data_prefix=dict(img=''), min_agreement=0.5)


def test_masks_are_let_go_while_reading(tmp_path):
    ann_file = tiny.write_coco(tmp_path, [[(5, 5, 20, 20)], [(0, 0, 9, 9)]])
    with_masks, without = (
        list(read_coco(ann_file, masks).content['annotations'])
        for masks in (True, False)
    )
    masks = [ann.pop('segmentation') for ann in with_masks]
    nothing = [ann.pop('segmentation') for ann in without]
    assert all(masks) and not any(nothing)
    assert with_masks == without
    assert gc.isenabled()


def test_only_given_masks_are_learnt_from(tmp_path, ann_file):
    """One mask was drawn, one predicted, and one box has none."""

    def add_masks(coco):
        triangle = [[6, 6, 20, 6, 6, 14]]
        coco['annotations'][0]['segmentation'] = triangle
        coco['annotations'][1].update(segmentation=triangle, proxy_agreement=1.0)
        coco['annotations'][2].pop('segmentation')

    edit(ann_file, add_masks)
    keys = dict(ann_file=ann_file, data_prefix=dict(img=''), with_mask=True)
    text, dataset = tiny.log_of(lambda: BoxPatchDataset(**keys, given_only=True))
    assert f'{ann_file}: 1 of 3 boxes train on their masks' in text
    items = [dataset.get_data_info(index) for index in range(3)]
    assert [item['supervision'] for item in items] == ['mask', 'box', 'box']
    mask = decode_rle(to_rle(items[0]['segmentation'], 40, 60))
    # Half of 14 x 8 px, and the pixels that pycocotools adds along the edges.
    assert mask.shape == (40, 60) and 49 <= mask.sum() <= 70
    assert mask[8, 8] and not mask[13, 19]
    with pytest.raises(ValueError, match='given_only=True needs with_mask'):
        BoxPatchDataset(**{**keys, 'with_mask': False}, given_only=True)
    text, often = tiny.log_of(
        lambda: BoxPatchDataset(**keys, given_only=True, given_repeats=3)
    )
    assert '1 of 3 boxes train on their masks, 3 times as often' in text
    found = [often.get_data_info(index) for index in range(len(often))]
    assert [item['ann_id'] for item in found] == [
        items[0]['ann_id'],
        *(item['ann_id'] for item in [items[0], *items]),
    ]
    assert [item['supervision'] for item in found] == ['mask'] * 3 + ['box'] * 2
    for words in (dict(given_only=True, given_repeats=0), dict(given_repeats=2)):
        with pytest.raises(ValueError, match='given_repeats=. must be at least 1'):
            BoxPatchDataset(**keys, **words)


def test_other_boxes_of_the_photo(tmp_path):
    # The photo is 60 px wide: the last box of it reaches 90 px beyond.
    boxes = [
        [(5, 5, 20, 10), (2, 2, 8, 8), (30, 10, 9, 9), (50, 5, 100, 20)],
        [],
        [(1, 2, 30, 30)],
    ]
    ann_file = tiny.write_coco(tmp_path, boxes)

    def crowd(coco):
        coco['annotations'][2]['iscrowd'] = 1

    edit(ann_file, crowd)
    dataset = BoxPatchDataset(
        ann_file=ann_file,
        data_prefix=dict(img=str(tmp_path / 'img')),
        with_other_boxes=True,
    )
    found = [item['other_boxes'].tolist() for item in dataset.load_data_list()]
    first, second, last = [5, 5, 25, 15], [2, 2, 10, 10], [50, 5, 60, 25]
    assert found == [[second, last], [first, last], [first, second], []]
