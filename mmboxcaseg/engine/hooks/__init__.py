"""Hooks of the runner."""
from .freeze_hook import FreezeHook
from .proxy_mask_hook import ProxyMaskHook

__all__ = ['FreezeHook', 'ProxyMaskHook']
