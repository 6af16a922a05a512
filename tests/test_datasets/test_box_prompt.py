import json

import numpy as np
import pytest
import tiny

from mmboxcaseg.datasets import BoxPromptDataset
from mmboxcaseg.datasets.transforms import PackBoxPrompts

BOXES = [[(5, 5, 20, 10), (1.5, 2.25, 3, 3)], [], [(-4, 20, 80, 30)], [(1, 1, 4, 4)]]


@pytest.fixture
def ann_file(tmp_path):
    return tiny.write_coco(tmp_path, BOXES)


def build(ann_file, **kwargs):
    return BoxPromptDataset(
        ann_file=ann_file, data_prefix=dict(img='/photos'), **kwargs
    )


def test_one_item_an_image_with_boxes(ann_file):
    dataset = build(ann_file)
    assert dataset.metainfo['classes'] == ('cat', 'dog')
    assert [item['img_id'] for item in dataset] == [1, 3, 4]
    item = dataset[0]
    assert item['img_path'] == '/photos/1.png'
    assert item['boxes'] == [[5, 5, 25, 15], [1.5, 2.25, 4.5, 5.25]]
    assert item['labels'] == [0, 1] and item['ann_ids'] == [10, 11]
    assert (item['height'], item['width']) == (40, 60)
    assert 'segmentations' not in item


def test_true_masks_on_request(ann_file):
    item = build(ann_file, with_mask=True)[0]
    assert item['segmentations'] == [
        [[5, 5, 25, 5, 25, 15, 5, 15]],
        [[1.5, 2.25, 4.5, 2.25, 4.5, 5.25, 1.5, 5.25]],
    ]
    with open(ann_file) as file:
        coco = json.load(file)
    del coco['annotations'][1]['segmentation']
    with open(ann_file, 'w') as file:
        json.dump(coco, file)
    assert len(build(ann_file)) == 3
    with pytest.raises(ValueError, match="annotation 11: 'segmentation'"):
        build(ann_file, with_mask=True)


def test_some_images_only(ann_file):
    assert [x['img_id'] for x in build(ann_file, img_ids=[4, 1, 2])] == [1, 4]


def test_ids_may_be_strings(ann_file):
    with open(ann_file) as file:
        coco = json.load(file)
    for ann in coco['annotations']:
        ann['id'] = f'box {ann["id"]}'
    with open(ann_file, 'w') as file:
        json.dump(coco, file)
    item = dict(
        build(ann_file)[0],
        crops=np.zeros((2, 4, 4, 3), np.uint8),
        rects=np.zeros((2, 4), np.int64),
    )
    sample = PackBoxPrompts()(item)['data_samples']
    assert sample.prompt_instances.ann_ids == ['box 10', 'box 11']


def test_all_photos_must_be_there_to_be_scored(tmp_path):
    """Told at the start; where they are to be skipped it is not looked."""
    ann_file = tiny.write_coco(tmp_path, BOXES)
    (tmp_path / 'img' / '3.png').unlink()

    def build(**kwargs):
        return BoxPromptDataset(
            ann_file=ann_file, data_prefix=dict(img=str(tmp_path / 'img')), **kwargs
        )

    with pytest.raises(FileNotFoundError, match="1 of 3 photos .*'3.png'"):
        build()
    assert len(build(skip_unusable=True)) == 3
