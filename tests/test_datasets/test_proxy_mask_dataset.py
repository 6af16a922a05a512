import copy
import json
import os.path as osp

import numpy as np
import pycocotools.mask as mask_utils
import pytest
from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS as MMDET_DATASETS

from mmboxcaseg.datasets import ProxyMaskDataset

H, W = 40, 50
METAINFO = dict(classes=('cat', 'dog'))
IMAGES = dict(img='')
CROWD = dict(size=[H, W], counts=[0, 30, H * W - 30])


def rle(x1=0, y1=0, x2=0, y2=0, size=(H, W)):
    mask = np.zeros(size, np.uint8)
    mask[y1:y2, x1:x2] = 1
    encoded = mask_utils.encode(np.asfortranarray(mask))
    return dict(size=list(size), counts=encoded['counts'].decode())


def annotation(ann_id, **extra):
    ann = dict(
        id=ann_id,
        image_id=7,
        category_id=4,
        iscrowd=0,
        bbox=[5, 6, 20, 10],
        area=180,
        segmentation=rle(5, 6, 23, 16),
        proxy_agreement=0.9,
    )
    ann.update(extra)
    return ann


def content(*annotations):
    return dict(
        images=[dict(id=7, file_name='a.jpg', height=H, width=W)],
        categories=[dict(id=4, name='cat'), dict(id=9, name='dog')],
        annotations=list(annotations),
    )


@pytest.fixture
def build(tmp_path):

    def run(*annotations, **kwargs):
        path = tmp_path / 'proxy.json'
        path.write_text(json.dumps(content(*annotations)))
        # That it is there is all that is asked of the photo.
        (tmp_path / 'a.jpg').touch()
        kwargs.setdefault('metainfo', METAINFO)
        return ProxyMaskDataset(
            ann_file=str(path), data_root=str(tmp_path), data_prefix=IMAGES, **kwargs
        )

    return run


def coco_dataset(ann_file):
    return CocoDataset(
        ann_file=ann_file,
        data_root=osp.dirname(ann_file),
        data_prefix=IMAGES,
        metainfo=METAINFO,
    )


def weights_of(dataset):
    return [one['mask_weight'] for one in dataset.get_data_info(0)['instances']]


def test_weight_of_each_instance(build):
    dataset = build(
        annotation(1, proxy_agreement=1),
        annotation(2, category_id=9, proxy_agreement=0.25),
        # Skipped by CocoDataset: the boxes after it must keep their own.
        annotation(3, bbox=[5, 6, 0.5, 10], proxy_agreement=0.5),
        annotation(4, category_id=9, proxy_agreement=0.75),
        agreement_thr=0,
        mask_weight='agreement',
    )
    info = dataset.get_data_info(0)
    instances = info['instances']
    assert weights_of(dataset) == [1, 0.25, 0.75]
    assert [i['bbox_label'] for i in instances] == [0, 1, 1]
    assert instances[0]['bbox'] == [5, 6, 25, 16]
    assert mask_utils.decode(instances[0]['mask']).sum() == 180
    # Nothing else is handed on.
    keys = {'bbox', 'bbox_label', 'ignore_flag', 'mask', 'mask_weight'}
    assert all(set(one) == keys for one in instances)
    assert not {'agreement_thr', 'confidence_thr', 'mask_weight'} & set(info)


def test_empty_mask_keeps_box_and_class(build):
    dataset = build(annotation(1, segmentation=rle(), area=0, proxy_agreement=0.0))
    (instance,) = dataset.get_data_info(0)['instances']
    assert instance['mask_weight'] == 0
    assert instance['ignore_flag'] == 0 and instance['bbox_label'] == 0
    # mmdet's own loses the object, which is why the class exists.
    lost = coco_dataset(dataset.ann_file)
    assert lost.get_data_info(0)['instances'] == []


