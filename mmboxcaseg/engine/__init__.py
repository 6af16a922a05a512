"""What runs around the models: start-up, hooks, sampler."""
from .dist import prepare_distributed
from .hooks import FreezeHook, ProxyMaskHook
from .samplers import BlockSampler

__all__ = [
    'prepare_distributed', 'FreezeHook', 'ProxyMaskHook', 'BlockSampler'
]
