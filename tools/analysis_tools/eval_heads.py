"""Score each head of BoxCaseg, and their fusion, on a config's test set.

Writes the metrics of each as a JSON file to a folder: weak.json, salient.json,
transferred.json and fused.json. Heads that the model does not have are left out.

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
from collections.abc import Sequence

from mmboxcaseg import process
from mmboxcaseg.cli.common import add_config_options, parse_config_args


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file of stage 1')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', required=True, help='folder to write')
    add_config_options(parser)
    return parse_config_args(parser, argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    process.prepare()
    from mmengine.dist import is_main_process

    from mmboxcaseg.apis.score import score_heads

    scores = score_heads(
        args.config,
        args.checkpoint,
        cfg_options=args.cfg_options,
        work_dir=args.work_dir,
        launcher=args.launcher,
    )
    if not is_main_process():
        return
    os.makedirs(args.out, exist_ok=True)
    for head, metrics in scores.items():
        path = osp.join(args.out, f'{head}.json')
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(metrics, file, indent=2)


if __name__ == '__main__':
    main()