def test_all_else_is_as_of_coco_dataset(build):
    crowd = annotation(2, iscrowd=1, segmentation=CROWD, area=30)
    del crowd['proxy_agreement']
    dataset = build(
        annotation(1),
        crowd,
        annotation(3, category_id=9),
        annotation(4, ignore=1),
        annotation(5, bbox=[-30, 0, 20, 10]),
    )
    theirs = coco_dataset(dataset.ann_file)
    ours, theirs = dataset.get_data_info(0), theirs.get_data_info(0)
    assert [i['ignore_flag'] for i in ours['instances']] == [0, 1, 0]
    stripped = copy.deepcopy(ours)
    for instance in stripped['instances']:
        del instance['mask_weight']
    assert stripped == theirs


@pytest.mark.parametrize(
    'thr, weights',
    [
        ({}, [1, 0, 1, 0]),
        (None, [1, 0, 1, 0]),
        (0.95, [1, 0, 1, 0]),
        (0, [1, 1, 1, 1]),
        (1, [0, 0, 1, 0]),
        (0.8, [1, 1, 1, 0]),
    ],
)
def test_threshold_is_strict(build, thr, weights):
    keys = thr if thr == {} else dict(agreement_thr=thr)
    dataset = build(
        *(
            annotation(i, proxy_agreement=agreement)
            for i, agreement in enumerate((0.95, 0.9499, 1.0, 0.0), 1)
        ),
        **keys,
    )
    assert weights_of(dataset) == weights


@pytest.mark.parametrize('wrong', [-0.1, 1.5, float('nan'), 95])
def test_thresholds_must_be_shares(build, wrong):
    for name in ('agreement_thr', 'confidence_thr'):
        with pytest.raises(ValueError, match=rf'{name}={wrong} must lie in \[0, 1\]'):
            build(annotation(1, proxy_confidence=1.0), **{name: wrong})


def test_crowds_are_not_judged(build):
    crowd = annotation(2, iscrowd=1, segmentation=CROWD, area=30)
    del crowd['proxy_agreement']
    dataset = build(annotation(1, proxy_agreement=0.5), crowd)
    assert weights_of(dataset) == [0, 1]


def test_weights_reach_the_data_samples(build):
    dataset = build(
        annotation(1, proxy_agreement=0.8),
        annotation(2, proxy_agreement=0.9),
        agreement_thr=0.85,
    )
    assert weights_of(dataset) == [0, 1]
    pipeline = [
        dict(type='mmdet.LoadAnnotations', with_mask=True),
        dict(type='mmboxcaseg.MarkIgnoredMasks'),
        dict(type='mmboxcaseg.PackProxyDetInputs'),
    ]
    # No image is read here, so a first step tells its shape.
    dataset = MMDET_DATASETS.build(
        dict(
            type='mmboxcaseg.ProxyMaskDataset',
            ann_file=dataset.ann_file,
            data_root=osp.dirname(dataset.ann_file),
            data_prefix=IMAGES,
            metainfo=METAINFO,
            agreement_thr=0.85,
            pipeline=[with_shape] + pipeline,
        )
    )
    gt_instances = dataset[0]['data_samples'].gt_instances
    assert gt_instances.mask_weights.tolist() == [0, 1]


def test_either_threshold_ignores(build):
    anns = [
        annotation(i, proxy_agreement=agreement, proxy_confidence=confidence)
        for i, (agreement, confidence) in enumerate(
            ((0.9, 0.6), (0.9, 0.4), (0.7, 0.6), (0.7, 0.4)), 1
        )
    ]

    def weights(**kwargs):
        return weights_of(build(*anns, agreement_thr=0.8, **kwargs))

    assert weights() == [1, 1, 0, 0]
    assert weights(confidence_thr=0.5) == [1, 0, 0, 0]
    assert weights(confidence_thr=0.6) == [1, 0, 0, 0]


def test_masks_may_be_weighted_by_a_score(build):
    anns = [
        annotation(
            i, proxy_agreement=agreement, proxy_confidence=confidence, proxy_iou=i / 8
        )
        for i, (agreement, confidence) in enumerate(
            ((0.75, 0.25), (0.5, 0.5), (0.25, 0.125), (0.0, 1)), 1
        )
    ]

    def weights(thr, **kwargs):
        return weights_of(build(*anns, agreement_thr=thr, **kwargs))

    assert weights(0.5) == [1, 1, 0, 0]
    assert weights(0.5, mask_weight='agreement') == [0.75, 0.5, 0, 0]
    assert weights(0.5, mask_weight='confidence') == [0.25, 0.5, 0, 0]
    assert weights(0.5, mask_weight='iou') == [0.125, 0.25, 0, 0]
    assert weights(0.0, confidence_thr=0.2, mask_weight='confidence') == [
        0.25,
        0.5,
        0,
        1,
    ]
    # An empty mask, which has an agreement of 0, is one to be ignored.
    assert weights(0.0, mask_weight='agreement') == [0.75, 0.5, 0.25, 0]
    with pytest.raises(ValueError, match="mask_weight='area' must be one of"):
        build(mask_weight='area')


