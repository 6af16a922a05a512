"""A line of progress now and then."""
import time
from datetime import timedelta
from typing import Callable, Optional


class Progress:
    """Counts images and instances and tells the rate and the time left.

    Args:
        total (int): Number of images to come.
        interval (float): Least time between two lines, in seconds. Defaults
            to 5.
        clock (Callable): Returns seconds; for tests. Defaults to
            ``time.monotonic``.
    """

    def __init__(self,
                 total: int,
                 interval: float = 5.0,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self.interval = interval
        self.images = 0
        self.instances = 0
        self._clock = clock
        self._start = self._last = clock()

    def update(self, images: int, instances: int) -> Optional[str]:
        """Count what is done.

        Args:
            images (int): Number of images done since the last call.
            instances (int): Number of instances in them.

        Returns:
            str or None: A line such as ``'120/500 images, 843 instances, 3.1
            images/s, 0:02:02 left'`` if one is due, and after the last image.
        """
        self.images += images
        self.instances += instances
        now = self._clock()
        if now - self._last < self.interval and self.images < self.total:
            return None
        self._last = now
        # The first images may be done within the clock's resolution.
        rate = self.images / max(now - self._start, 1e-9)
        left = max(self.total - self.images, 0) / rate if rate else 0.0
        return (f'{self.images}/{self.total} images, {self.instances} '
                f'instances, {rate:.1f} images/s, '
                f'{timedelta(seconds=round(left))} left')
