"""The model behind a runner."""
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn


def unwrapped(runner: Runner) -> nn.Module:
    """The model without its wrapper for several processes."""
    model = runner.model
    return model.module if is_model_wrapper(model) else model
