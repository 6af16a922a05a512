"""``boxcaseg export-onnx``: export a model to a file that needs no PyTorch."""

import argparse

HELP = 'exports a trained model as ONNX, to make masks without PyTorch'
EPILOG = (
    'To make masks with the exported model, run boxcaseg masks ... '
    '--checkpoint MODEL.onnx. That needs neither PyTorch nor MMDetection.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('config', help='config of a BoxCaseg model')
    parser.add_argument('checkpoint', help='checkpoint of the model')
    parser.add_argument(
        '-o', '--out', required=True, metavar='FILE', help='ONNX file to write'
    )
    parser.add_argument(
        '--half',
        action='store_true',
        help='store the weights in half precision, which halves the file and '
        'changes the probabilities a little; the network is computed in single '
        'precision in any case',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        metavar='KEY=VALUE',
        default=[],
        help='settings that replace those of the config, such as '
        'model.test_cfg.head=weak',
    )
    parser.add_argument(
        '--allow-unsafe-checkpoint',
        dest='allow_unsafe',
        action='store_true',
        help='load a checkpoint that contains more than weights; it can run any '
        'code, so its source must be one that you trust',
    )


def run(args: argparse.Namespace) -> int:
    """Export the model and print a summary.

    Args:
        args (argparse.Namespace): The parsed arguments.

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
