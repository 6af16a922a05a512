"""The old place of tools/benchmarks/summarize_run.py, which it runs."""

import os
import os.path as osp
import sys

if __name__ == '__main__':
    tool = osp.join(osp.dirname(__file__), '..', 'benchmarks', 'summarize_run.py')
    os.execv(sys.executable, [sys.executable, tool, *sys.argv[1:]])
