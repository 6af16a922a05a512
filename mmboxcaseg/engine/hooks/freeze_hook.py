"""Training only a part of a model."""

from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmboxcaseg.registry import HOOKS

from ..unwrapped import unwrapped


@HOOKS.register_module()
class FreezeHook(Hook):
    """Freezes all of a model except some modules.

    Frozen parameters get no gradient. Frozen modules stay in evaluation mode,
    so that their normalisation statistics don't change and dropout is off.
    Proxy masks are used only by the mask loss, so detectors that share
    everything but the mask head differ only by their masks.

    With several processes the model wrapper needs
    ``find_unused_parameters=True``.

    Args:
        trained (str | Sequence[str]): Names of the modules to train, as in
            ``model.named_modules()``, such as ``'roi_head.mask_head'``.
    """

    def __init__(self, trained: str | Sequence[str]) -> None:
        self.trained = [trained] if isinstance(trained, str) else list(trained)

    def before_train(self, runner: Runner) -> None:
        """Freeze the parameters of all other modules.

        Args:
            runner (Runner): The runner.

        Raises:
            ValueError: If the model has no module with one of the names.
        """
        model = unwrapped(runner.model)
        modules = dict(model.named_modules())
        for name in self.trained:
            if name not in modules:
                raise ValueError(
                    f'FreezeHook: trained={name!r}, but {type(model).__name__} '
                    'has no such module; see model.named_modules()'
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

        This is repeated in every iteration, since loops put the whole model
        into training mode after each validation.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Number of the batch.
            data_batch (dict | tuple | list, optional): The batch. Defaults to
                None.
        """
        model = unwrapped(runner.model)
        model.eval()
        for name in self.trained:
            model.get_submodule(name).train()
        # The flag of the model itself concerns forward() and the data
        # preprocessor, not the frozen modules.
        model.training = True
