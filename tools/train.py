"""Train the model of a config, of any stage.

Example:
    python tools/train.py configs/boxcaseg/hrnet_w48_voc.py --amp bf16
"""

import argparse
import sys

from mmboxcaseg.cli import main
from mmboxcaseg.cli.common import add_config_options, parse_config_args


def parse_args() -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--amp',
        nargs='?',
        choices=['bf16', 'fp16'],
        const='bf16',
        help='train in mixed precision: bf16 (the default without a value), '
        'on a GPU or a CPU, or fp16 with loss scaling, on a GPU',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate with the number of samples of a step',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='resume from a checkpoint; without a value, from the last one in '
        'the work folder',
    )
    add_config_options(parser)
    return parse_config_args(parser)


def run(args: argparse.Namespace) -> int:
    """Train; returns the exit status."""
    from mmboxcaseg.engine import launch

    cfg = launch.load_config(
        args.config, args.cfg_options, args.work_dir, args.launcher
    )
    # The traceback of an error is written there.
    args.log_dir = cfg.work_dir
    if args.amp:
        launch.use_amp(cfg, args.amp)
    if args.auto_scale_lr:
        launch.scale_lr(cfg, args.config)
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    launch.build_runner(cfg).train()
    return 0


if __name__ == '__main__':
    main.run(sys.modules[__name__], parse_args(), 'train')
