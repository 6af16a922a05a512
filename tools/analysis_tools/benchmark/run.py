"""The old place of tools/benchmarks/run_speed.py, which it runs."""

import os
import os.path as osp
import sys

if __name__ == '__main__':
    tool = osp.join(osp.dirname(__file__), '..', '..', 'benchmarks', 'run_speed.py')
    os.execv(sys.executable, [sys.executable, tool, *sys.argv[1:]])
