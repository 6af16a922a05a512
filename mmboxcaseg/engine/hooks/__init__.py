"""Hooks of the runner."""

from .classes_hook import ClassesHook
from .freeze_hook import FreezeHook
from .proxy_mask_hook import ProxyMaskHook

__all__ = ['ClassesHook', 'FreezeHook', 'ProxyMaskHook']
