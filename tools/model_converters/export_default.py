"""Export a trained BoxCaseg for prediction, small enough to ship.

It writes a checkpoint, a config with the model and the pipeline of its test
set, and the same model as ONNX. mmboxcaseg/models/segmentors/export.py says
which parts of the model are exported. By default the files are written where
``mmboxcaseg.apis.default_model()`` looks for them.

Example:
    python tools/model_converters/export_default.py \
        configs/boxcaseg/mini/mobilenetv2_coco-mini_best.py \
        work_dirs/mobilenetv2_coco-mini_best/iter_800.pth
"""

import argparse
import os
import os.path as osp
import sys

ROOT = osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__))))


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line; imports nothing heavy."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config of the trained model')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument(
        '--out-dir',
        default=osp.join(ROOT, 'mmboxcaseg', 'weights'),
        help='folder to write to (default: that of the package)',
    )
    parser.add_argument(
        '--name',
        default='boxcaseg_small',
        help='name of the files, before .py, .pth and .onnx (default: boxcaseg_small)',
    )
    parser.add_argument(
        '--max-size',
        type=float,
        default=6.0,
        help='largest size of the checkpoint in MB (default: 6)',
    )
    args = parser.parse_args(argv)
    for path in (args.config, args.checkpoint):
        if not osp.isfile(path):
            parser.error(f'no file {path}')
    return args


def export(config: str, checkpoint: str, out: str, max_size: float) -> str:
    """Export a model.

    Args:
        config (str): Path of the trained model's config.
        checkpoint (str): Path of its checkpoint.
        out (str): Path of the files to write, without ``.py``, ``.pth`` and
            ``.onnx``.
        max_size (float): Largest size of the weights in MB.

    Returns:
        str: A summary of what was written.

    Raises:
        ValueError: If the weights are too large, or the exported model
            predicts differently.
    """
    import torch
    from mmengine.config import Config
    from mmengine.runner import load_state_dict

    from mmboxcaseg.apis import export_onnx
    from mmboxcaseg.engine import check_weights, read_checkpoint
    from mmboxcaseg.models.segmentors.export import (
        check_same,
        export_config,
        export_weights,
    )
    from mmboxcaseg.registry import MODELS

    cfg = Config.fromfile(config)
    loaded = read_checkpoint(checkpoint)
    trained = MODELS.build(cfg.model)
    check_weights(trained, loaded)
    load_state_dict(trained, loaded.get('state_dict', loaded))
    exported_cfg = export_config(cfg)
    exported = MODELS.build(exported_cfg.model)
    weights = export_weights(trained, exported)
    error = check_same(trained, exported)
    size = sum(v.numel() * v.element_size() for v in weights.values()) / 1e6
    if size > max_size:
        raise ValueError(
            f'the weights take {size:.1f} MB, more than --max-size {max_size:g}'
        )
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    torch.save(
        dict(state_dict=weights, meta=dict(config=osp.basename(config))), f'{out}.pth'
    )
    exported_cfg.dump(f'{out}.py')
    report = export_onnx(f'{out}.py', f'{out}.pth', f'{out}.onnx', half=True)
    return (
        f'saved {out}.py and {out}.pth, {size:.2f} MB; probabilities '
        f'differ by {error:.5f} on average\n{report.summary()}'
    )


def main(argv: list[str] | None = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    try:
        print(
            export(
                args.config,
                args.checkpoint,
                osp.join(args.out_dir, args.name),
                args.max_size,
            )
        )
    except ValueError as error:
        sys.exit(f'export_default: error: {error}')


if __name__ == '__main__':
    main()
