"""Training a part of a model alone."""

from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmboxcaseg.registry import HOOKS

from ..unwrapped import unwrapped


@HOOKS.register_module()
class FreezeHook(Hook):
    """Freezes a model but for some of its modules.

    Frozen parameters get no gradient, and frozen modules stay in evaluation
    mode, so that normalisation statistics and dropout don't move either.
    Proxy masks enter nothing but the mask loss: detectors that share all but
    the mask head differ by their masks alone.

    With several processes the model wrapper needs
    ``find_unused_parameters=True``.

    Args:
        trained (str | Sequence[str]): Names of the modules that are trained,
            as in ``model.named_modules()``, e.g. ``'roi_head.mask_head'``.

    Raises:
        ValueError: Before training, if the model has no such module.
    """

    def __init__(self, trained: str | Sequence[str]) -> None:
        self.trained = [trained] if isinstance(trained, str) else list(trained)

    def before_train(self, runner: Runner) -> None:
        """Take the gradients off everything else.

        Raises:
            ValueError: If the model has no module of one of the names.
        """
        model = unwrapped(runner.model)
        modules = dict(model.named_modules())
        for name in self.trained:
            if name not in modules:
                raise ValueError(
                    f'FreezeHook: trained names {name!r}, but '
                    f'{type(model).__name__} has no such module'
                )
        model.requires_grad_(False)
        for name in self.trained:
            modules[name].requires_grad_(True)

    def before_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | tuple | list | None = None,
    ) -> None:
        """Put the frozen modules into evaluation mode.

        Anew in every iteration, since loops put the whole model into training
        mode whenever they have validated.
        """
        model = unwrapped(runner.model)
        model.eval()
        for name in self.trained:
            model.get_submodule(name).train()
        # Of the model itself it says how a data preprocessor and forward()
        # behave, not how its parts do.
        model.training = True
