"""Measure the package against the plain way of doing the same.

Both sides of every comparison run in turn, in one process and on one thread.
Prints a table and writes it as json. With photos (--data) it measures on
them, otherwise on generated pictures.

Example:
    python tools/analysis_tools/benchmark/run.py --only losses
"""
import argparse
import importlib
import importlib.util
import json
import os
import os.path as osp
import platform
import sys
import time
from typing import Any, Dict, List, Optional

ITEMS = ('losses', 'training_data', 'proxy_masks', 'startup', 'stage3',
         'growth', 'training_step', 'prediction', 'gpu')


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--only',
        nargs='+',
        choices=ITEMS,
        default=ITEMS,
        metavar='ITEM',
        help=f'only these of {", ".join(ITEMS)}')
    parser.add_argument(
        '--data',
        default=os.environ.get('MMBOXCASEG_DATA', 'data'),
        help='folder with coco_mini and duts_tr_mini (default: the '
        'environment variable MMBOXCASEG_DATA, or data)')
    parser.add_argument(
        '--json', default='work_dirs/benchmark.json', help='json to write')
    parser.add_argument('--markdown', help='Markdown table to write, if any')
    return parser.parse_args(argv)


def machine() -> Dict[str, Any]:
    """What the numbers depend on."""
    import torch
    return dict(
        processor=platform.machine(),
        cores=os.cpu_count(),
        gpu=torch.cuda.get_device_name()
        if torch.cuda.is_available() else None,
        python=platform.python_version(),
        torch=torch.__version__)


def main(argv: Optional[List[str]] = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    # Read when the libraries start.
    os.environ['OMP_NUM_THREADS'] = '1'
    if importlib.util.find_spec('mmboxcaseg') is None:
        # Run from a checkout, with the package not installed.
        root = osp.abspath(osp.join(osp.dirname(__file__), '..', '..', '..'))
        sys.path.insert(0, root)
        os.environ['PYTHONPATH'] = osp.pathsep.join(
            filter(None, [root, os.environ.get('PYTHONPATH')]))
    import cv2
    import torch
    from measure import table
    from photos import find_photos
    torch.set_num_threads(1)
    cv2.setNumThreads(0)

    os.makedirs(osp.dirname(osp.abspath(args.json)), exist_ok=True)
    rows, seconds = [], {}
    with find_photos(args.data) as photos:
        for item in args.only:
            start = time.perf_counter()
            module = importlib.import_module(f'bench_{item}')
            new = module.rows(photos)
            seconds[item] = round(time.perf_counter() - start, 1)
            print(
                f'{table(new)}{item}: {seconds[item]} s\n',
                file=sys.stderr,
                flush=True)
            rows += new
            # After each item: a run that is cut short keeps what it has.
            write(args, rows, photos.description, seconds)
    print(table(rows), end='')


def write(args: argparse.Namespace, rows: list, photos: str,
          seconds: Dict[str, float]) -> None:
    """Write the rows as json, and as a Markdown table if asked for.

    Args:
        args (argparse.Namespace): The options.
        rows (list[Row]): Rows.
        photos (str): What the photos are.
        seconds (dict[str, float]): What each item took.
    """
    from measure import table, to_dict
    result = dict(
        machine=machine(),
        photos=photos,
        seconds=seconds,
        rows=[to_dict(row) for row in rows])
    with open(args.json, 'w', encoding='utf-8') as file:
        json.dump(result, file, indent=1)
    if args.markdown:
        with open(args.markdown, 'w', encoding='utf-8') as file:
            file.write(table(rows, markdown=True))


if __name__ == '__main__':
    main()
