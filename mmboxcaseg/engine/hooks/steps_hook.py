"""Showing the progress of a training."""

from collections.abc import Callable

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmboxcaseg.progress import Steps
from mmboxcaseg.registry import HOOKS

# Scores of a validation that are shown, in this order.
SCORES = ('mIoU', 'agreement', 'confidence', 'coco/bbox_mAP', 'coco/segm_mAP')


@HOOKS.register_module()
class StepsHook(Hook):
    """Shows each iteration with its losses, and the scores of each validation.

    Args:
        steps (Steps): Display of the progress.
        on_scores (Callable, optional): Function that is called with the
            number of iterations and the scores by name, after each
            validation. Defaults to None.
        before (int): Iterations of earlier rounds, which are counted too.
            Defaults to 0.
    """

    # Runs after hooks that average weights or save them.
    priority = 'VERY_LOW'

    def __init__(
        self,
        steps: Steps,
        on_scores: Callable[[int, dict[str, float]], None] | None = None,
        before: int = 0,
    ) -> None:
        self.steps = steps
        self.before = before
        self.on_scores = on_scores

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | tuple | list | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Show an iteration and its losses.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Number of the batch.
            data_batch (dict | tuple | list, optional): The batch. Defaults to
                None.
            outputs (dict, optional): Losses by name. Defaults to None.
        """
        losses = ', '.join(
            f'{name.removeprefix("loss_")} {float(value.detach()):.3f}'
            for name, value in (outputs or {}).items()
            if name.startswith('loss_') or name == 'loss'
        )
        self.steps.update(self.before + runner.iter + 1, losses)

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Show the scores of a validation.

        Args:
            runner (Runner): The runner.
            metrics (dict[str, float], optional): Metrics by name. Defaults to
                None.
        """
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
            self.on_scores(self.before + runner.iter, numbers)
