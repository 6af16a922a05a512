"""A model without its wrapper."""

from mmengine.model import is_model_wrapper
from torch import nn


def unwrapped(model: nn.Module) -> nn.Module:
    """The model without its wrapper for several processes, if it has one."""
    return model.module if is_model_wrapper(model) else model
