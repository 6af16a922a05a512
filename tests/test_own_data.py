"""docs/own_data.md as one who has boxes only follows it, to the numbers."""

import json
import re

import cv2
import numpy as np
import pytest
import torch
from mmdet.models import BaseDetector
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.structures import InstanceData
from proxy_run import write_model
from torch import nn

from mmboxcaseg.cli import main
from mmboxcaseg.engine.launch import build_runner

CLASSES = ('washer', 'screw', 'nut')
# BGR; what a photo shows is told by its colour, whatever any file says.
COLORS = dict(washer=(0, 200, 0), screw=(0, 0, 200), nut=(200, 0, 0))
# Classes and boxes xywh of each photo. Val has no washer, and its second
# screw is so pale that the detector misses it.
TRAIN = [
    [('screw', [10, 20, 30, 40]), ('washer', [60, 5, 25, 25])],
    [('nut', [5, 5, 40, 30])],
]
VAL = [
    [('nut', [40, 10, 30, 50]), ('screw', [5, 30, 20, 25])],
    [('pale screw', [30, 20, 40, 30])],
]
SIZE = (80, 100)


def write(root, name, photos, categories):
    """Photos and a json without masks and areas, ids from 0."""
    images, anns = [], []
    (root / 'images').mkdir(parents=True, exist_ok=True)
    ids = {one: 3 * place for place, one in enumerate(categories)}
    for number, objects in enumerate(photos):
        photo = np.zeros((*SIZE, 3), np.uint8)
        for what, (x, y, w, h) in objects:
            color = np.array(COLORS[what.split()[-1]])
            photo[y : y + h, x : x + w] = color // (3 if 'pale' in what else 1)
            anns.append(
                dict(
                    id=len(anns),
                    image_id=number,
                    category_id=ids[what.split()[-1]],
                    bbox=[x, y, w, h],
                    iscrowd=0,
                )
            )
        file_name = f'{name}_{number}.png'
        cv2.imwrite(str(root / 'images' / file_name), photo)
        images.append(
            dict(id=number, file_name=file_name, height=SIZE[0], width=SIZE[1])
        )
    (root / f'{name}.json').write_text(
        json.dumps(
            dict(
                images=images,
                annotations=anns,
                categories=[dict(id=i, name=one) for one, i in ids.items()],
            )
        )
    )


class SeesColors(BaseDetector):
    """Detects the colours of a photo, one box each, score 0.9.

    Its labels are places in ``order``. Trained, it compares the labels that
    it is given with what it sees.
    """

    num_classes = len(CLASSES)

    def __init__(self, order=CLASSES, **kwargs):
        super().__init__(**kwargs)
        self.order = order
        self.weight = nn.Parameter(torch.ones(1))
        self.seen = []

    def _named(self, photo):
        for name, color in COLORS.items():
            # Resizing blurs the border.
            near = (photo - torch.tensor(color)[:, None, None]).abs() < 60
            ys, xs = torch.nonzero(near.all(0), as_tuple=True)
            if len(ys):
                yield name, [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]

    def loss(self, batch_inputs, batch_data_samples):
        for photo, sample in zip(batch_inputs, batch_data_samples):
            labels = sample.gt_instances.labels.tolist()
            assert sorted(CLASSES[one] for one in labels) == sorted(
                name for name, _ in self._named(photo)
            )
            self.seen += labels
        return dict(loss=self.weight.sum())

    def predict(self, batch_inputs, batch_data_samples):
        for photo, sample in zip(batch_inputs, batch_data_samples):
            found = list(self._named(photo))
            boxes = torch.tensor([box for _, box in found]).reshape(-1, 4)
            scale = torch.tensor(sample.scale_factor).repeat(2)
            sample.pred_instances = InstanceData(
                bboxes=(boxes / scale).round(),
                scores=torch.full((len(found),), 0.9),
                labels=torch.tensor([self.order.index(name) for name, _ in found]),
            )
        return batch_data_samples

    def extract_feat(self, batch_inputs):
        raise NotImplementedError

    def _forward(self, batch_inputs, batch_data_samples=None):
        raise NotImplementedError


MODELS.register_module(module=SeesColors, force=True)


def config_of_the_page(repo_root, root):
    """The config of docs/own_data.md, as for a file that has boxes only."""
    page = (repo_root / 'docs/own_data.md').read_text(encoding='utf-8')
    (text,) = re.findall(r'```python\n(.*?)```', page, re.S)
    (boxes_only,) = re.findall(r'`(val_evaluator = \[dict.*?\])`', page, re.S)
    text, count = re.subn(
        r'val_evaluator = \[\n.*?\n *\]', boxes_only, text, flags=re.S
    )
    assert count == 1
    for old, new in (
        ("_base_ = '", f"_base_ = '{repo_root}/"),
        ("'data/mine/'", f"'{root}/'"),
        ("('screw', 'nut')", str(CLASSES)),
    ):
        assert old in text
        text = text.replace(old, new)
    (root / 'mine.py').write_text(
        '\n'.join(
            line[3:] if line.startswith('   ') else line for line in text.split('\n')
        )
    )
    return Config.fromfile(root / 'mine.py')


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Boxes, photos, and proxy masks of the training boxes."""
    root = tmp_path_factory.mktemp('own_data')
    write(root, 'train', TRAIN, ('nut', 'washer', 'screw'))
    write(root, 'val', VAL, ('screw', 'nut'))
    write_model(root)
    done = main.main(
        [
            'masks',
            str(root / 'train.json'),
            str(root / 'images'),
            '-o',
            str(root / 'proxy_masks_train.json'),
            '--config',
            str(root / 'config.py'),
            '--checkpoint',
            str(root / 'model.pth'),
            '--device',
            'cpu',
            '--num-workers',
            '0',
        ]
    )
    assert done == 0
    return root


@pytest.fixture
def scores(data, repo_root, tmp_path):
    """Function that follows the page with a detector of some labels."""

    def run(order):
        cfg = config_of_the_page(repo_root, data)
        cfg.model = dict(
            type='SeesColors',
            order=order,
            data_preprocessor=dict(type='DetDataPreprocessor', pad_size_divisor=32),
        )
        cfg.work_dir = str(tmp_path)
        cfg.train_cfg.update(max_iters=2, val_interval=2)
        cfg.log_level = 'ERROR'
        for name in ('train', 'val', 'test'):
            cfg[f'{name}_dataloader'].update(
                batch_size=1, num_workers=0, persistent_workers=False
            )
        runner = build_runner(cfg)
        runner.train()
        after_training = runner.message_hub.get_scalar('val/coco/bbox_mAP').current()
        assert runner.test()['coco/bbox_mAP'] == after_training
        assert sorted(set(runner.model.seen)) == [0, 1, 2]
        return after_training

    return run


def test_numbers_of_boxes_only_are_right(scores):
    """One of two screws: precision 1 up to the recall 0.5, that is at 51 of
    the 101 recalls that COCO looks at; the nut: 1; no washer is there."""
    assert scores(CLASSES) == pytest.approx((51 / 101 + 1) / 2, abs=1e-3)


@pytest.mark.parametrize(
    'order',
    [
        ('nut', 'washer', 'screw'),
        ('screw', 'nut', 'washer'),
    ],
)
def test_labels_by_the_order_of_a_file_have_other_numbers(scores, order):
    """So the numbers above tell whether labels are those of the names."""
    assert scores(order) < 0.3
