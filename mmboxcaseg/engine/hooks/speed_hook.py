"""How long an iteration of a training takes."""

import time
from collections.abc import Callable

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmboxcaseg.registry import HOOKS


@HOOKS.register_module()
class SpeedHook(Hook):
    """Times the iterations of a short training.

    Args:
        warm_up (int): Iterations that are not counted: workers start, and
            buffers are made. Defaults to 4.
        clock (Callable): Returns seconds; for tests. Defaults to
            ``time.monotonic``.
    """

    def __init__(
        self, warm_up: int = 4, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.warm_up = warm_up
        self._clock = clock
        self._ends: list[float] = []

    def after_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Note when it ended."""
        self._ends.append(self._clock())

    @property
    def seconds(self) -> float:
        """Mean time of an iteration.

        Raises:
            ValueError: If there were too few.
        """
        ends = self._ends[self.warm_up :]
        if len(ends) < 2:
            raise ValueError('too few iterations to tell how long one takes')
        return float(np.diff(ends).mean())
