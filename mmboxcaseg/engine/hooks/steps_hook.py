"""How far a training is, for a person to see."""

from collections.abc import Callable

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmboxcaseg.progress import Steps
from mmboxcaseg.registry import HOOKS

# What validation gives and people look at, in this order.
SCORES = ('mIoU', 'agreement', 'confidence', 'coco/bbox_mAP', 'coco/segm_mAP')


@HOOKS.register_module()
class StepsHook(Hook):
    """Tells each iteration with its losses, and each validation.

    Args:
        steps (Steps): What shows it.
        on_scores (Callable, optional): Called with the number of iterations
            and the scores of each validation, numbers by name. Defaults to
            None.
    """

    # After hooks that average weights or save them.
    priority = 'VERY_LOW'

    def __init__(
        self,
        steps: Steps,
        on_scores: Callable[[int, dict[str, float]], None] | None = None,
    ) -> None:
        self.steps = steps
        self.on_scores = on_scores

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | tuple | list | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Tell the iteration."""
        losses = ', '.join(
            f'{name.removeprefix("loss_")} {float(value.detach()):.3f}'
            for name, value in (outputs or {}).items()
            if name.startswith('loss_') or name == 'loss'
        )
        self.steps.update(runner.iter + 1, losses)

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Tell the scores."""
        numbers = {
            name: float(value)
            for name, value in (metrics or {}).items()
            if name in SCORES
        }
        if numbers:
            self.steps.tell(
                ', '.join(
                    f'{name} {numbers[name]:{".1f" if name == "mIoU" else ".3f"}}'
                    for name in SCORES
                    if name in numbers
                )
            )
        if self.on_scores:
            self.on_scores(runner.iter, numbers)
