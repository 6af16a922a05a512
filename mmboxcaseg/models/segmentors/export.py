"""Export of a trained BoxCaseg without the parts that only training needs.

The export has the backbone and the heads that the model's ``test_cfg.head``
needs. The convolutions of the transferred head are produced once and stored
(:class:`ProducedHead`), so it needs neither the weight transfer nor the weak
head. Weights of convolutions are stored in half precision.
"""

from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor
from torch.nn import functional as F

from mmboxcaseg.head_names import HEADS
from mmboxcaseg.prediction import PredictOptions

from .boxcaseg import BoxCaseg

# Keys of a config that prediction needs besides model and data.
KEPT = ('default_scope', 'custom_imports', 'env_cfg', 'log_level', 'test_cfg')
HOOKS = ('timer', 'logger', 'sampler_seed')
# Largest differences of probabilities that half precision may cause: on average,
# and at any pixel.
MEAN_ERROR, LARGEST_ERROR = 0.002, 0.1


def export_model_cfg(model: dict[str, Any]) -> dict[str, Any]:
    """Make the config of the exported model.

    Args:
        model (dict): ``cfg.model`` of the trained model.

    Returns:
        dict: ``model`` without losses, initial weights and heads that are not
        needed.
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
            if key in ('type', 'in_channels', 'channels', 'norm_cfg')
        }
    return exported


def export_config(cfg: Config) -> Config:
    """Make a config that is for prediction only.

    Args:
        cfg (Config): Config of the training.

    Returns:
        Config: The config, without paths of data.
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
    """Load the weights into the exported model, and return them for storing.

    Args:
        trained (BoxCaseg): The trained model.
        exported (BoxCaseg): Model of :func:`export_model_cfg`, which gets the
            rounded weights.

    Returns:
        dict[str, Tensor]: Weights by name: those of convolutions in half
        precision; biases and statistics, which are few, in single precision.

    Raises:
        ValueError: If a weight is too large for half precision.
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
                raise ValueError(f'{name} has values too large for half precision')
        # A copy, since a view would be saved with its whole storage.
        stored[name] = value.clone().contiguous()
    exported.load_state_dict(stored)
    return stored


def check_same(trained: BoxCaseg, exported: BoxCaseg) -> float:
    """Compare two models on random crops.

    Args:
        trained (BoxCaseg): The trained model.
        exported (BoxCaseg): The exported model.

    Returns:
        float: Mean absolute difference of their probabilities.

    Raises:
        ValueError: If they differ by more than half precision can cause.
    """
    generator = torch.Generator().manual_seed(0)
    # Smooth crops, as photos are; plain noise looks the same everywhere.
    crops = F.interpolate(
        torch.randn(4, trained.channels, 8, 8, generator=generator),
        (96, 96),
        mode='bilinear',
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
