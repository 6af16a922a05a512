"""Boxes whose sides are moved at random."""

import json
import runpy

import numpy as np
import pytest


@pytest.fixture(scope='module')
def tool(repo_root):
    folder = repo_root / 'tools/benchmarks'
    with pytest.MonkeyPatch.context() as patch:
        # As when it is run: it imports a file beside it.
        patch.syspath_prepend(str(folder))
        return runpy.run_path(str(folder / 'inexact_boxes.py'))


def test_help(instant_help):
    assert '--levels' in instant_help('benchmarks/inexact_boxes')


def test_sides_move_by_their_share(tool):
    rng = np.random.default_rng(0)
    moves = []
    for _ in range(500):
        x, y, width, height = tool['moved']([10, 20, 40, 80], 0.25, rng)
        moves.append([x - 10, y - 20, x + width - 50, y + height - 100])
    most = np.abs(moves).max(0)
    assert (most <= [10, 20, 10, 20]).all() and (most > [9, 18, 9, 18]).all()
    assert np.abs(np.mean(moves, 0) / most).max() < 0.1
    assert tool['moved']([10, 20, 40, 80], 0, rng) == [10, 20, 40, 80]


def test_moved_file_has_no_masks_and_no_crowds(tool, tmp_path):
    ann = dict(id=1, image_id=1, category_id=1, bbox=[1, 1, 4, 4], segmentation=[])
    coco = dict(images=[], categories=[], annotations=[ann, dict(ann, id=2, iscrowd=1)])
    path = tmp_path / 'boxes.json'
    tool['write_moved'](coco, 0.1, 0, str(path))
    (written,) = json.loads(path.read_text())['annotations']
    assert written['id'] == 1 and 'segmentation' not in written
    assert written['bbox'] != ann['bbox']


def test_level_of_half_a_box(tool):
    with pytest.raises(ValueError, match='--levels must be numbers from 0'):
        tool['main'](['a.json', 'photos', '--levels', '0.5'])
