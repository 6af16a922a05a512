"""Hooks of the runner."""
from .proxy_mask_hook import ProxyMaskHook

__all__ = ['ProxyMaskHook']
