"""Writes the network's masks of an image as a line of a shard."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmboxcaseg.annotations import BoxFile
from mmboxcaseg.masks import (
    RLE,
    merged_confidence,
    proxy_rles,
    rle_area,
    rle_union,
    take_away,
)
from mmboxcaseg.prediction import BoxMasks

from .shards import ShardWriter


class MaskWriter:
    """Merges, scores and writes masks, image after image.

    Args:
        shard (ShardWriter): Shard to write to.
        merge (bool): Whether the masks of an image are merged.
        boxes (BoxFile, optional): Boxes of the run. Where masks are merged,
            their ``kept`` masks keep all of their pixels. Defaults to None:
            no mask is kept.
    """

    def __init__(
        self, shard: ShardWriter, merge: bool, boxes: BoxFile | None = None
    ) -> None:
        self.shard = shard
        self.merge = merge
        self._boxes = boxes
        # Places of the images that have kept masks, by the ids of the images.
        self._images = (
            {
                boxes.image_ids[image]: image
                for image in boxes.image_index[list(boxes.kept)].tolist()
            }
            if boxes and boxes.kept
            else {}
        )

    def append(
        self,
        image_id: Any,
        size: Sequence[int],
        ann_ids: Sequence[Any],
        boxes: np.ndarray,
        found: BoxMasks,
    ) -> None:
        """Write the masks of an image.

        Args:
            image_id (int | str): Id of the image.
            size (Sequence[int]): Height and width of the image in pixels.
            ann_ids (Sequence[int | str]): Ids of the N annotations.
            boxes (np.ndarray): (N, 4) float, boxes of the annotations, xyxy,
                in pixels of the image.
            found (BoxMasks): Masks of the boxes, as the network made them.

        Raises:
            ValueError: If numbers or shapes do not match.
        """
        height, width = size
        masks = found.masks
        if self.merge and image_id in self._images:
            # Kept masks were given, so their pixels are certain.
            masks = take_away(masks, found.rects, rle_union(self._kept(image_id)))
        rles, agreements = proxy_rles(
            masks, found.rects, boxes, height, width, self.merge, found.claims
        )
        confidences = found.confidence
        if confidences is not None:
            confidences = merged_confidence(
                confidences, [rle_area(rle) for rle in rles], found.rects
            )
        self.shard.append(
            image_id=image_id,
            size=(height, width),
            ann_ids=ann_ids,
            rles=rles,
            agreements=agreements,
            confidences=confidences,
        )

    def _kept(self, image_id: Any) -> list[RLE]:
        """The kept masks of an image, compressed RLE."""
        kept = self._boxes.kept
        places = self._boxes.places(self._images[image_id]).tolist()
        return [kept[place] for place in places if place in kept]
