"""Measure the package and compare it with plain implementations.

Both sides of a comparison run in turn, in one process and on one thread. It
prints a table and writes it as json. It uses the photos of --data, or synthetic
ones if there are none.

Example:
    python tools/benchmarks/run_speed.py --only losses
"""

import argparse
import importlib
import json
import os
import os.path as osp
import platform
import sys
import time
from collections.abc import Sequence
from typing import Any

from .inputs import IMAGES, find_inputs
from .measure import Row, table, to_dict

ITEMS = (
    'losses',
    'training_data',
    'proxy_masks',
    'stage3',
    'startup',
    'coco_scale',
    'growth',
    'training_step',
    'network',
    'prediction',
    'commands',
    'gpu',
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--only',
        nargs='+',
        choices=ITEMS,
        default=ITEMS,
        metavar='ITEM',
        help=f'items to run (default: all): {", ".join(ITEMS)}',
    )
    parser.add_argument(
        '--data',
        default=os.environ.get('MMBOXCASEG_DATA', 'data'),
        help='folder with coco_mini and duts_tr_mini (default: the '
        'environment variable MMBOXCASEG_DATA, or data)',
    )
    parser.add_argument(
        '--images',
        type=int,
        default=IMAGES,
        help='number of images of the synthetic annotations that startup, '
        f'coco_scale and growth read (default: {IMAGES}, as in COCO train)',
    )
    parser.add_argument(
        '--json',
        default='work_dirs/benchmark.json',
        help='json to write (default: %(default)s)',
    )
    parser.add_argument('--markdown', help='Markdown file to write the table to')
    args = parser.parse_args(argv)
    if args.images < 100:
        parser.error('--images must be at least 100')
    return args


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    # The libraries read it when they are imported.
    os.environ['OMP_NUM_THREADS'] = '1'
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    os.makedirs(osp.dirname(osp.abspath(args.json)), exist_ok=True)
    rows: list[Row] = []
    seconds: dict[str, float] = {}
    with find_inputs(args.data, args.images) as inputs:
        for item in args.only:
            start = time.perf_counter()
            new = importlib.import_module(f'.{item}', __package__).rows(inputs)
            seconds[item] = round(time.perf_counter() - start, 1)
            print(
                f'{table(new, padded=True)}\n{item}: {seconds[item]} s\n',
                file=sys.stderr,
                flush=True,
            )
            rows += new
            # After each item, so that a run that is stopped keeps its rows.
            with open(args.json, 'w', encoding='utf-8') as file:
                json.dump(
                    dict(
                        machine=machine(),
                        photos=inputs.photos,
                        seconds=seconds,
                        rows=[to_dict(row) for row in rows],
                    ),
                    file,
                    indent=1,
                )
            if args.markdown:
                with open(args.markdown, 'w', encoding='utf-8') as file:
                    file.write(f'{table(rows)}\n')
    print(table(rows, padded=True))


def machine() -> dict[str, Any]:
    """Properties of the machine on which the numbers depend."""
    import torch

    return dict(
        processor=platform.machine(),
        cores=os.cpu_count(),
        gpu=torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        python=platform.python_version(),
        torch=torch.__version__,
    )