def test_confidence_is_needed_only_where_it_is_asked_for(build):
    anns = [
        annotation(1, proxy_agreement=0.96, proxy_confidence=0.6),
        annotation(2, proxy_agreement=0.97),
    ]
    assert weights_of(build(*anns)) == [1, 1]
    assert weights_of(build(*anns, mask_weight='agreement')) == [0.96, 0.97]
    for keys in (dict(confidence_thr=0.7), dict(mask_weight='confidence')):
        with pytest.raises(ValueError, match='2 has proxy_confidence=None'):
            build(*anns, **keys)


def with_shape(results):
    return dict(results, ori_shape=(results['height'], results['width']))


@pytest.mark.parametrize(
    'wrong, message',
    [
        (dict(proxy_agreement=None), r'proxy_agreement=None.*\[0, 1\]'),
        (dict(proxy_agreement=1.01), 'proxy_agreement=1.01'),
        (dict(proxy_agreement=-0.1), 'proxy_agreement=-0.1'),
        (dict(proxy_agreement=float('nan')), 'proxy_agreement=nan'),
        (dict(proxy_agreement='0.9'), 'proxy_agreement=0.9'),
        (dict(segmentation=None), 'segmentation=None'),
        (dict(segmentation=[]), r'segmentation=\[\]'),
        (dict(segmentation=[[5, 6, 25, 6, 25, 16]]), r'segmentation=\[\[5'),
        (dict(segmentation=rle(size=(W, H))), r'an RLE of the size \[40, 50\]'),
    ],
)
def test_errors_name_file_annotation_and_value(build, wrong, message):
    with pytest.raises(ValueError, match=message) as info:
        build(annotation(1), annotation(23, **wrong))
    for words in ('proxy.json', 'annotation 23', 'make_proxy_masks'):
        assert words in str(info.value)


def test_file_without_agreement(build):
    ann = annotation(1)
    del ann['proxy_agreement']
    with pytest.raises(ValueError, match='annotation 1 has proxy_agreement='):
        build(ann)


def test_classes_must_be_in_the_file(build):
    with pytest.raises(ValueError, match=r"\['cat', 'dog'\].*\['cow'\]"):
        build(annotation(1), metainfo=dict(classes=('cow',)))
    # One that is missing does no more than in CocoDataset.
    dataset = build(annotation(1), metainfo=dict(classes=('cat', 'cow')))
    assert len(dataset.get_data_info(0)['instances']) == 1
    # COCO's names are the default.
    assert len(build(annotation(1), metainfo=None).metainfo['classes']) == 80


def test_what_a_person_decided(build):
    """Rejected masks never train, kept ones at their full weight."""
    anns = [
        annotation(1, proxy_agreement=0.5, proxy_review='rejected'),
        annotation(2, proxy_agreement=1, proxy_review='rejected'),
        annotation(3, proxy_agreement=0.5, proxy_review='unsure'),
        annotation(
            4, proxy_agreement=0.5, proxy_review='accepted', proxy_source='kept'
        ),
        # Given, and rejected later.
        annotation(5, proxy_agreement=1, proxy_review='rejected', proxy_source='kept'),
    ]
    dataset = build(*anns, agreement_thr=0)
    assert weights_of(dataset) == [0, 0, 1, 1, 0]
    # Box and class of all still train.
    flags = [one['ignore_flag'] for one in dataset.get_data_info(0)['instances']]
    assert flags == [0] * 5
    dataset = build(*anns, agreement_thr=0, mask_weight='agreement')
    assert weights_of(dataset) == [0, 0, 0.5, 1, 0]
