"""The demo: its script, its notebook, and what its boxes give."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image


@pytest.fixture
def demo(repo_root):
    return repo_root / 'demo'


def test_boxes_lie_inside_their_photos(demo):
    boxes = json.loads((demo / 'boxes.json').read_text())
    sizes = {}
    for image in boxes['images']:
        with Image.open(demo / 'photos' / image['file_name']) as photo:
            assert photo.size == (image['width'], image['height'])
        sizes[image['id']] = photo.size
    for ann in boxes['annotations']:
        x, y, width, height = ann['bbox']
        assert 0 <= x < x + width <= sizes[ann['image_id']][0]
        assert 0 <= y < y + height <= sizes[ann['image_id']][1]


def test_every_photo_is_credited(demo):
    text = (demo / 'README.md').read_text()
    for photo in (demo / 'photos').iterdir():
        assert f'`photos/{photo.name}`' in text


def test_script_draws_the_masks(demo, repo_root, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, str(demo / 'image_demo.py')),
            *(str(demo / 'photos/astronaut.jpg'), '--out', 'masks.png'),
            *('--box', '19', '15', '364', '512', '--box', '277', '344', '512', '512'),
        ],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(repo_root)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(
        r'masks.png: 2 masks of confidence 0\.\d\d, 0\.\d\d\n', done.stdout
    )
    with Image.open(tmp_path / 'masks.png') as picture:
        assert picture.width == picture.height
        assert len(picture.getcolors(2**20)) > 1000


@pytest.mark.slow
def test_notebook_runs(demo, repo_root, monkeypatch):
    monkeypatch.setenv('PYTHONPATH', str(repo_root))
    notebook = nbformat.read(demo / 'boxes_to_masks.ipynb', as_version=4)
    # Outputs would go stale: it is kept without any.
    code = [cell for cell in notebook.cells if cell.cell_type == 'code']
    assert not any(cell.outputs for cell in code)
    NotebookClient(
        notebook, timeout=300, resources=dict(metadata=dict(path=str(demo)))
    ).execute()
    assert any('image/png' in output.get('data', ()) for output in code[0].outputs)
    printed = ''.join(output.text for cell in code[1:] for output in cell.outputs)
    assert printed.count('pixels, confidence 0.') == 3
    assert '5 masks' in printed
