"""What runs around the models: start-up, hooks, sampler, optimiser."""
from .checkpoints import WEIGHTS_ONLY, check_weights, read_checkpoint
from .dist import prepare_distributed
from .hooks import AlphaScheduleHook, FreezeHook, ProxyMaskHook
from .optim import BF16OptimWrapper
from .samplers import BlockSampler

__all__ = [
    'check_weights', 'WEIGHTS_ONLY', 'read_checkpoint', 'prepare_distributed',
    'AlphaScheduleHook', 'FreezeHook', 'ProxyMaskHook', 'BlockSampler',
    'BF16OptimWrapper'
]
