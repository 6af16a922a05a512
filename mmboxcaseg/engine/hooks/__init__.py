"""Hooks of the runner."""
from .alpha_hook import AlphaScheduleHook
from .freeze_hook import FreezeHook
from .proxy_mask_hook import ProxyMaskHook

__all__ = ['AlphaScheduleHook', 'FreezeHook', 'ProxyMaskHook']
