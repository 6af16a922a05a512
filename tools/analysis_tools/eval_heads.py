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
import sys
from dataclasses import replace

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))
import run_config  # noqa: E402

HEADS = ('weak', 'salient', 'transferred')


def main() -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file of stage 1')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', required=True, help='folder to write')
    run_config.add_common_options(parser)
    args = run_config.parse_args(parser)
    if '://' not in args.checkpoint and not osp.isfile(args.checkpoint):
        parser.error(f'the checkpoint {args.checkpoint} does not exist')

    cfg = run_config.load_config(args)
    cfg.load_from = args.checkpoint
    runner = run_config.build_runner(cfg)
    heads = [head for head in HEADS if cfg.model.get(f'{head}_head')]
    for head in (*heads, 'fused'):
        # The wrapper of a distributed run has the model inside.
        model = getattr(runner.model, 'module', runner.model)
        model.predict_options = replace(model.predict_options, head=head)
        runner.logger.info(f'scoring: {head}')
        metrics = runner.test()
        if runner.rank == 0:
            os.makedirs(args.out, exist_ok=True)
            with open(
                    osp.join(args.out, f'{head}.json'), 'w',
                    encoding='utf-8') as file:
                json.dump(metrics, file, indent=2)


if __name__ == '__main__':
    main()
