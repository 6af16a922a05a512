import json

import pytest
from decision_files import entry, write_decisions
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from report_files import write_report_files

from mmboxcaseg.apis import export_masks


@pytest.fixture
def masks(tmp_path):
    write_report_files(tmp_path)
    return tmp_path / 'masks.json'


def test_polygons_and_back(masks, tmp_path):
    before = json.loads(masks.read_text())
    polygons, again = tmp_path / 'polygons.json', tmp_path / 'rle.json'
    count = export_masks(str(masks), str(polygons), 'polygons')
    plain = [ann for ann in before['annotations'] if not ann.get('iscrowd')]
    assert count == len(plain) > 0
    after = json.loads(polygons.read_text())
    for key in ('images', 'categories', 'info'):
        assert after.get(key) == before.get(key)
    coco = COCO(str(polygons))
    for old, new in zip(before['annotations'], after['annotations']):
        assert {**new, 'segmentation': 0, 'area': 0} == {
            **old,
            'segmentation': 0,
            'area': 0,
        }
        if old.get('iscrowd'):
            assert new == old
            continue
        drawn = coco.annToMask(new)
        assert drawn.sum() == new['area']
        # The masks have no holes, so nothing is lost.
        assert (drawn == coco_mask.decode(old['segmentation'])).all()
        assert isinstance(new['segmentation'], list) or not new['area']
    export_masks(str(polygons), str(again))
    for old, new in zip(
        before['annotations'], json.loads(again.read_text())['annotations']
    ):
        assert new['segmentation'] == old['segmentation']
        if not old.get('iscrowd'):
            assert new['area'] == coco_mask.area(old['segmentation'])


def test_mistakes(masks, tmp_path):
    with pytest.raises(ValueError, match='is the input; give another path'):
        export_masks(str(masks), str(masks))
    with pytest.raises(ValueError, match="'png'; it must be one of rle, pol"):
        export_masks(str(masks), str(tmp_path / 'x.json'), 'png')
    content = json.loads(masks.read_text())
    for ann in content['annotations']:
        ann.pop('segmentation')
    masks.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='has no "segmentation"'):
        export_masks(str(masks), str(tmp_path / 'x.json'))
    assert not (tmp_path / 'x.json').exists()


def test_decisions(masks, tmp_path):
    crowd, *anns = json.loads(masks.read_text())['annotations']
    decisions = write_decisions(
        tmp_path / 'decisions.json',
        [entry(anns[2], 'accepted'), entry(anns[4], 'rejected')],
    )
    out = tmp_path / 'decided.json'
    export_masks(str(masks), str(out), decisions=decisions)
    after = json.loads(out.read_text())['annotations']
    told = {
        2: dict(proxy_review='accepted', proxy_source='kept', proxy_agreement=1),
        4: dict(proxy_review='rejected'),
    }
    assert after == [crowd] + [
        dict(ann, area=coco_mask.area(ann['segmentation']), **told.get(number, {}))
        for number, ann in enumerate(anns)
    ]
