"""What needs no framework brings none."""

import subprocess
import sys

import pytest

FRAMEWORKS = ('torch', 'mmengine', 'mmcv', 'mmdet', 'mmseg')


@pytest.mark.parametrize(
    'module',
    [
        'mmboxcaseg.masks',
        'mmboxcaseg.annotations',
        'mmboxcaseg.evaluation',
        'mmboxcaseg.prediction',
        'mmboxcaseg.proxy_masks',
        'mmboxcaseg.visualization',
        'mmboxcaseg.report',
        'mmboxcaseg.apis',
        'mmboxcaseg.cli.main',
    ],
)
def test_no_framework(module):
    code = f'import sys, {module}; print([m for m in {FRAMEWORKS} if m in sys.modules])'
    out = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == '[]'
