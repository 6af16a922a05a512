"""A trained BoxCaseg without what only training needs.

Kept are the backbone and the heads that the model's ``test_cfg.head`` asks
for. The convolutions of the transferred head are produced once
(:class:`ProducedHead`), so that neither the weight transfer nor the weak head
is needed. Convolutions are stored in half precision.
"""

from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor
from torch.nn import functional as F

from mmboxcaseg.head_names import HEADS
from mmboxcaseg.prediction import PredictOptions

from .boxcaseg import BoxCaseg

# All that a config needs for prediction, besides model and data.
KEPT = ('default_scope', 'custom_imports', 'env_cfg', 'log_level', 'test_cfg')
HOOKS = ('timer', 'logger', 'sampler_seed')
# Between the maps of probabilities before and after: what half precision may
# cost, and what it may cost anywhere.
MEAN_ERROR, LARGEST_ERROR = 0.002, 0.1


def export_model_cfg(model: dict[str, Any]) -> dict[str, Any]:
    """Config of the exported model.

    Args:
        model (dict): ``cfg.model`` of the trained one.

    Returns:
        dict: Without losses, initial weights and unneeded heads.
    """
    built = [name for name in HEADS if model.get(f'{name}_head')]
    heads = PredictOptions.from_cfg(model.get('test_cfg'), built).heads(built)
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
    for name in HEADS:
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


def export_config(cfg: Config) -> Config:
    """Config for prediction alone.

    Args:
        cfg (Config): Config of the training.

    Returns:
        Config: It names no data set.
    """
    content = cfg.to_dict()
    loader = content['test_dataloader']
    dataset = loader['dataset']
    loader['dataset'] = dict(
        type=dataset['type'],
        ann_file='',
        data_prefix=dict(img=''),
        test_mode=True,
        pipeline=dataset['pipeline'],
    )
    exported = {key: content[key] for key in KEPT if key in content}
    exported.update(
        default_hooks={
            key: value
            for key, value in content.get('default_hooks', {}).items()
            if key in HOOKS
        },
        model=export_model_cfg(content['model']),
        test_dataloader=loader,
    )
    return Config(exported)


def export_weights(trained: BoxCaseg, exported: BoxCaseg) -> dict[str, Tensor]:
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
    source = dict(trained.state_dict())
    if exported.transferred_head:
        weights = trained.transferred_head.transfer(trained.weak_head)
        names = ('conv.weight', 'conv.bias', 'conv_seg.weight', 'conv_seg.bias')
        source.update(
            {
                f'transferred_head.{name}': weight.detach()
                for name, weight in zip(names, weights)
            }
        )
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


def check_same(trained: BoxCaseg, exported: BoxCaseg) -> float:
    """Compare two models on random crops.

    Args:
        trained (BoxCaseg): The one.
        exported (BoxCaseg): The other.

    Returns:
        float: Mean difference of their probabilities.

    Raises:
        ValueError: If they differ by more than half precision explains.
    """
    generator = torch.Generator().manual_seed(0)
    # Smooth, as photos are; noise alone looks the same everywhere.
    crops = F.interpolate(
        torch.randn(4, 3, 8, 8, generator=generator), (96, 96), mode='bilinear'
    )
    with torch.no_grad():
        one, other = (
            model.eval().encode_decode(crops) for model in (trained, exported)
        )
    error = (one - other).abs()
    if error.mean() > MEAN_ERROR or error.max() > LARGEST_ERROR:
        raise ValueError(
            'the exported model differs from the trained one by '
            f'{error.mean():.4f} on average and {error.max():.4f} at most in '
            'its probabilities'
        )
    return float(error.mean())
