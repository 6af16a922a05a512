"""Train the model of a config, of any stage.

Example:
    python tools/train.py configs/boxcaseg/hrnet_w48_voc.py --amp bf16
"""
import argparse
import sys

from mmboxcaseg.cli.common import add_config_options, parse_config_args


def main() -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--amp',
        nargs='?',
        choices=['bf16', 'fp16'],
        const='bf16',
        help='train in mixed precision: bf16 (without a value), also on a '
        'CPU, or fp16 with loss scaling, on a GPU')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate with the number of samples a step')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from a checkpoint, without a value from the last one in '
        'the work folder')
    add_config_options(parser)
    args = parse_config_args(parser)

    from mmboxcaseg.engine import launch
    cfg = launch.load_config(args.config, args.cfg_options, args.work_dir,
                             args.launcher)
    try:
        if args.amp:
            launch.use_amp(cfg, args.amp)
        if args.auto_scale_lr:
            launch.scale_lr(cfg, args.config)
    except ValueError as error:
        sys.exit(str(error))
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    launch.build_runner(cfg).train()


if __name__ == '__main__':
    main()
