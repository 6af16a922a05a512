"""What is known about masks without their true ones."""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, eq=False, kw_only=True)
class MaskTraits:
    """What is known about N masks without their true ones.

    Attributes:
        agreement (np.ndarray): (N,) float64 in [0, 1], see
            :func:`~mmboxcaseg.masks.agreement`.
        confidence (np.ndarray): (N,) float64 in [0, 1], see
            :func:`~mmboxcaseg.masks.merged_confidence`.
        areas (np.ndarray): (N,) float64, areas of the masks in pixels.
        rect_areas (np.ndarray): (N,) float64, areas of the pixel rectangles
            of their boxes; 0 for a box that covers nothing of its image.
        shared (np.ndarray): (N,) float64 in [0, 1]. For each box, the shares
            of its area that each of the other boxes of the image covers,
            summed up and limited to 1.
    """

    agreement: np.ndarray
    confidence: np.ndarray
    areas: np.ndarray
    rect_areas: np.ndarray
    shared: np.ndarray

    def __len__(self) -> int:
        """Number of masks, N."""
        return len(self.agreement)

    def take(self, chosen: np.ndarray) -> 'MaskTraits':
        """The traits of some of the masks.

        Args:
            chosen (np.ndarray): Bool of shape (N,), or int places of shape
                (M,).

        Returns:
            MaskTraits: The chosen traits.
        """
        return MaskTraits(
            **{one.name: getattr(self, one.name)[chosen] for one in fields(self)}
        )

    @property
    def there(self) -> np.ndarray:
        """Which masks have a pixel, (N,) bool; the others have an IoU of 0."""
        return (self.areas > 0) & (self.rect_areas > 0)


def features(traits: MaskTraits) -> dict[str, np.ndarray]:
    """The features from which the expected IoU is predicted.

    Args:
        traits (MaskTraits): Traits of N masks that have a pixel.

    Returns:
        dict[str, np.ndarray]: Each feature by its name, (N,) float64. All
        have about the same scale.
    """
    share = np.minimum(traits.areas / traits.rect_areas, 1)
    return dict(
        agreement=traits.agreement,
        confidence=traits.confidence,
        # Merging multiplies the confidence by the root of the share that it
        # leaves. From both, the confidence of the network can be recovered.
        share=share,
        shared=traits.shared,
        # Logarithm of the side to the base 2; 0 for COCO's small objects, 32 px.
        size=np.log2(np.maximum(traits.rect_areas, 1)) / 2 - 5,
    )


def feature_names() -> list[str]:
    """Names of the :func:`features`."""
    one = np.ones(1)
    return list(
        features(MaskTraits(**{column.name: one for column in fields(MaskTraits)}))
    )
