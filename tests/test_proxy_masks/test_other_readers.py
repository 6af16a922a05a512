"""The files of make_proxy_masks.py in the hands of other libraries."""

import json

import numpy as np
import pytest
import tiny
from pycocotools.coco import COCO

from mmboxcaseg.masks import decode_rle, encode_rle, to_polygons

BOXES = [[(5, 5, 20, 10), (30.5, 2.25, 12, 30)], [(0, 0, 60, 40)]]


@pytest.fixture(params=['rle', 'polygons'])
def masks_file(request, tmp_path):
    """A proxy-mask file in either form, and the masks in it."""
    path = tiny.write_coco(tmp_path, BOXES)
    with open(path) as file:
        data = json.load(file)
    masks = []
    for ann in data['annotations']:
        x, y, w, h = (round(side) for side in ann['bbox'])
        mask = np.zeros((h, w), bool)
        # An L, so that it isn't its own box.
        mask[:, : w // 2] = mask[h // 2 :] = True
        rle = encode_rle(mask, (x, y, x + w, y + h), 40, 60)
        masks.append(decode_rle(rle))
        ann.update(
            area=int(mask.sum()),
            proxy_agreement=0.9,
            iscrowd=0,
            segmentation=rle if request.param == 'rle' else to_polygons(rle),
        )
    data['info'] = dict(proxy_masks=dict(merge=True))
    with open(path, 'w') as file:
        json.dump(data, file)
    return path, masks, request.param


def test_pycocotools(masks_file):
    path, masks, _ = masks_file
    coco = COCO(path)
    anns = coco.loadAnns(coco.getAnnIds())
    assert len(anns) == len(masks) == 3
    for ann, mask in zip(anns, masks):
        assert (coco.annToMask(ann) == mask).all()
        assert ann['proxy_agreement'] == 0.9


def test_supervision(masks_file, tmp_path):
    supervision = pytest.importorskip('supervision')
    path, masks, form = masks_file
    dataset = supervision.DetectionDataset.from_coco(
        images_directory_path=str(tmp_path / 'img'),
        annotations_path=path,
        force_masks=True,
    )
    assert dataset.classes == ['cat', 'dog'] and len(dataset) == 2
    found = [
        mask
        for name in sorted(dataset.annotations)
        for mask in dataset.annotations[name].mask
    ]
    assert len(found) == 3
    for ours, theirs in zip(masks, found):
        if form == 'rle':
            assert (theirs == ours).all()
        else:
            # It takes the pixels on a polygon's outline for the object's.
            assert not (ours & ~theirs).any()
            assert (theirs & ~ours).sum() < 0.35 * ours.sum()
