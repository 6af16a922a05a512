"""Running the models: checkpoints, distributed start, hooks, optimiser."""

from mmboxcaseg.deprecation import moved_names

from .checkpoints import WEIGHTS_ONLY, check_weights, read_checkpoint
from .dist import prepare_distributed
from .hooks import FreezeHook, ProxyMaskHook
from .optim import BF16OptimWrapper

__all__ = [
    'check_weights',
    'WEIGHTS_ONLY',
    'read_checkpoint',
    'prepare_distributed',
    'FreezeHook',
    'ProxyMaskHook',
    'BF16OptimWrapper',
]

__getattr__ = moved_names(__name__, dict(BlockSampler='mmboxcaseg.datasets'))
