"""Hooks of the runner."""

from .classes_hook import ClassesHook
from .freeze_hook import FreezeHook
from .proxy_mask_hook import ProxyMaskHook
from .speed_hook import SpeedHook
from .steps_hook import StepsHook

__all__ = ['ClassesHook', 'FreezeHook', 'ProxyMaskHook', 'SpeedHook', 'StepsHook']
