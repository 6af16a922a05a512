"""Values that a model computes from its weights once for all predictions."""

from collections.abc import Callable, Hashable
from typing import Any

import torch
from torch import Tensor, nn

Weights = tuple[Tensor, ...] | None


class PreparedWeights(nn.Module):
    """A model that caches what it computes from its weights.

    Values are computed at the first prediction after ``eval()``. The cache is
    cleared by ``train()`` and ``eval()``, by loading a state dict, and by
    moving or casting the model. Code that changes weights in evaluation mode
    must call ``eval()`` afterwards, as mmengine's loops do.

    The arguments are those of the next class in the order of inheritance.
    """

    def __init__(self, *args, **kwargs) -> None:
        # Before the next class is initialised, since that may call train().
        self._kept: dict[Hashable, Any] = {}
        super().__init__(*args, **kwargs)
        self.register_load_state_dict_post_hook(_forget)

    def produce_weights(self) -> Weights:
        """Compute the weights; the inheriting class implements it."""
        raise NotImplementedError

    def prepared_weights(self) -> Weights:
        """The cached weights of :meth:`produce_weights`, see :meth:`kept`."""
        return self.kept('weights', self.produce_weights)

    def kept(self, name: Hashable, produce: Callable[[], Any]) -> Any:
        """Return a cached value, or compute it.

        Cached values have the model's precision, even under autocast, and no
        gradient. In training mode and while gradients are recorded nothing is
        cached.

        Args:
            name (Hashable): Key of the value in the cache.
            produce (Callable[[], Any]): Function that computes the value.

        Returns:
            Any: The value.
        """
        if self.training or torch.is_grad_enabled():
            return produce()
        if name not in self._kept:
            device = next(self.parameters()).device.type
            with torch.autocast(device, enabled=False):
                self._kept[name] = produce()
        return self._kept[name]

    def forget_weights(self) -> None:
        """Clear the cache."""
        self._kept.clear()

    def train(self, mode: bool = True) -> 'PreparedWeights':
        """Set the mode of :class:`torch.nn.Module` and clear the cache.

        ``eval()`` calls it too.
        """
        self.forget_weights()
        return super().train(mode)

    def _apply(self, *args, **kwargs) -> 'PreparedWeights':
        # Called by to(), cuda(), half() and the like.
        self.forget_weights()
        return super()._apply(*args, **kwargs)


def _forget(model: PreparedWeights, *_: Any) -> None:
    """Clear the cache after a state dict has been loaded."""
    model.forget_weights()
