"""What runs around the models: start-up, hooks, optimiser."""
import warnings
from typing import Any

from .checkpoints import WEIGHTS_ONLY, check_weights, read_checkpoint
from .dist import prepare_distributed
from .hooks import FreezeHook, ProxyMaskHook
from .optim import BF16OptimWrapper

__all__ = [
    'check_weights', 'WEIGHTS_ONLY', 'read_checkpoint', 'prepare_distributed',
    'FreezeHook', 'ProxyMaskHook', 'BF16OptimWrapper'
]


def __getattr__(name: str) -> Any:
    if name == 'BlockSampler':
        from mmboxcaseg.datasets import BlockSampler
        warnings.warn(
            'mmboxcaseg.engine.BlockSampler is deprecated; import it from '
            'mmboxcaseg.datasets',
            DeprecationWarning,
            stacklevel=2)
        return BlockSampler
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
