"""Evaluate a checkpoint with a config's test set and metrics, of any stage.

Example:
    python tools/test.py configs/boxcaseg/hrnet_w48_voc.py \
        work_dirs/hrnet_w48_voc/iter_42250.pth
"""

import argparse
import json
import os
import os.path as osp
import sys

from mmboxcaseg.cli import main
from mmboxcaseg.cli.common import add_config_options, parse_config_args


def pickle_file(path: str) -> str:
    """Check that a path has the suffix of a pickle file."""
    if not path.endswith(('.pkl', '.pickle')):
        raise argparse.ArgumentTypeError(f'must end in .pkl or .pickle, not {path}')
    return path


def dump_metric(cfg, out: str):
    """Build the metric that writes the predictions to a pickle file.

    Args:
        cfg (mmengine.config.Config): Config of a test.
        out (str): Path of the file to write.

    Returns:
        mmengine.evaluator.DumpResults: The metric. For a detector it is that
        of MMDetection, which writes masks as RLE.
    """
    if cfg.get('default_scope') == 'mmdet':
        from mmdet.evaluation import DumpDetResults as DumpResults
    else:
        from mmengine.evaluator import DumpResults
    return DumpResults(out_file_path=out)


def parse_args() -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--out', type=pickle_file, help='pickle file (.pkl) to write the predictions to'
    )
    parser.add_argument('--metrics-out', help='JSON file to write the metrics to')
    parser.add_argument(
        '--show-dir',
        help='folder for pictures of the results, below the folder of logs',
    )
    add_config_options(parser)
    return parse_config_args(parser)


def run(args: argparse.Namespace) -> int:
    """Test; returns the exit status."""
    from mmboxcaseg.engine import launch

    cfg = launch.load_config(
        args.config, args.cfg_options, args.work_dir, args.launcher
    )
    cfg.load_from = args.checkpoint
    # The traceback of an error is written there.
    args.log_dir = cfg.work_dir
    if args.show_dir is not None:
        launch.draw_results(cfg, args.config, args.show_dir)
    runner = launch.build_runner(cfg)
    if args.out is not None:
        runner.test_evaluator.metrics.append(dump_metric(cfg, args.out))
    metrics = runner.test()
    if args.metrics_out is not None and runner.rank == 0:
        os.makedirs(osp.dirname(osp.abspath(args.metrics_out)), exist_ok=True)
        with open(args.metrics_out, 'w', encoding='utf-8') as file:
            json.dump(metrics, file, indent=2)
    return 0


if __name__ == '__main__':
    main.run(sys.modules[__name__], parse_args(), 'test')
