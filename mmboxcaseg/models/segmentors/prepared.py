"""Weights that a model produces from others, once for all predictions."""

from typing import Any

import torch
from torch import Tensor, nn

Weights = tuple[Tensor, ...] | None


class PreparedWeights(nn.Module):
    """A model that keeps the weights it produces, while it only predicts.

    They are produced at the first prediction after ``eval()`` and forgotten
    by ``train()`` and ``eval()``, by loading a state dict, and by moving or
    casting the model. Where other code changes weights in evaluation mode,
    ``eval()`` has to follow, as it does in mmengine's loops.

    The arguments are those of the next class.
    """

    _prepared: Weights = None

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.register_load_state_dict_post_hook(_forget)

    def produce_weights(self) -> Weights:
        """Produce them; for the class that inherits from this one."""
        raise NotImplementedError

    def prepared_weights(self) -> Weights:
        """Those that are kept, or new ones.

        Kept ones have the model's precision, whatever autocast is on, and no
        gradient. In training mode and where gradients are recorded none are
        kept.
        """
        if self.training or torch.is_grad_enabled():
            return self.produce_weights()
        if self._prepared is None:
            device = next(self.parameters()).device.type
            with torch.autocast(device, enabled=False):
                self._prepared = self.produce_weights()
        return self._prepared

    def forget_weights(self) -> None:
        """Have them produced anew at the next prediction."""
        self._prepared = None

    def train(self, mode: bool = True) -> 'PreparedWeights':
        """As in :class:`torch.nn.Module`; ``eval()`` comes here too."""
        self.forget_weights()
        return super().train(mode)

    def _apply(self, *args, **kwargs) -> 'PreparedWeights':
        # What to(), cuda(), half() and the like call.
        self.forget_weights()
        return super()._apply(*args, **kwargs)


def _forget(model: PreparedWeights, *_: Any) -> None:
    """What a model does after a state dict has been loaded into it."""
    model.forget_weights()
