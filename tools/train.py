"""Train the model of a config, of any stage.

Example:
    python tools/train.py configs/boxcaseg/hrnet_w48_voc.py --amp bf16
"""
import argparse

from run_config import (add_common_options, build_runner, load_config,
                        parse_args)

# Optimiser wrapper of each precision.
AMP_WRAPPERS = dict(bf16='BF16OptimWrapper', fp16='AmpOptimWrapper')


def use_amp(cfg, precision: str) -> None:
    """Switch a config to mixed precision, in place.

    Args:
        cfg (mmengine.config.Config): Config of a training.
        precision (str): ``'bf16'`` or ``'fp16'``.

    Raises:
        SystemExit: For fp16 without an accelerator, which mmengine's wrapper
            needs, or if the config has an optimiser wrapper of its own.
    """
    from mmengine.device import get_device
    kind = cfg.optim_wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', *AMP_WRAPPERS.values()):
        raise SystemExit(
            f'--amp: optim_wrapper.type is {kind!r}; only OptimWrapper can be '
            f'switched to {AMP_WRAPPERS[precision]}, so set the type in the '
            'config')
    if precision == 'fp16':
        if get_device() == 'cpu':
            raise SystemExit('--amp fp16 needs a GPU, and none is visible '
                             'here; --amp bf16 needs none')
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
        cfg.optim_wrapper.dtype = 'float16'
    cfg.optim_wrapper.type = AMP_WRAPPERS[precision]


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
        '--amp',
        nargs='?',
        choices=list(AMP_WRAPPERS),
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
    add_common_options(parser)
    args = parse_args(parser)

    cfg = load_config(args)
    if args.amp:
        use_amp(cfg, args.amp)
    if args.auto_scale_lr:
        scale_lr(cfg, args.config)
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    build_runner(cfg).train()


if __name__ == '__main__':
    main()
