"""What a model produces from its weights, once for all predictions."""

from collections.abc import Callable, Hashable
from typing import Any

import torch
from torch import Tensor, nn

Weights = tuple[Tensor, ...] | None


class PreparedWeights(nn.Module):
    """A model that keeps what it produces of its weights, while it only
    predicts.

    It is produced at the first prediction after ``eval()`` and forgotten
    by ``train()`` and ``eval()``, by loading a state dict, and by moving or
    casting the model. Where other code changes weights in evaluation mode,
    ``eval()`` has to follow, as it does in mmengine's loops.

    The arguments are those of the next class.
    """

    def __init__(self, *args, **kwargs) -> None:
        # Before the next class, whose making may call train().
        self._kept: dict[Hashable, Any] = {}
        super().__init__(*args, **kwargs)
        self.register_load_state_dict_post_hook(_forget)

    def produce_weights(self) -> Weights:
        """Produce them; for the class that inherits from this one."""
        raise NotImplementedError

    def prepared_weights(self) -> Weights:
        """Those that are kept, or new ones, see :meth:`kept`."""
        return self.kept('weights', self.produce_weights)

    def kept(self, name: Hashable, produce: Callable[[], Any]) -> Any:
        """What is kept under a name, or made anew.

        What is kept has the model's precision, whatever autocast is on, and
        no gradient. In training mode and where gradients are recorded nothing
        is kept.

        Args:
            name (Hashable): What to call it.
            produce (Callable): It makes it.

        Returns:
            Any: What ``produce`` returned, now or before.
        """
        if self.training or torch.is_grad_enabled():
            return produce()
        if name not in self._kept:
            device = next(self.parameters()).device.type
            with torch.autocast(device, enabled=False):
                self._kept[name] = produce()
        return self._kept[name]

    def forget_weights(self) -> None:
        """Have all that is kept produced anew at the next prediction."""
        self._kept.clear()

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
