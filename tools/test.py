"""Evaluate a checkpoint with a config's test set and metrics, of any stage.

Example:
    python tools/test.py configs/boxcaseg/hrnet_w48_voc.py \
        work_dirs/hrnet_w48_voc/iter_42250.pth
"""
import argparse
import json
import os
import os.path as osp

from run_config import (add_common_options, build_runner, load_config,
                        parse_args)


def draw_results(cfg, config: str, show_dir: str) -> None:
    """Have the config's visualisation hook draw the results, in place.

    Args:
        cfg (mmengine.config.Config): Config of a test.
        config (str): Its file, for the message.
        show_dir (str): Folder for the pictures, below the run's own folder.

    Raises:
        SystemExit: If the config has no such hook.
    """
    hook = cfg.get('default_hooks', {}).get('visualization')
    if hook is None:
        raise SystemExit(
            f'--show-dir: {config} has no default_hooks.visualization to draw '
            'with; add type="mmdet.DetVisualizationHook" for a detector')
    hook.draw = True
    hook.test_out_dir = show_dir


def dump_metric(cfg, out: str):
    """Metric that writes the predictions to a pickle file.

    Args:
        cfg (mmengine.config.Config): Config of a test.
        out (str): File to write.

    Returns:
        mmengine.evaluator.DumpResults: The metric. For a detector it is
        MMDetection's, which packs the masks as RLE.
    """
    if cfg.get('default_scope') == 'mmdet':
        from mmdet.evaluation import DumpDetResults as DumpResults
    else:
        from mmengine.evaluator import DumpResults
    return DumpResults(out_file_path=out)


def main() -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--out', help='pickle file (.pkl) to write the predictions to')
    parser.add_argument(
        '--metrics-out', help='JSON file to write the metrics to')
    parser.add_argument(
        '--show-dir',
        help='folder for pictures of the results, below the folder of logs')
    add_common_options(parser)
    args = parse_args(parser)
    if args.out is not None and not args.out.endswith(('.pkl', '.pickle')):
        parser.error(f'--out must end in .pkl or .pickle, got {args.out}')
    if '://' not in args.checkpoint and not osp.isfile(args.checkpoint):
        parser.error(f'the checkpoint {args.checkpoint} does not exist')

    cfg = load_config(args)
    cfg.load_from = args.checkpoint
    if args.show_dir is not None:
        draw_results(cfg, args.config, args.show_dir)
    runner = build_runner(cfg)
    if args.out is not None:
        runner.test_evaluator.metrics.append(dump_metric(cfg, args.out))
    metrics = runner.test()
    if args.metrics_out is not None and runner.rank == 0:
        os.makedirs(osp.dirname(osp.abspath(args.metrics_out)), exist_ok=True)
        with open(args.metrics_out, 'w', encoding='utf-8') as file:
            json.dump(metrics, file, indent=2)


if __name__ == '__main__':
    main()
