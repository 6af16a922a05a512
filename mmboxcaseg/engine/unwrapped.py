"""Removing the wrapper of a model."""

from mmengine.model import is_model_wrapper
from torch import nn


def unwrapped(model: nn.Module) -> nn.Module:
    """Remove the wrapper for several processes from a model.

    Args:
        model (nn.Module): The model, wrapped or not.

    Returns:
        nn.Module: The model without wrapper.
    """
    return model.module if is_model_wrapper(model) else model
