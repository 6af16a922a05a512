"""Commands where neither torch nor a package of OpenMMLab is installed."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.slow

FRAMEWORKS = ('torch', 'mmengine', 'mmcv', 'mmdet', 'mmseg')
# Python as if they were not installed: they are neither imported nor found.
WITHOUT = f"""
import sys
from importlib.machinery import PathFinder

class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.split('.')[0] in {FRAMEWORKS}:
            return None
        return PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
"""
COMMAND = (
    WITHOUT
    + """
from mmboxcaseg.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
)


def python(code, *words):
    return subprocess.run(
        [sys.executable, '-c', code, *map(str, words)], capture_output=True, text=True
    )


def run(folder, words):
    """Run a command whose files are in the folder."""
    command, *words = words.split()
    paths = {path.name: path for path in folder.iterdir()}
    paths.update({name: folder / name for name in ('report', 'pictures', 'masks')})
    return python(COMMAND, command, *[paths.get(word, word) for word in words])


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A photo of a disc, its box, its true mask, and ``masks.json``."""
    folder = tmp_path_factory.mktemp('without')
    (folder / 'img').mkdir()
    photo = np.full((80, 100, 3), 200, np.uint8)
    cv2.circle(photo, (50, 40), 30, (40, 40, 40), -1)
    cv2.imwrite(str(folder / 'img' / 'a.png'), photo)
    ann = dict(id=1, image_id=1, category_id=1, bbox=[20, 10, 61, 61], area=2800)
    angles = np.linspace(0, 2 * np.pi, 40)
    ring = np.stack([50.5 + 30 * np.cos(angles), 40.5 + 30 * np.sin(angles)], 1)
    content = dict(
        images=[dict(id=1, file_name='a.png', height=80, width=100)],
        categories=[dict(id=1, name='disc')],
        annotations=[ann],
    )
    (folder / 'boxes.json').write_text(json.dumps(content))
    (folder / 'c.py').touch()
    content['annotations'] = [
        dict(ann, iscrowd=0, segmentation=[ring.ravel().tolist()])
    ]
    (folder / 'truth.json').write_text(json.dumps(content))
    done = python(
        COMMAND,
        *('masks', folder / 'boxes.json', folder / 'img'),
        *('-o', folder / 'masks.json'),
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_packages_are_not_found():
    done = python(WITHOUT + 'import torch')
    assert "No module named 'torch'" in done.stderr


def test_masks(folder):
    (ann,) = json.loads((folder / 'masks.json').read_text())['annotations']
    assert ann['proxy_agreement'] > 0.8 and ann['proxy_confidence'] > 0.5
    # pi r^2, within a tenth.
    assert ann['area'] == pytest.approx(np.pi * 30**2, rel=0.1)


@pytest.mark.parametrize(
    ('words', 'says'),
    [
        ('score masks.json truth.json', 'mIoU'),
        ('report masks.json img --out report', 'report'),
        ('draw masks.json img --out pictures', 'saved 1 picture'),
        ('export masks.json -o masks --format yolo-seg', '1'),
        ('check boxes.json --img-dir img', 'disc'),
        ('--version', 'boxcaseg'),
    ],
)
def test_commands(folder, words, says):
    done = run(folder, words)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout + done.stderr


@pytest.mark.parametrize(
    'words',
    [
        'masks boxes.json img -o new.json --runtime torch',
        'masks boxes.json img -o new.json --config c.py --checkpoint c.pth',
        'masks boxes.json img -o new.json --precision bf16',
        'export-onnx c.py c.pth -o new.onnx',
        'check boxes.json --img-dir img --config c.py',
    ],
)
def test_the_others_say_what_to_install(folder, words):
    done = run(folder, words)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert 'which are not installed; install them with bash tools/setup_env.sh' in line
    assert not list(folder.glob('new*'))


def test_so_does_whatever_imports_one():
    done = python(
        WITHOUT
        + """
from argparse import Namespace
from mmboxcaseg.cli.main import run
run(Namespace(run=lambda args: __import__('mmdet.apis')), Namespace(), 'boxcaseg x')
"""
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith('boxcaseg x: error: boxcaseg x: needs torch, mmengine,')


def test_calibration_needs_none():
    done = python(WITHOUT + 'import mmboxcaseg.apis.calibration')
    assert done.returncode == 0, done.stderr


def test_the_inferencer(folder):
    done = python(
        WITHOUT
        + f"""
from mmboxcaseg.apis import BoxCasegInferencer
infer = BoxCasegInferencer()
result = infer({str(folder / 'img' / 'a.png')!r}, [(20, 10, 81, 71)], return_vis=True)
print(infer.runtime, result.masks.sum())
"""
    )
    assert done.returncode == 0, done.stderr
    runtime, area = done.stdout.split()
    assert runtime == 'onnx'
    (ann,) = json.loads((folder / 'masks.json').read_text())['annotations']
    assert abs(int(area) - ann['area']) <= 1
