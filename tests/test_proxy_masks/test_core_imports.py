import subprocess
import sys


def test_core_imports_no_framework():
    code = ('import sys, mmboxcaseg.proxy_masks; print([m for m in ("torch", '
            '"mmengine", "mmcv", "mmdet", "mmseg") if m in sys.modules])')
    out = subprocess.run([sys.executable, '-c', code],
                         capture_output=True,
                         text=True,
                         check=True)
    assert out.stdout.strip() == '[]'
