import copy
import json

import numpy as np
import pycocotools.mask as mask_utils
import pytest
from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS as MMDET_DATASETS

from mmboxcaseg.datasets import ProxyMaskDataset

H, W = 40, 50
METAINFO = dict(classes=('cat', 'dog'))
IMAGES = dict(img='images/')


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
        proxy_agreement=0.9)
    ann.update(extra)
    return ann


def content(*annotations):
    return dict(
        images=[dict(id=7, file_name='a.jpg', height=H, width=W)],
        categories=[dict(id=4, name='cat'),
                    dict(id=9, name='dog')],
        annotations=list(annotations))


@pytest.fixture
def build(tmp_path):

    def run(*annotations, **kwargs):
        path = tmp_path / 'proxy.json'
        path.write_text(json.dumps(content(*annotations)))
        kwargs.setdefault('metainfo', METAINFO)
        return ProxyMaskDataset(
            ann_file=str(path), data_prefix=IMAGES, **kwargs)

    return run


def coco_dataset(ann_file):
    return CocoDataset(
        ann_file=ann_file, data_prefix=IMAGES, metainfo=METAINFO)


def test_agreement_of_each_instance(build):
    dataset = build(
        annotation(1, proxy_agreement=1),
        annotation(2, category_id=9, proxy_agreement=0.25),
        # Left out by CocoDataset: the boxes after it must keep their own.
        annotation(3, bbox=[5, 6, 0.5, 10], proxy_agreement=0.5),
        annotation(4, category_id=9, proxy_agreement=0.75))
    info = dataset.get_data_info(0)
    assert 'agreement_thr' not in info
    instances = info['instances']
    assert [i['proxy_agreement'] for i in instances] == [1, 0.25, 0.75]
    assert [i['bbox_label'] for i in instances] == [0, 1, 1]
    assert instances[0]['bbox'] == [5, 6, 25, 16]
    assert mask_utils.decode(instances[0]['mask']).sum() == 180


def test_empty_mask_keeps_box_and_class(build):
    dataset = build(
        annotation(1, segmentation=rle(), area=0, proxy_agreement=0.))
    instance, = dataset.get_data_info(0)['instances']
    assert instance['proxy_agreement'] == 0
    assert instance['ignore_flag'] == 0 and instance['bbox_label'] == 0
    # mmdet's own loses the object, which is why the class exists.
    lost = coco_dataset(dataset.ann_file)
    assert lost.get_data_info(0)['instances'] == []


def test_all_else_is_as_of_coco_dataset(build):
    crowd = annotation(
        2,
        iscrowd=1,
        segmentation=dict(size=[H, W], counts=[0, 30, H * W - 30]),
        area=30)
    del crowd['proxy_agreement']
    dataset = build(
        annotation(1), crowd, annotation(3, category_id=9),
        annotation(4, ignore=1), annotation(5, bbox=[-30, 0, 20, 10]))
    theirs = coco_dataset(dataset.ann_file)
    ours, theirs = dataset.get_data_info(0), theirs.get_data_info(0)
    assert [i['ignore_flag'] for i in ours['instances']] == [0, 1, 0]
    assert 'proxy_agreement' not in ours['instances'][1]
    stripped = copy.deepcopy(ours)
    for instance in stripped['instances']:
        instance.pop('proxy_agreement', None)
    assert stripped == theirs


def test_threshold_reaches_the_transform(build):
    dataset = build(
        annotation(1, proxy_agreement=0.8),
        annotation(2, proxy_agreement=0.9),
        agreement_thr=0.85)
    assert dataset.get_data_info(0)['agreement_thr'] == 0.85
    pipeline = [
        dict(type='mmdet.LoadAnnotations', with_mask=True),
        dict(type='mmboxcaseg.MarkIgnoredMasks'),
        dict(type='mmboxcaseg.PackProxyDetInputs')
    ]
    # No image is read here, so a first step tells its shape.
    dataset = MMDET_DATASETS.build(
        dict(
            type='mmboxcaseg.ProxyMaskDataset',
            ann_file=dataset.ann_file,
            data_prefix=IMAGES,
            metainfo=METAINFO,
            agreement_thr=0.85,
            pipeline=[with_shape] + pipeline))
    gt_instances = dataset[0]['data_samples'].gt_instances
    assert gt_instances.mask_weights.tolist() == [0, 1]
    with pytest.raises(ValueError, match=r'agreement_thr=95 is not in \[0'):
        build(agreement_thr=95)


def test_confidence_may_be_asked_for_too(build):
    anns = [
        annotation(1, proxy_agreement=0.9, proxy_confidence=0.6),
        annotation(2, proxy_agreement=0.9, proxy_confidence=0.8)
    ]
    assert 'confidence_thr' not in build(*anns).get_data_info(0)
    info = build(*anns, confidence_thr=0.7).get_data_info(0)
    assert info['confidence_thr'] == 0.7
    assert [one['proxy_confidence'] for one in info['instances']] == [0.6, 0.8]
    with pytest.raises(ValueError, match='2 has proxy_confidence=None'):
        build(anns[0], annotation(2, proxy_agreement=0.9), confidence_thr=0.7)
    with pytest.raises(ValueError, match=r'confidence_thr=-1 is not in'):
        build(confidence_thr=-1)


def test_masks_may_be_weighted_by_a_score(build):
    anns = [annotation(1, proxy_agreement=0.9, proxy_confidence=0.6)]
    assert 'mask_weight' not in build(*anns).get_data_info(0)
    info = build(*anns, mask_weight='confidence').get_data_info(0)
    assert info['mask_weight'] == 'confidence'
    anns.append(annotation(2, proxy_agreement=0.9))
    assert len(build(*anns, mask_weight='agreement')) == 1
    with pytest.raises(ValueError, match='2 has proxy_confidence=None'):
        build(*anns, mask_weight='confidence')
    with pytest.raises(ValueError, match="mask_weight='iou' is none of"):
        build(mask_weight='iou')


def with_shape(results):
    return dict(results, ori_shape=(results['height'], results['width']))


@pytest.mark.parametrize('wrong, message', [
    (dict(proxy_agreement=None), r'proxy_agreement=None.*\[0, 1\]'),
    (dict(proxy_agreement=1.01), 'proxy_agreement=1.01'),
    (dict(proxy_agreement=-0.1), 'proxy_agreement=-0.1'),
    (dict(proxy_agreement=float('nan')), 'proxy_agreement=nan'),
    (dict(proxy_agreement='0.9'), 'proxy_agreement=0.9'),
    (dict(segmentation=None), 'segmentation=None'),
    (dict(segmentation=[]), r'segmentation=\[\]'),
    (dict(segmentation=[[5, 6, 25, 6, 25, 16]]), r'segmentation=\[\[5'),
    (dict(segmentation=rle(size=(W, H))), r'an RLE of size \[40, 50\]'),
])
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
        build(annotation(1), metainfo=dict(classes=('cow', )))
    # One that is missing does no more than in CocoDataset.
    dataset = build(annotation(1), metainfo=dict(classes=('cat', 'cow')))
    assert len(dataset.get_data_info(0)['instances']) == 1
    # COCO's names are the default.
    assert len(build(annotation(1), metainfo=None).metainfo['classes']) == 80
