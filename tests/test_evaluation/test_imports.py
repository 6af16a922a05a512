"""Scoring a file needs no torch, and old names still work."""

import subprocess
import sys

import pytest

from mmboxcaseg import evaluation, masks


def test_no_framework_is_imported():
    code = (
        'import sys, mmboxcaseg.evaluation; print([m for m in ("torch", '
        '"mmengine", "mmcv", "scipy") if m in sys.modules])'
    )
    out = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == '[]'


def test_metrics_are_there():
    for name in ('InstanceIoUMetric', 'VOCInstanceMetric'):
        assert getattr(evaluation, name).__name__ == name


@pytest.mark.parametrize(
    'name', ['boundary_width', 'inner_boundary', 'rect_boundary_iou', 'rect_mask_iou']
)
def test_moved_names_are_deprecated(name):
    with pytest.warns(DeprecationWarning, match='from mmboxcaseg.masks'):
        assert getattr(evaluation, name) is getattr(masks, name)


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        evaluation.nothing  # noqa: B018
