"""Measuring the time of an iteration."""

import time
from collections.abc import Callable

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmboxcaseg.registry import HOOKS


@HOOKS.register_module()
class SpeedHook(Hook):
    """Measures the time of the iterations of a short training.

    Args:
        warm_up (int): Number of first iterations that are not measured, in
            which workers start and buffers are allocated. Defaults to 4.
        clock (Callable[[], float]): Function that returns the time in
            seconds; tests replace it. Defaults to ``time.monotonic``.
    """

    def __init__(
        self, warm_up: int = 4, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.warm_up = warm_up
        self._clock = clock
        self._ends: list[float] = []

    def after_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Record the time at the end of an iteration.

        Args:
            runner (Runner): The runner.
            *args (Any): Not used.
            **kwargs (Any): Not used.
        """
        self._ends.append(self._clock())

    @property
    def seconds(self) -> float:
        """Mean time of an iteration in seconds.

        Raises:
            ValueError: If there were too few iterations.
        """
        ends = self._ends[self.warm_up :]
        if len(ends) < 2:
            raise ValueError('there are too few iterations to measure their time')
        return float(np.diff(ends).mean())
