"""Train the model of a config, of any stage.

Example:
    python tools/train.py configs/boxcaseg/hrnet_w48_voc.py --amp
"""
import argparse

from run_config import (add_common_options, build_runner, load_config,
                        parse_args)


def use_amp(cfg) -> None:
    """Switch a config to mixed precision, in place.

    Args:
        cfg (mmengine.config.Config): Config of a training.

    Raises:
        SystemExit: If there is no accelerator, which mmengine's wrapper
            needs, or if the config has an optimiser wrapper of its own.
    """
    from mmengine.device import get_device
    if get_device() == 'cpu':
        raise SystemExit(
            '--amp: mixed precision needs a GPU, and none is visible here; '
            'leave the option out')
    kind = cfg.optim_wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise SystemExit(
            f'--amp: optim_wrapper.type is {kind!r}; only OptimWrapper can be '
            'switched to AmpOptimWrapper, so set the type in the config')
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')


def scale_lr(cfg, config: str) -> None:
    """Switch on the scaling of the learning rate, in place.

    Args:
        cfg (mmengine.config.Config): Config of a training.
        config (str): Its file, for the message.

    Raises:
        SystemExit: If the config doesn't say for which batch its learning
            rate is meant.
    """
    if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
        raise SystemExit(
            f'--auto-scale-lr: {config} has no auto_scale_lr.base_batch_size, '
            'the number of samples a step that its learning rate is meant '
            'for; add it')
    cfg.auto_scale_lr.enable = True


def main() -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--amp', action='store_true', help='train in mixed precision')
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
    add_common_options(parser)
    args = parse_args(parser)

    cfg = load_config(args)
    if args.amp:
        use_amp(cfg)
    if args.auto_scale_lr:
        scale_lr(cfg, args.config)
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    build_runner(cfg).train()


if __name__ == '__main__':
    main()
