import json

import cv2
import numpy as np
import pytest
import tiny
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import save_checkpoint
from random_instances import merge_by_probability_slowly

from mmboxcaseg.apis import BoxCasegInferencer, InstanceMasks
from mmboxcaseg.cli import make_proxy_masks
from mmboxcaseg.masks import decode_rle, rle_area
from mmboxcaseg.visualization import IGNORED

# xywh; the second of the first image overlaps the first, the last one of all
# is outside its image.
BOXES = [
    [(5, 5, 40, 20), (8.5, 2.25, 20, 30)],
    [(0, 0, 60, 40)],
    [],
    [(30.2, 3, 25, 33), (1, 1, 4, 4), (61, 2, 5, 5)],
]


def xyxy(boxes):
    return [(x, y, x + w, y + h) for x, y, w, h in boxes]


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Photos, their boxes, and a model with random weights."""
    root = tmp_path_factory.mktemp('inferencer')
    tiny.write_coco(root, BOXES)
    steps = tiny.pipelines().prompt
    model = tiny.model_cfg(test_cfg=dict(crops_per_batch=3))
    (root / 'config.py').write_text(
        "default_scope = 'mmboxcaseg'\n"
        "custom_imports = dict(imports=['tiny', 'mmboxcaseg.models',\n"
        "    'mmboxcaseg.datasets', 'mmboxcaseg.engine'])\n"
        f'model = {model!r}\n'
        'test_dataloader = dict(batch_size=2, num_workers=0, dataset=dict(\n'
        "    type='BoxPromptDataset',\n"
        f'    pipeline={[dict(step) for step in steps]!r}))\n'
        "test_evaluator = []\ntest_cfg = dict(type='TestLoop')\n"
        "log_level = 'WARNING'\n"
    )
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        weights = tiny.model().state_dict()
    save_checkpoint(dict(state_dict=weights), str(root / 'model.pth'))
    return root


@pytest.fixture(scope='module')
def make(files):
    """Function that builds the inferencer."""

    def build(**kwargs):
        return BoxCasegInferencer(
            str(files / 'config.py'), str(files / 'model.pth'), device='cpu', **kwargs
        )

    return build


@pytest.fixture(scope='module')
def infer(make):
    return make()


def photo(files, number):
    return str(files / 'img' / f'{number}.png')


@pytest.mark.parametrize(
    'merge, exponent, tolerance',
    [(True, None, None), (False, None, None), (True, 0.2, None), (True, 0.2, 1.5)],
)
def test_same_as_make_proxy_masks(files, make, tmp_path, merge, exponent, tolerance):
    out = tmp_path / 'masks.json'
    make_proxy_masks.main(
        [
            str(files / 'config.py'),
            str(files / 'model.pth'),
            '--ann',
            str(files / 'boxes.json'),
            '--img-dir',
            str(files / 'img'),
            '--out',
            str(out),
            '--work-dir',
            str(tmp_path / 'logs'),
            '--device',
            'cpu',
            *([] if merge else ['--no-merge']),
            *([] if exponent is None else ['--merge-exponent', str(exponent)]),
            *([] if tolerance is None else ['--merge-tolerance', str(tolerance)]),
        ]
    )
    anns = json.loads(out.read_text())['annotations']
    with pytest.warns(UserWarning, match='boxes .2. of .*4.png are empty'):
        rule = dict(merge_exponent=exponent, merge_tolerance=tolerance)
        results = make(merge=merge, **rule)(
            [photo(files, n) for n in (1, 2, 3, 4)], [xyxy(boxes) for boxes in BOXES]
        )
    masks = [mask for result in results for mask in result.masks]
    scores = [score for result in results for score in result.agreement]
    sure = [score for result in results for score in result.confidence]
    assert len(masks) == len(anns) == 6
    for ann, mask, score, confidence in zip(anns, masks, scores, sure):
        assert (decode_rle(ann['segmentation']) == mask).all()
        assert ann['proxy_agreement'] == score
        assert ann['proxy_confidence'] == round(confidence, 4)
    assert rle_area(anns[-1]['segmentation']) == scores[-1] == 0
    overlap = (results[0].masks.sum(axis=0) > 1).any()
    assert overlap == (not merge or tolerance is not None)


def test_merged_by_probability(files, make):
    inputs = photo(files, 1), xyxy(BOXES[0])
    alone = make(merge=False)(*inputs, return_probs=True)
    areas = np.array([w * h for _, _, w, h in BOXES[0]])
    merged = make(merge_exponent=0.5)(*inputs)
    expected = merge_by_probability_slowly(alone.masks, alone.probs, areas, 0.5)
    assert (merged.masks == expected).all()
    assert merged.probs is None
    # The paper's rule gives other pixels away.
    assert (merged.masks != make()(*inputs).masks).any()


def test_same_averages_as_make_proxy_masks(files, infer, tmp_path):
    out = tmp_path / 'masks.json'
    make_proxy_masks.main(
        [
            str(files / 'config.py'),
            str(files / 'model.pth'),
            '--ann',
            str(files / 'boxes.json'),
            '--img-dir',
            str(files / 'img'),
            '--out',
            str(out),
            '--work-dir',
            str(tmp_path / 'logs'),
            '--device',
            'cpu',
            '--flip',
            '--margins',
            '0',
            '0.25',
        ]
    )
    anns = json.loads(out.read_text())['annotations'][:3]
    cfg = Config.fromfile(str(files / 'config.py'))
    cfg.model.test_cfg.flip = True
    cfg.test_dataloader.dataset.pipeline[1].margins = (0, 0.25)
    averaged = BoxCasegInferencer(cfg, str(files / 'model.pth'), 'cpu')
    inputs = [photo(files, n) for n in (1, 2)], [xyxy(BOXES[0]), xyxy(BOXES[1])]
    masks, plain = (
        [mask for result in one(*inputs) for mask in result.masks]
        for one in (averaged, infer)
    )
    for ann, mask in zip(anns, masks, strict=True):
        assert (decode_rle(ann['segmentation']) == mask).all()
    assert any((a != b).any() for a, b in zip(masks, plain))


def test_kinds_of_images(files, infer):
    boxes = xyxy(BOXES[0])
    path = files / 'img' / '1.png'
    bgr = cv2.imread(str(path))
    result = infer(path, boxes)
    masks, agreement = result.masks, result.agreement
    assert masks.shape == (2, 40, 60) and masks.dtype == bool
    assert agreement.shape == (2,) and masks.any()
    for image, order in (
        (str(path), 'rgb'),
        (path.read_bytes(), 'rgb'),
        (bgr[..., ::-1], 'rgb'),
        (bgr, 'bgr'),
    ):
        again = infer(image, np.array(boxes), channel_order=order)
        assert (again.masks == masks).all()
        assert (again.agreement == agreement).all()
        assert (again.confidence == result.confidence).all()
    # Red and blue do make a difference to the network.
    assert not (infer(bgr, boxes).masks == masks).all()
    grey = infer(bgr[..., 0], boxes).masks
    assert (grey == infer(np.stack([bgr[..., 0]] * 3, -1), boxes).masks).all()


def test_probabilities(files, make):
    result = make(merge=False)(photo(files, 1), xyxy(BOXES[0]), return_probs=True)
    masks, probs = result.masks, result.probs
    assert probs.dtype == np.float32 and probs.shape == masks.shape
    assert ((probs > 0.5) == masks).all()
    inside = probs[0, 5:25, 5:45]
    # Resizing to the box may miss the crop's extreme pixels by a little.
    assert 0 <= inside.min() < 0.1 and 0.9 < inside.max() <= 1
    outside = probs[0].copy()
    outside[5:25, 5:45] = 0
    assert not outside.any()


def test_without_boxes(files, infer):
    result = infer(photo(files, 3), [])
    assert result.masks.shape == (0, 40, 60)
    assert result.agreement.shape == result.confidence.shape == (0,)
    (one, none) = infer([photo(files, 1)] * 2, [xyxy(BOXES[0]), []])
    assert len(one.masks) == 2 and len(none.masks) == 0
    assert infer([], []) == []


def test_beside_other_libraries(files, make, infer):
    with DefaultScope.overwrite_default_scope('mmdet'):
        found = make()(photo(files, 1), xyxy(BOXES[0]))
    assert (found.masks == infer(photo(files, 1), xyxy(BOXES[0])).masks).all()


def test_visualize(files, infer, tmp_path):
    boxes = xyxy(BOXES[3])
    with pytest.warns(UserWarning):
        result = infer(photo(files, 4), boxes)
    masks, agreement = result.masks, result.agreement
    out = tmp_path / 'new' / 'drawn.png'
    # The photo is 60 x 40.
    drawn = infer.visualize(
        photo(files, 4), boxes, masks, agreement, 0, side=240, out_file=out
    )
    assert drawn.shape == (160, 240, 3)
    assert (cv2.imread(str(out))[..., ::-1] == drawn).all()
    assert not (drawn == IGNORED).all(axis=2).any()
    ignored = infer.visualize(photo(files, 4), boxes, masks, agreement, 1, side=240)
    assert (ignored == IGNORED).all(axis=2).sum() > 50
    with pytest.raises(ValueError, match='2 masks, but 3 boxes'):
        infer.visualize(photo(files, 4), boxes, masks[:2], agreement)


@pytest.mark.parametrize(
    'image, error, message',
    [
        ('none.png', FileNotFoundError, 'no image none.png'),
        (b'no image', ValueError, "given as 8 bytes can't be decoded"),
        (b'', ValueError, "given as 0 bytes can't be decoded"),
        (3, TypeError, 'must be a path, bytes or a NumPy array, not int'),
        (np.zeros((4, 4, 4), np.uint8), ValueError, r'uint8 of shape \(4, 4, 4\)'),
        (np.zeros((4, 4, 3)), ValueError, 'float64 of shape'),
        (np.zeros((0, 4, 3), np.uint8), ValueError, r'shape \(0, 4, 3\)'),
    ],
)
def test_images_that_are_none(infer, image, error, message):
    with pytest.raises(error, match=message):
        infer(image, [(0, 0, 2, 2)])


def test_a_file_that_is_no_image(infer, tmp_path):
    (tmp_path / 'a.jpg').write_text('text')
    with pytest.raises(ValueError, match="a.jpg can't be decoded"):
        infer(tmp_path / 'a.jpg', [(0, 0, 2, 2)])


def test_mistakes(files, infer, tmp_path):
    config, weights = str(files / 'config.py'), str(files / 'model.pth')
    with pytest.raises(ValueError, match='2 images, but boxes for 1'):
        infer([photo(files, 1)] * 2, [[(0, 0, 2, 2)]])
    with pytest.raises(ValueError, match=r'must have shape \(N, 4\)'):
        infer(photo(files, 1), [0, 0, 2, 2])
    with pytest.raises(ValueError, match="not 'gbr'"):
        infer(np.zeros((4, 4, 3), np.uint8), [], channel_order='gbr')
    with pytest.raises(ValueError, match='model is given without weights'):
        BoxCasegInferencer(config)
    with pytest.raises(ValueError, match='weights is given without model'):
        BoxCasegInferencer(weights=weights)
    (tmp_path / 'other.py').write_text('model = dict()')
    with pytest.raises(ValueError, match='must be BoxPromptDataset'):
        BoxCasegInferencer(str(tmp_path / 'other.py'), weights)


def test_checkpoints(files, infer, tmp_path):
    config = str(files / 'config.py')
    with pytest.raises(FileNotFoundError, match='none.pth'):
        BoxCasegInferencer(config, 'none.pth', 'cpu')
    save_checkpoint(dict(state_dict=dict()), str(tmp_path / 'empty.pth'))
    with pytest.raises(ValueError, match='does not belong to the config'):
        BoxCasegInferencer(config, str(tmp_path / 'empty.pth'), 'cpu')
    # A class is not a weight.
    unsafe = str(tmp_path / 'unsafe.pth')
    save_checkpoint(dict(state_dict=infer.model.state_dict(), more=Config), unsafe)
    with pytest.raises(ValueError, match='contains Python objects'):
        BoxCasegInferencer(config, unsafe, 'cpu')
    allowed = BoxCasegInferencer(config, unsafe, 'cpu', allow_unsafe=True)
    result, again = (one(photo(files, 1), xyxy(BOXES[0])) for one in (infer, allowed))
    assert (result.masks == again.masks).all()


def test_result_of_the_former_version(files, infer):
    result = infer(photo(files, 1), xyxy(BOXES[0]), return_probs=True)
    assert isinstance(result, InstanceMasks)
    with pytest.warns(DeprecationWarning, match='has the attributes masks'):
        masks, agreement, probs = result
    assert masks is result.masks and agreement is result.agreement
    assert probs is result.probs
    with pytest.warns(DeprecationWarning):
        assert infer(photo(files, 1), [])[1].shape == (0,)
    with pytest.warns(DeprecationWarning, match="is called 'inputs' now"):
        again = infer(images=photo(files, 1), boxes=xyxy(BOXES[0]))
    assert (again.masks == result.masks).all()


def test_batch_size(files, infer, monkeypatch):
    sizes = []
    step = infer.model.test_step
    monkeypatch.setattr(
        infer.model,
        'test_step',
        lambda data, options: sizes.append(len(data['inputs'])) or step(data, options),
    )
    inputs = [photo(files, n) for n in (1, 2, 3, 1, 2)]
    boxes = [xyxy(BOXES[n - 1]) for n in (1, 2, 3, 1, 2)]
    infer(inputs, boxes)
    # The third photo has no boxes.
    assert sizes == [2, 2]
    infer(inputs, boxes, batch_size=3)
    assert sizes[2:] == [3, 1]
    with pytest.raises(ValueError, match='batch_size must be at least 1'):
        infer(inputs, boxes, batch_size=0)


def test_pictures(files, infer, tmp_path):
    inputs = [photo(files, 1), cv2.imread(photo(files, 2)), photo(files, 1)]
    boxes = [xyxy(BOXES[0]), xyxy(BOXES[1]), xyxy(BOXES[0])]
    plain = infer(inputs, boxes)
    assert [result.visualization for result in plain] == [None] * 3
    out = tmp_path / 'vis'
    results = infer(inputs, boxes, return_vis=True, out_dir=out)
    for result, before, name in zip(results, plain, ('1', 'image_1', '1_2')):
        assert (result.masks == before.masks).all()
        written = cv2.imread(str(out / f'{name}.png'))[..., ::-1]
        assert (written == result.visualization).all()
    assert len(list(out.iterdir())) == 3
