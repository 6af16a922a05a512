"""``boxcaseg export-onnx``: a model in a file that needs no PyTorch."""

import argparse

HELP = 'a trained model as ONNX, which makes masks without PyTorch'
EPILOG = (
    'boxcaseg masks ... --checkpoint MODEL.onnx makes masks with it, where '
    'neither PyTorch nor MMDetection is installed.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('config', help='config of a BoxCaseg model')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument(
        '-o', '--out', required=True, metavar='FILE', help='ONNX file to write'
    )
    parser.add_argument(
        '--half',
        action='store_true',
        help='store the weights in half precision: half the bytes, and '
        'probabilities that differ a little; it is computed in single '
        'precision either way',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        metavar='KEY=VALUE',
        default=[],
        help='config values to override, such as model.test_cfg.head=weak',
    )
    parser.add_argument(
        '--allow-unsafe-checkpoint',
        dest='allow_unsafe',
        action='store_true',
        help='load a checkpoint that holds more than weights, and may run '
        'any code; only for one from a source that you trust',
    )


def run(args: argparse.Namespace) -> int:
    """Export the model.

    Args:
        args (argparse.Namespace): The arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.runtime import check_torch
    from mmboxcaseg.quiet import unprinted

    check_torch(['boxcaseg export-onnx'])

    with unprinted():
        from mmboxcaseg.apis.onnx_export import export_onnx

    report = export_onnx(
        args.config,
        args.checkpoint,
        args.out,
        half=args.half,
        cfg_options=args.cfg_options,
        allow_unsafe=args.allow_unsafe,
    )
    print(report.summary())
    return 0
