"""What runs around the models: distributed start-up and hooks."""
from .dist import prepare_distributed
from .hooks import ProxyMaskHook

__all__ = ['prepare_distributed', 'ProxyMaskHook']
