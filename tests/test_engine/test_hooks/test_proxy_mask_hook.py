import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.structures import BaseDataElement, InstanceData

from mmboxcaseg.engine import ProxyMaskHook
from mmboxcaseg.masks import decode_rle
from mmboxcaseg.proxy_masks import shard_dir
from mmboxcaseg.registry import HOOKS

HEIGHT, WIDTH = 20, 30
# Two images; the second and smaller object of the first lies on the other.
BOXES = {7: [(0, 0, 20, 10), (5, 2, 15, 8)], 3: [(1.2, 1, 9, 12)]}


@pytest.fixture
def ann_file(tmp_path):
    images = [
        dict(id=i, file_name=f'{i}.jpg', height=HEIGHT, width=WIDTH) for i in (3, 7)
    ]
    anns = [
        dict(id=10 * i + k, image_id=i, category_id=1, bbox=[x0, y0, x1 - x0, y1 - y0])
        for i, boxes in BOXES.items()
        for k, (x0, y0, x1, y1) in enumerate(boxes)
    ]
    path = tmp_path / 'boxes.json'
    path.write_text(
        json.dumps(
            dict(images=images, annotations=anns, categories=[dict(id=1, name='thing')])
        )
    )
    return str(path)


def sample(image_id, ann_ids=torch.tensor):
    """What the model returns; every mask fills its rectangle."""
    boxes = torch.tensor(BOXES[image_id], dtype=torch.float64)
    rects = boxes.round().long()
    element = BaseDataElement(metainfo=dict(img_id=image_id, ori_shape=(HEIGHT, WIDTH)))
    element.prompt_instances = InstanceData(
        bboxes=boxes,
        rects=rects,
        ann_ids=ann_ids([10 * image_id + k for k in range(len(boxes))]),
    )
    element.pred_instances = InstanceData(
        rects=rects,
        masks=[np.ones((y1 - y0, x1 - x0), bool) for x0, y0, x1, y1 in rects.tolist()],
    )
    return element


def runner(**kwargs):
    return SimpleNamespace(
        rank=0,
        world_size=1,
        logger=MMLogger.get_instance('test_proxy_mask_hook'),
        test_dataloader=SimpleNamespace(sampler=range(2)),
        **kwargs,
    )


def run(ann_file, image_ids=(3, 7), **kwargs):
    out_file = os.path.join(os.path.dirname(ann_file), 'masks.json')
    hook = HOOKS.build(
        dict(
            type='mmboxcaseg.ProxyMaskHook',
            out_file=out_file,
            ann_file=ann_file,
            **kwargs,
        )
    )
    assert isinstance(hook, ProxyMaskHook)
    hook.before_test(runner())
    for index, image_id in enumerate(image_ids):
        hook.after_test_iter(runner(), index, None, [sample(image_id)])
    hook.after_test(runner())
    with open(out_file) as file:
        out = json.load(file)
    return out, {ann['id']: ann for ann in out['annotations']}


def test_merged_scored_written(ann_file):
    out, anns = run(ann_file, settings=dict(package_version='1'))
    assert out['info']['proxy_masks'] == dict(merge=True, package_version='1')
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[:10, :20] = True
    expected[2:8, 5:15] = False
    assert (decode_rle(anns[70]['segmentation']) == expected).all()
    assert [anns[i]['area'] for i in (70, 71, 30)] == [140, 60, 88]
    assert anns[70]['proxy_agreement'] == anns[71]['proxy_agreement'] == 1
    # The mask spans 1..9, the box 1.2..9.
    assert anns[30]['proxy_agreement'] == pytest.approx(7.8 / 8, abs=1e-12)
    assert not os.path.exists(shard_dir('masks.json'))


def test_confidence_of_what_merging_leaves(ann_file, tmp_path):
    hook = ProxyMaskHook(str(tmp_path / 'masks.json'), ann_file)
    hook.before_test(runner())
    samples = [sample(3), sample(7)]
    for one in samples:
        one.pred_instances.confidence = np.full(len(one.pred_instances.masks), 0.8)
    hook.after_test_iter(runner(), 0, None, samples)
    hook.after_test(runner())
    anns = json.loads((tmp_path / 'masks.json').read_text())['annotations']
    found = {ann['id']: ann['proxy_confidence'] for ann in anns}
    # 140 of its 200 pixels are left of the first.
    assert found == {70: round(0.8 * 0.7**0.5, 4), 71: 0.8, 30: 0.8}


def test_without_merging(ann_file):
    out, anns = run(ann_file, merge=False)
    assert anns[70]['area'] == 200 and anns[71]['area'] == 60
    assert out['info']['proxy_masks'] == dict(merge=False)


def test_resumed_run_gives_the_same(ann_file, tmp_path):
    whole, _ = run(ann_file)
    with pytest.raises(ValueError, match='2 annotations have no mask yet'):
        run(ann_file, image_ids=[3])
    assert run(ann_file, image_ids=[7], resume=True)[0] == whole
    with pytest.raises(ValueError, match='have no mask yet'):
        run(ann_file, image_ids=[3])
    with pytest.raises(ValueError, match='merge: false now, true'):
        run(ann_file, image_ids=[7], resume=True, merge=False)


def test_annotation_ids_may_be_a_list(ann_file, tmp_path):
    hook = ProxyMaskHook(str(tmp_path / 'masks.json'), ann_file)
    hook.before_test(runner())
    hook.after_test_iter(runner(), 0, None, [sample(3, list), sample(7, list)])
    hook.after_test(runner())
    assert (tmp_path / 'masks.json').exists()


def test_checkpoint_of_another_model_is_refused(ann_file, tmp_path):
    hook = ProxyMaskHook(str(tmp_path / 'masks.json'), ann_file)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    state = model.state_dict()
    hook.after_load_checkpoint(runner(model=model), dict(state_dict=state))
    prefixed = {f'module.{key}': value for key, value in state.items()}
    hook.after_load_checkpoint(runner(model=model), prefixed)
    for spoilt in ({'0.weight': torch.zeros(3, 3)}, {'0.bias': None}):
        bad = {**state, **spoilt}
        bad = {key: value for key, value in bad.items() if value is not None}
        with pytest.raises(ValueError, match=f'such as {list(spoilt)[0]}'):
            hook.after_load_checkpoint(runner(model=model), dict(state_dict=bad))
