"""Labels by name, and what is left out of training."""

import json

import pytest
from tiny import log_of

from mmboxcaseg.datasets import COCOInstanceDataset

CLASSES = ('cat', 'dog', 'cow')


def ann(number, category, **extra):
    return dict(
        dict(
            id=number, image_id=1, category_id=category, bbox=[5, 6, 20, 10], iscrowd=0
        ),
        **extra,
    )


@pytest.fixture
def build(tmp_path):

    def run(anns, categories, photos=('a.jpg',), there=('a.jpg',), **kwargs):
        for name in there:
            (tmp_path / name).touch()
        images = [
            dict(id=i, file_name=name, height=40, width=50)
            for i, name in enumerate(photos, 1)
        ]
        path = tmp_path / 'ann.json'
        path.write_text(
            json.dumps(
                dict(
                    images=images,
                    annotations=anns,
                    categories=[dict(id=i, name=n) for i, n in categories],
                )
            )
        )
        kwargs.setdefault('metainfo', dict(classes=CLASSES))
        return COCOInstanceDataset(
            ann_file=str(path),
            data_root=str(tmp_path),
            data_prefix=dict(img=''),
            **kwargs,
        )

    return run


def labels(dataset, place=0):
    instances = dataset.get_data_info(place)['instances']
    return [one['bbox_label'] for one in instances]


@pytest.mark.parametrize('test_mode', [False, True])
def test_labels_are_those_of_the_names(build, test_mode):
    """The file has another order, lacks a class and has one more."""
    dataset = build(
        [ann(0, 7), ann(1, 3), ann(2, 5)],
        [(3, 'cow'), (5, 'horse'), (7, 'cat')],
        test_mode=test_mode,
    )
    assert labels(dataset) == [0, 2]
    assert dataset.cat_ids == [7, 3]
    assert dataset.cat2label == {7: 0, 3: 2}
    assert dataset.get_cat_ids(0) == [0, 2]


def test_unused_category_of_the_same_name_is_left_out(build):
    assert labels(build([ann(1, 2)], [(1, 'cat'), (2, 'cat')])) == [0]
    with pytest.raises(ValueError, match=r"\[1, 2\] are all called 'cat'"):
        build([ann(1, 2), ann(2, 1)], [(1, 'cat'), (2, 'cat')])


def test_classes_must_be_names(build):
    with pytest.raises(ValueError, match=r"write classes=\('thing', \)"):
        build([], [(1, 'thing')], metainfo=dict(classes='thing'))
    with pytest.raises(ValueError, match=r"\['a'\] more than once"):
        build([], [(1, 'a')], metainfo=dict(classes=('a', 'b', 'a')))


def test_area_may_be_missing(build):
    dataset = build([ann(1, 1), ann(2, 1, area=None), ann(3, 1, area=0)], [(1, 'cat')])
    assert labels(dataset) == [0, 0]


@pytest.mark.parametrize('test_mode', [False, True])
def test_what_is_odd_is_told_before_training(build, test_mode):
    """A box outside, a tiny one, one twice, one that reaches out by 5 px."""
    anns = [
        ann(1, 1, bbox=[60, 0, 20, 10]),
        ann(2, 1, bbox=[5, 6, 7, 20]),
        ann(3, 1),
        ann(4, 1),
        ann(5, 1, bbox=[35, 20, 20, 15]),
    ]
    log, _ = log_of(lambda: build(anns, [(1, 'cat')], test_mode=test_mode))
    wanted = [
        'skipped 1 boxes that cover nothing of their image: annotation 1',
        '1 tiny boxes, with a side below 8 px: annotation 2',
        '1 duplicate boxes',
        '1 boxes that reach out',
    ]
    assert [text in log for text in wanted] == [not test_mode] * 4


def test_skipped_images_and_boxes_are_not_trained_on(build):
    photos = ('a.jpg', 'b.jpg', 'c.jpg')
    anns = [
        ann(1, 1),
        ann(2, 1, proxy_skipped='outside'),
        ann(3, 1, image_id=2, proxy_skipped='outside'),
    ]
    filter_cfg = dict(filter_empty_gt=True, min_size=32)
    dataset = build(
        anns, [(1, 'cat')], photos=photos, there=photos, filter_cfg=filter_cfg
    )
    assert len(dataset) == 1 and labels(dataset) == [0]
    # Validation has them all.
    assert len(build(anns, [(1, 'cat')], photos=photos, test_mode=True)) == 3


def test_photos_that_are_missing(build):
    photos = ('a.jpg', 'b.jpg')
    anns = [ann(1, 1), ann(2, 1, image_id=2)]
    dataset = build(anns, [(1, 'cat')], photos=photos)
    assert [info['img_id'] for info in dataset] == [1]
    with pytest.raises(FileNotFoundError, match="1 of 2 photos .*'b.jpg'"):
        build(anns, [(1, 'cat')], photos=photos, test_mode=True)
    with pytest.raises(FileNotFoundError, match='2 of 2 photos'):
        build(anns, [(1, 'cat')], photos=('x.jpg', 'y.jpg'))
