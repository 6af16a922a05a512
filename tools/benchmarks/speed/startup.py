"""From the command to a ready data set."""
import os.path as osp
import subprocess
import sys
import time
from typing import List

from coco_scale import IMAGES, start_up
from measure import Row, limit
from photos import Photos

ROOT = osp.abspath(osp.join(osp.dirname(__file__), '..', '..', '..'))
IMPORT = '''
import time
import numpy
start = time.perf_counter()
import mmboxcaseg
print(time.perf_counter() - start)
'''
HELP = '''
import runpy, sys
sys.path.insert(0, 'tools')
sys.argv = ['tools/train.py', '--help']
try:
    runpy.run_path('tools/train.py', run_name='__main__')
except SystemExit:
    print(int('torch' in sys.modules))
'''


def last_line(code: str) -> str:
    """Last line that a new Python prints."""
    result = subprocess.run([sys.executable, '-c', code],
                            cwd=ROOT,
                            capture_output=True,
                            text=True,
                            check=True)
    return result.stdout.splitlines()[-1]


def rows(photos: Photos) -> List[Row]:
    """Item 5."""
    importing = min(float(last_line(IMPORT)) for _ in range(3))
    start = time.perf_counter()
    with_torch = int(last_line(HELP))
    helping = time.perf_counter() - start
    coco = start_up(IMAGES)
    return [
        limit('import mmboxcaseg, beyond its dependencies', 's', importing,
              0.2),
        limit('tools/train.py --help: imports torch (1) or not (0)', '',
              with_torch, 0),
        Row('tools/train.py --help', 's', None, helping),
        limit('annotations of COCO train2017 to a data set', 's',
              coco['seconds'], 60),
        limit('the same, peak memory', 'GB', coco['peak'] / 1e9, 3),
        limit('the same, memory that each worker adds', 'MB',
              coco['of_worker'] / 1e6, 0.1 * coco['size'] / 1e6)
    ]
