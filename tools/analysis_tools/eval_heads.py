"""Score each head of BoxCaseg, and their fusion, on a config's test set.

Writes one JSON file of metrics for each to a folder: weak.json, salient.json,
transferred.json and fused.json, as far as the model has the heads.

Example:
    python tools/analysis_tools/eval_heads.py \
        configs/boxcaseg/mini/mobilenetv2_coco-mini.py \
        work_dirs/mobilenetv2_coco-mini/iter_800.pth \
        --out work_dirs/mini/scores
"""
import argparse
import json
import os
import os.path as osp
from typing import Sequence


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file of stage 1')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument(
        '--work-dir', help="folder of the logs (default: the config's)")
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help="settings that replace the config's, as in model.alpha=0.5")
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes of a distributed run')
    # Some versions of PyTorch's launcher pass the rank this way.
    parser.add_argument(
        '--local_rank', '--local-rank', default='0', help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    for path in (args.config, args.checkpoint):
        if '://' not in path and not osp.isfile(path):
            parser.error(f'no file {path}')
    os.environ.setdefault('LOCAL_RANK', args.local_rank)
    return args


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    from mmengine.dist import is_main_process

    from mmboxcaseg.apis.score import score_heads
    scores = score_heads(
        args.config,
        args.checkpoint,
        cfg_options=args.cfg_options,
        work_dir=args.work_dir,
        launcher=args.launcher)
    if not is_main_process():
        return
    os.makedirs(args.out, exist_ok=True)
    for head, metrics in scores.items():
        path = osp.join(args.out, f'{head}.json')
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(metrics, file, indent=2)


if __name__ == '__main__':
    main()
