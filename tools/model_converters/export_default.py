"""Export a trained BoxCaseg for prediction, small enough to ship.

Only what prediction needs is kept: the backbone and the heads that
``model.test_cfg.head`` asks for; the convolutions of the transferred head are
produced once, so that neither the weight transfer nor the weak head is
needed. Convolutions are stored in half precision. The config beside the
checkpoint holds the model and the pipeline of its test set. By default both
are written to where ``mmboxcaseg.apis.default_model()`` looks for them.

Example:
    python tools/model_converters/export_default.py \
        configs/boxcaseg/mini/mobilenetv2_coco-mini_best.py \
        work_dirs/mobilenetv2_coco-mini_best/iter_800.pth
"""
import argparse
import os
import os.path as osp
import sys
from typing import Any, Dict, List, Optional

ROOT = osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__))))
# All that a config needs for prediction, besides model and data.
KEPT = ('default_scope', 'custom_imports', 'env_cfg', 'log_level', 'test_cfg')
HOOKS = ('timer', 'logger', 'sampler_seed')
# Between the maps of probabilities before and after: what half precision may
# cost, and what it may cost anywhere.
MEAN_ERROR, LARGEST_ERROR = 0.002, 0.1


def needed_heads(model: Dict[str, Any]) -> List[str]:
    """Names of the heads that prediction uses, of ``cfg.model``."""
    head = model.get('test_cfg', {}).get('head', 'fused')
    if head != 'fused':
        return [head] if isinstance(head, str) else list(head)
    pixel = [
        name for name in ('salient', 'transferred')
        if model.get(f'{name}_head')
    ]
    return pixel or ['weak']


def export_model_cfg(model: Dict[str, Any]) -> Dict[str, Any]:
    """Config of the exported model.

    Args:
        model (dict): ``cfg.model`` of the trained one.

    Returns:
        dict: Without losses, initial weights and unneeded heads.
    """
    heads = needed_heads(model)
    exported = {
        key: value
        for key, value in model.items()
        if not key.startswith('loss_') and key not in ('train_cfg', 'init_cfg')
    }
    exported['backbone'] = {
        key: value
        for key, value in model['backbone'].items()
        if key not in ('init_cfg', 'pretrained')
    }
    for name in ('weak', 'salient', 'transferred'):
        if name not in heads:
            exported[f'{name}_head'] = None
    if 'transferred' in heads:
        head = model['transferred_head']
        exported['transferred_head'] = {
            key: value
            for key, value in dict(head, type='ProducedHead').items()
            if key in ('type', 'in_channels', 'norm_cfg')
        }
    return exported


def export_config(cfg: Any) -> Any:
    """Config for prediction alone.

    Args:
        cfg (mmengine.config.Config): Config of the training.

    Returns:
        mmengine.config.Config: It names no data set.
    """
    from mmengine.config import Config
    content = cfg.to_dict()
    loader = content['test_dataloader']
    dataset = loader['dataset']
    loader['dataset'] = dict(
        type=dataset['type'],
        ann_file='',
        data_prefix=dict(img=''),
        test_mode=True,
        pipeline=dataset['pipeline'])
    exported = {key: content[key] for key in KEPT if key in content}
    exported.update(
        default_hooks={
            key: value
            for key, value in content.get('default_hooks', {}).items()
            if key in HOOKS
        },
        model=export_model_cfg(content['model']),
        test_dataloader=loader)
    return Config(exported)


def export_weights(trained: Any, exported: Any) -> Dict[str, Any]:
    """Fill in the exported model and give its weights as they are stored.

    Args:
        trained (BoxCaseg): The trained model.
        exported (BoxCaseg): A model of :func:`export_model_cfg`; it gets the
            rounded weights.

    Returns:
        dict[str, Tensor]: Convolutions in half precision; biases and
        statistics, which are few, in single precision.

    Raises:
        ValueError: If a weight doesn't fit half precision.
    """
    import torch
    source = dict(trained.state_dict())
    if exported.transferred_head:
        weights = trained.transferred_head.transfer(trained.weak_head)
        names = ('conv.weight', 'conv.bias', 'conv_seg.weight',
                 'conv_seg.bias')
        source.update({
            f'transferred_head.{name}': weight.detach()
            for name, weight in zip(names, weights)
        })
    stored = {}
    for name in exported.state_dict():
        value = source[name]
        if value.is_floating_point():
            value = value.half() if value.dim() > 1 else value.float()
            if not torch.isfinite(value).all():
                raise ValueError(f'{name} has values beyond half precision')
        # A copy: a view would take its whole storage along.
        stored[name] = value.clone().contiguous()
    exported.load_state_dict(stored)
    return stored


