"""The expected mean IoU of a file, and how a review would raise it."""

from dataclasses import dataclass

from mmboxcaseg.annotations import expected_spread
from mmboxcaseg.masks.calibration import reviews_needed

from .masks import ReportMasks

# Mean IoUs for which the number of masks to review is given.
TARGETS = (0.75, 0.80)


@dataclass(frozen=True)
class ExpectedIoU:
    """The expected mean IoU of a file.

    Attributes:
        mean (float): The expected mean IoU, in [0, 1].
        interval (tuple[float, float] | None): Its 95 % interval; None if the
            file has no spread of its calibration.
        masks (int): Number of masks.
        reviews (tuple[tuple[float, int], ...]): Each mean IoU of ``TARGETS``
            with the number of masks to review to reach it, 0 if the mean,
            rounded as the page shows it, reaches it already.
    """

    mean: float
    interval: tuple[float, float] | None
    masks: int
    reviews: tuple[tuple[float, int], ...]

    @property
    def label(self) -> str:
        """Label of the mean with its interval, for the head of the page."""
        if self.interval is None:
            return 'expected mean IoU'
        low, high = self.interval
        return f'expected mean IoU ({low:.2f}–{high:.2f})'

    @property
    def note(self) -> str:
        """Text about the number of masks to review."""
        parts = []
        for target, count in self.reviews:
            masks, have = ('mask', 'has') if count == 1 else ('masks', 'have')
            when = (
                'is reached already'
                if not count
                else (
                    f'is expected once the {count:,} {masks} with the lowest '
                    f'expected IoU ({100 * count / self.masks:.0f} %) {have} been '
                    'reviewed'
                )
            )
            parts.append(f'a mean IoU of {target:.2f} {when}')
        return (
            f'By the expected IoU of each mask, {"; ".join(parts)}. A reviewed '
            'mask counts as 1: it was right, or it was corrected. The interval '
            'holds for photos like those of the calibration.'
        )


def expected_iou(masks: ReportMasks) -> ExpectedIoU | None:
    """Compute the expected mean IoU of the masks of a report.

    Args:
        masks (ReportMasks): The masks.

    Returns:
        ExpectedIoU | None: The expected mean IoU; None if the masks have no
        expected IoU.

    Raises:
        ValueError: If the file's entry about its calibration is wrong.
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
    mean = float(values.mean())
    shown = float(f'{mean:.2f}')
    return ExpectedIoU(
        mean=mean,
        interval=interval,
        masks=len(values),
        reviews=tuple(
            (target, 0 if shown >= target else reviews_needed(values, target))
            for target in TARGETS
        ),
    )
