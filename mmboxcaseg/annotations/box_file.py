"""The boxes of a set of photos, read and checked once, as columns."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from mmboxcaseg.masks import RLE

Id = int | str


class BadInputError(ValueError):
    """A single photo can't be used, while the rest of the input can."""


@dataclass(frozen=True)
class SkippedFile:
    """An annotation file whose photo could not be found or read.

    Attributes:
        file (str): Path of the annotation file below its folder.
        reason (str): What is wrong.
    """

    file: str
    reason: str


@dataclass(frozen=True, eq=False)
class BoxFile:
    """Boxes of I images, N annotations, as columns.

    Everything that reads boxes takes this: the data sets, the run that makes
    masks, joining, scoring, the report and the drawings. It is made by
    :func:`~mmboxcaseg.annotations.read_boxes` or
    :func:`~mmboxcaseg.annotations.read_coco`, which check the file.

    Attributes:
        path (str): Where it comes from; what messages call it.
        image_ids (tuple[int | str, ...]): Ids of the I images.
        file_names (tuple[str, ...]): Their paths below the image folder.
        sizes (np.ndarray): (I, 2) int64, height and width in pixels.
        category_ids (tuple[int | str, ...]): Ids of the C categories, in the
            order of the file.
        category_names (tuple[str, ...]): Their names; the id as text where
            there is none.
        box_ids (tuple[int | str, ...]): Ids of the N annotations.
        image_index (np.ndarray): (N,) int64, place of each annotation's image.
        category_index (np.ndarray): (N,) int64, place of its category.
        boxes (np.ndarray): (N, 4) float64, xyxy in pixels of the image, not
            clipped to it.
        crowd (np.ndarray): (N,) bool. A crowd gets no mask and is not scored.
        usable (np.ndarray): (N,) bool: no crowd, the box covers something of
            its image, and its mask is not ``kept``: it can be predicted.
        why_not (Mapping[int, str]): What is wrong, by the place of each
            annotation that is no crowd and covers nothing of its image.
        digest (str): SHA-256 of what was read, hexadecimal.
        content (dict): The file as it came, to be written back. Its
            ``annotations`` may be :class:`LazyAnnotations`, of which each is a
            new dictionary whenever it is asked for. Reading without masks
            leaves out the ``segmentation`` of what is no crowd.
        left_out (tuple[SkippedFile, ...]): Annotation files that have no
            image here.
        kept (Mapping[int, RLE]): Masks that were given and are kept, by the
            place of their annotation, which is not usable then; see
            :func:`~mmboxcaseg.annotations.given.keep_given_masks`.
        there (np.ndarray | None): (I,) bool, whether the photo of each image
            is in the folder that was given when the boxes were read; None
            where none was given.
    """

    path: str
    image_ids: tuple[Id, ...]
    file_names: tuple[str, ...]
    sizes: np.ndarray
    category_ids: tuple[Id, ...]
    category_names: tuple[str, ...]
    box_ids: tuple[Id, ...]
    image_index: np.ndarray
    category_index: np.ndarray
    boxes: np.ndarray
    crowd: np.ndarray
    usable: np.ndarray
    why_not: Mapping[int, str]
    digest: str
    content: dict[str, Any] = field(repr=False)
    left_out: tuple[SkippedFile, ...] = ()
    kept: Mapping[int, RLE] = field(default_factory=dict, repr=False)
    there: np.ndarray | None = None

    def __len__(self) -> int:
        """Number of annotations, N."""
        return len(self.box_ids)

    @cached_property
    def _by_image(self) -> tuple[np.ndarray, np.ndarray]:
        """Places of annotations image by image, and where each image's end."""
        order = np.argsort(self.image_index, kind='stable')
        counts = np.bincount(self.image_index, minlength=len(self.image_ids))
        return order, counts.cumsum()

    def places(self, image: int) -> np.ndarray:
        """Annotations of an image, in the order of the file.

        Args:
            image (int): Place of the image.

        Returns:
            np.ndarray: (N_i,) int64, places of its annotations.
        """
        order, ends = self._by_image
        start = ends[image - 1] if image else 0
        return order[start : ends[image]]

    def usable_places(self, image: int) -> np.ndarray:
        """As :meth:`places`, but only the usable ones."""
        places = self.places(image)
        return places[self.usable[places]]

    @cached_property
    def wanted(self) -> np.ndarray:
        """Places of the images that have a usable box, ascending, int64."""
        return np.unique(self.image_index[self.usable])

    @cached_property
    def xywh(self) -> np.ndarray:
        """(N, 4) float64: x, y, width, height in pixels."""
        boxes = self.boxes.copy()
        boxes[:, 2:] -= boxes[:, :2]
        return boxes

    def annotation(self, place: int) -> dict[str, Any]:
        """An annotation as it came, to be written back."""
        return self.content['annotations'][place]

    def segmentation(self, place: int) -> Any:
        """The mask of an annotation as it came.

        Args:
            place (int): Place of the annotation.

        Returns:
            list | dict: Polygons or RLE.

        Raises:
            ValueError: If there is none.
        """
        segmentation = self.annotation(place).get('segmentation')
        if not segmentation:
            raise ValueError(
                f'{self.path}: annotation {self.box_ids[place]!r}: '
                "'segmentation' is missing, but with_mask asks for masks; set "
                'with_mask=False or give a file that has them'
            )
        return segmentation

    def select_images(self, image_ids: Iterable[str]) -> 'BoxFile':
        """The part that belongs to some of the images.

        Args:
            image_ids (Iterable[str]): Ids as text.

        Returns:
            BoxFile: Images and annotations in their old order.

        Raises:
            ValueError: If an id belongs to no image.
        """
        wanted = set(image_ids)
        texts = [str(image_id) for image_id in self.image_ids]
        unknown = wanted.difference(texts)
        if unknown:
            raise ValueError(
                f'{self.path}: {len(unknown)} of the asked image ids are not '
                f'in it, such as {min(unknown, key=str)!r}'
            )
        images = np.array([text in wanted for text in texts], dtype=bool)
        return self._part(
            images,
            images[self.image_index],
            np.ones(len(self.category_ids), dtype=bool),
        )

    def select_categories(self, asked: Iterable[str]) -> 'BoxFile':
        """The part that belongs to some of the categories.

        Args:
            asked (Iterable[str]): Names or ids of categories; a name goes
                before an id.

        Returns:
            BoxFile: All images, and the rest in its old order.

        Raises:
            ValueError: If a category is not there.
        """
        kept = np.zeros(len(self.category_ids), dtype=bool)
        names = np.array(self.category_names, dtype=object)
        ids = np.array([str(one) for one in self.category_ids], dtype=object)
        for text in asked:
            found = names == text
            if not found.any():
                found = ids == text
            if not found.any():
                raise ValueError(
                    f'{self.path}: no category {text!r}; it has '
                    f'{", ".join(self.category_names)}'
                )
            kept |= found
        return self._part(
            np.ones(len(self.image_ids), dtype=bool), kept[self.category_index], kept
        )

    def _part(
        self, images: np.ndarray, anns: np.ndarray, categories: np.ndarray
    ) -> 'BoxFile':
        """The rows that are True in the masks of the three lists."""
        places = np.flatnonzero(anns)
        new_place = np.full(len(anns), -1)
        new_place[places] = np.arange(len(places))
        chosen = dict(images=images, annotations=anns, categories=categories)
        content = {
            key: _take(value, chosen[key]) if key in chosen else value
            for key, value in self.content.items()
        }
        image_ids = _take(self.image_ids, images)
        category_ids = _take(self.category_ids, categories)
        return replace(
            self,
            image_ids=tuple(image_ids),
            file_names=tuple(_take(self.file_names, images)),
            sizes=self.sizes[images],
            there=None if self.there is None else self.there[images],
            category_ids=tuple(category_ids),
            category_names=tuple(_take(self.category_names, categories)),
            box_ids=tuple(_take(self.box_ids, anns)),
            image_index=_renumber(images)[self.image_index[places]],
            category_index=_renumber(categories)[self.category_index[places]],
            boxes=self.boxes[places],
            crowd=self.crowd[places],
            usable=self.usable[places],
            why_not={
                int(new_place[place]): reason
                for place, reason in self.why_not.items()
                if anns[place]
            },
            kept={
                int(new_place[place]): rle
                for place, rle in self.kept.items()
                if anns[place]
            },
            digest=digest_of(self.digest, [list(image_ids), list(category_ids)]),
            content=content,
        )


def _take(values: Sequence[Any], chosen: np.ndarray) -> Sequence[Any]:
    places = np.flatnonzero(chosen)
    if hasattr(values, 'take'):
        return values.take(places)
    return [values[place] for place in places.tolist()]


def _renumber(chosen: np.ndarray) -> np.ndarray:
    """New place of each chosen row by its old one."""
    return np.cumsum(chosen) - 1


def digest_of(*parts: Any) -> str:
    """SHA-256 of some json values, hexadecimal."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(json.dumps(part).encode('ascii') + b'\n')
    return digest.hexdigest()