def check_same(trained: Any, exported: Any) -> float:
    """Compare two models on random crops.

    Args:
        trained (BoxCaseg): The one.
        exported (BoxCaseg): The other.

    Returns:
        float: Mean difference of their probabilities.

    Raises:
        ValueError: If they differ by more than half precision explains.
    """
    import torch
    from torch.nn import functional as F
    generator = torch.Generator().manual_seed(0)
    # Smooth, as photos are; noise alone looks the same everywhere.
    crops = F.interpolate(
        torch.randn(4, 3, 8, 8, generator=generator), (96, 96),
        mode='bilinear')
    with torch.no_grad():
        one, other = (
            model.eval().encode_decode(crops) for model in (trained, exported))
    error = (one - other).abs()
    if error.mean() > MEAN_ERROR or error.max() > LARGEST_ERROR:
        raise ValueError(
            'the exported model differs from the trained one by '
            f'{error.mean():.4f} on average and {error.max():.4f} at most in '
            'its probabilities')
    return float(error.mean())


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line; imports nothing heavy."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of the trained model')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument(
        '--out-dir',
        default=osp.join(ROOT, 'mmboxcaseg', 'weights'),
        help='folder to write to (default: that of the package)')
    parser.add_argument(
        '--name',
        default='boxcaseg_small',
        help='of the files, before .py and .pth (default: boxcaseg_small)')
    parser.add_argument(
        '--max-size',
        type=float,
        default=6.0,
        help='of the checkpoint in MB, above which it is not written '
        '(default: 6)')
    args = parser.parse_args(argv)
    for path in (args.config, args.checkpoint):
        if not osp.isfile(path):
            parser.error(f'no file {path}')
    return args


def export(args: argparse.Namespace) -> str:
    """Export a model.

    Args:
        args (argparse.Namespace): The options.

    Returns:
        str: What has been done.

    Raises:
        ValueError: If the result would be too large or wrong.
    """
    import torch
    from mmengine.config import Config
    from mmengine.runner import load_state_dict

    import mmboxcaseg.models  # noqa: F401
    from mmboxcaseg.engine import check_weights, read_checkpoint
    from mmboxcaseg.registry import MODELS
    cfg = Config.fromfile(args.config)
    checkpoint = read_checkpoint(args.checkpoint)
    trained = MODELS.build(cfg.model)
    check_weights(trained, checkpoint)
    load_state_dict(trained, checkpoint.get('state_dict', checkpoint))
    exported_cfg = export_config(cfg)
    exported = MODELS.build(exported_cfg.model)
    weights = export_weights(trained, exported)
    error = check_same(trained, exported)
    size = sum(v.numel() * v.element_size() for v in weights.values()) / 1e6
    if size > args.max_size:
        raise ValueError(f'the weights take {size:.1f} MB, more than '
                         f'--max-size {args.max_size:g}')
    os.makedirs(args.out_dir, exist_ok=True)
    out = osp.join(args.out_dir, args.name)
    torch.save(
        dict(state_dict=weights, meta=dict(config=osp.basename(args.config))),
        f'{out}.pth')
    exported_cfg.dump(f'{out}.py')
    return (f'saved {out}.py and {out}.pth, {size:.2f} MB; probabilities '
            f'differ by {error:.5f} on average')


def main(argv: Optional[List[str]] = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    if ROOT not in sys.path:
        sys.path.insert(0, ROOT)
    try:
        print(export(args))
    except ValueError as error:
        sys.exit(f'export_default: error: {error}')


if __name__ == '__main__':
    main()
