import pytest

from mmboxcaseg.annotations import read_proxy_masks

pytest.importorskip('mmcv._ext')

from tools.benchmarks.speed import stage3  # noqa: E402


def test_stage3_has_a_row(inputs):
    (row,) = stage3.rows(inputs)
    assert row.plain > 0 and row.ours > 0


def test_file_of_proxy_masks(inputs, tmp_path):
    path = str(tmp_path / 'masks.json')
    names = stage3.write_proxy_masks(inputs.ann_file, path)
    masks = read_proxy_masks(path)
    assert names == masks.boxes.category_names
    assert len(masks.boxes.image_ids) == 4
