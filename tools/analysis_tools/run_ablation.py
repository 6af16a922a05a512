"""The old place of tools/benchmarks/run_ablation.py, which it runs."""

import os
import os.path as osp
import sys

if __name__ == '__main__':
    tool = osp.join(osp.dirname(__file__), '..', 'benchmarks', 'run_ablation.py')
    os.execv(sys.executable, [sys.executable, tool, *sys.argv[1:]])
