"""A share of the salient head that changes during training."""
from typing import Optional, Union

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmboxcaseg.registry import HOOKS
from ..unwrapped import unwrapped


@HOOKS.register_module()
class AlphaScheduleHook(Hook):
    """Moves alpha of Eq. 3 linearly from ``start`` to the model's own.

    The larger alpha, the more of the pixel loss falls on the salient head
    and the less on the transferred one. The first iteration has ``start``,
    the last one ``model.alpha``, which is also what validation, prediction
    and the checkpoint's config have at any time.

    Args:
        start (float): In [0, 1].

    Raises:
        ValueError: If ``start`` is not in [0, 1], or before training, if the
            model has no alpha.
    """

    def __init__(self, start: float) -> None:
        if not 0 <= start <= 1:
            raise ValueError(
                f'AlphaScheduleHook: start={start!r} is not in [0, 1]')
        self.start = start

    def before_train(self, runner: Runner) -> None:
        """Keep the model's alpha.

        Raises:
            ValueError: If it has none.
        """
        model = unwrapped(runner.model)
        if not hasattr(model, 'alpha'):
            raise ValueError(f'AlphaScheduleHook: {type(model).__name__} has '
                             'no alpha; it is a hook for BoxCaseg')
        self.end = model.alpha

    def before_train_iter(
            self,
            runner: Runner,
            batch_idx: int,
            data_batch: Optional[Union[dict, tuple, list]] = None) -> None:
        """Set alpha for one iteration."""
        done = runner.iter / max(runner.max_iters - 1, 1)
        unwrapped(
            runner.model).alpha = self.start + (self.end - self.start) * done

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Optional[Union[dict, tuple, list]] = None,
                         outputs: Optional[dict] = None) -> None:
        """Give the model its own back."""
        unwrapped(runner.model).alpha = self.end
