"""Finding the number of iterations of a training."""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mmboxcaseg.training import DetectorOptions, TrainingFolder, TrainOptions

if TYPE_CHECKING:
    from mmengine.config import Config

_log = logging.getLogger(__name__)


def budget_iters(
    cfg: 'Config',
    options: TrainOptions | DetectorOptions,
    folder: TrainingFolder,
    began: float,
    spare: Callable[[int], float],
) -> int:
    """Find the number of iterations of a training.

    If the options limit the time, the speed is measured and the number is
    noted in the folder, so that a resumed training has the same number.

    Args:
        cfg (Config): Config of the training. It is not changed.
        options (TrainOptions | DetectorOptions): Options of the training.
        folder (TrainingFolder): Folder of the training.
        began (float): Time of ``time.monotonic`` at which the command began,
            in seconds.
        spare (Callable[[int], float]): Function from a number of iterations
            to the time in seconds that other things than iterations take.

    Returns:
        int: Number of iterations.
    """
    from mmboxcaseg.engine import own_training

    iters = options.iters or cfg.train_cfg.max_iters
    if options.minutes is not None:
        noted = folder.noted('budget')
        if noted is None:
            seconds = own_training.seconds_per_iter(cfg, folder.at('speed'))
            left = 60 * options.minutes - (time.monotonic() - began)
            iters = most_iters(left, seconds, spare)
            iters = max(iters, own_training.LEAST_ITERS)
            _log.info(
                '%d iterations of %.2f s each, to take %g minutes in all',
                iters,
                seconds,
                options.minutes,
            )
            noted = dict(iters=iters, seconds_per_iter=seconds)
            folder.note('budget', noted)
        iters = noted['iters']
    return iters


def most_iters(left: float, seconds: float, spare: Callable[[int], float]) -> int:
    """Find the largest number of iterations that fits into a time.

    Args:
        left (float): The time in seconds.
        seconds (float): Time of an iteration in seconds.
        spare (Callable[[int], float]): Function from a number of iterations
            to the time in seconds that other things take. If it falls
            somewhere, the result may be smaller than possible.

    Returns:
        int: The number, 0 if there is no time for one.

    Example:
        >>> most_iters(100.0, 2.0, lambda iters: 10 + iters)
        30
    """
    low, high = 0, max(int(left / seconds), 0)
    while low < high:
        middle = (low + high + 1) // 2
        if middle * seconds + spare(middle) <= left:
            low = middle
        else:
            high = middle - 1
    return low
