"""What mean IoU to expect of a file, and what reviewing adds to it."""

from dataclasses import dataclass

from mmboxcaseg.annotations import expected_spread
from mmboxcaseg.masks.calibration import reviews_needed

from .masks import ReportMasks

# Mean IoUs that people ask for.
TARGETS = (0.75, 0.80)


@dataclass(frozen=True)
class ExpectedIoU:
    """The expected mean IoU of a file.

    Attributes:
        mean (float): It, in [0, 1].
        interval (tuple[float, float] | None): Where the true mean lies in 95
            of 100 files; None where the file does not say how exact its
            calibration is.
        masks (int): Number of masks.
        reviews (tuple[tuple[float, int], ...]): How many masks to review for
            each mean of ``TARGETS``, 0 where it is reached already.
    """

    mean: float
    interval: tuple[float, float] | None
    masks: int
    reviews: tuple[tuple[float, int], ...]

    @property
    def label(self) -> str:
        """What the mean is, with its interval, for the head of the page."""
        if self.interval is None:
            return 'expected mean IoU'
        low, high = self.interval
        return f'expected mean IoU ({low:.2f}–{high:.2f})'

    @property
    def note(self) -> str:
        """What it takes to reach the means, in words."""
        parts = []
        for target, count in self.reviews:
            masks, have = ('mask', 'has') if count == 1 else ('masks', 'have')
            when = (
                'is reached already'
                if not count
                else (
                    f'is expected after the {count:,} least expected {masks} '
                    f'({100 * count / self.masks:.0f} %) {have} been reviewed'
                )
            )
            parts.append(f'a mean IoU of {target:.2f} {when}')
        return (
            'Going by the expected IoU of each mask, '
            f'{"; ".join(parts)}. A reviewed mask counts as 1: it is '
            'right, or was made right. The interval holds for photos '
            'like those of the calibration.'
        )


def expected_iou(masks: ReportMasks) -> ExpectedIoU | None:
    """The expected mean IoU of a report's masks.

    Args:
        masks (ReportMasks): The masks.

    Returns:
        ExpectedIoU | None: The numbers; None where the file has none.

    Raises:
        ValueError: If what the file says of its calibration is broken.
    """
    file = masks.file
    if file.expected_iou is None:
        return None
    values = file.expected_iou[masks.places]
    spread = expected_spread(file)
    interval = None
    if spread is not None:
        interval = spread.mean_interval(
            values, file.boxes.image_index[masks.places], file.kept[masks.places]
        )
    return ExpectedIoU(
        mean=float(values.mean()),
        interval=interval,
        masks=len(values),
        reviews=tuple((target, reviews_needed(values, target)) for target in TARGETS),
    )
