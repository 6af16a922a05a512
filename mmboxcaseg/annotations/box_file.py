"""The boxes of a data set as columns, read and checked once."""

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
    """A photo can't be used, but the rest of the input can."""


@dataclass(frozen=True)
class SkippedFile:
    """An annotation file or image that is skipped, and why.

    Attributes:
        file (str): Path of the annotation file below its folder; for a COCO
            json the ``file_name`` of the image.
        reason (str): Why its photo could not be found or read.
    """

    file: str
    reason: str


@dataclass(frozen=True, eq=False)
class BoxFile:
    """The N annotations of I images in C categories, as columns.

    The data sets, the run that makes masks, scoring, the report and the
    drawings all take their boxes from this class.
    :func:`~mmboxcaseg.annotations.read_boxes` and
    :func:`~mmboxcaseg.annotations.read_coco` make it and check the file. The
    *place* of an image, category or annotation is its index in the columns,
    from 0, in contrast to its id.

    Attributes:
        path (str): Path of the file or folder, as messages name it.
        image_ids (tuple[int | str, ...]): Ids of the I images.
        file_names (tuple[str, ...]): Paths of the images below the image
            folder.
        sizes (np.ndarray): Height and width of the images in pixels, (I, 2)
            int64.
        category_ids (tuple[int | str, ...]): Ids of the C categories, in the
            order of the file.
        category_names (tuple[str, ...]): Names of the categories. A category
            without a name is named after its id.
        box_ids (tuple[int | str, ...]): Ids of the N annotations.
        image_index (np.ndarray): Place of each annotation's image, (N,)
            int64.
        category_index (np.ndarray): Place of each annotation's category, (N,)
            int64.
        boxes (np.ndarray): Boxes as xyxy in pixels of their image, (N, 4)
            float64, not clipped to the image.
        crowd (np.ndarray): (N,) bool, True for crowds. They get no mask and
            are not scored.
        usable (np.ndarray): (N,) bool, True where a mask can be predicted:
            the annotation is no crowd, its box overlaps the image, and it has
            no mask in ``kept``.
        why_not (Mapping[int, str]): What is wrong with each box that covers
            nothing of its image, by the place of the annotation. Crowds are
            not among them.
        digest (str): SHA-256 of what was read, hexadecimal.
        content (dict): The COCO dictionary that was read, to be written back.
            Its ``annotations`` may be
            :class:`~mmboxcaseg.annotations.lazy.LazyAnnotations`, which makes
            a new dictionary whenever an annotation is accessed. If masks were
            not read, every ``segmentation`` is None but those of crowds.
        left_out (tuple[SkippedFile, ...]): Annotation files that were skipped
            because their photo could not be found or read.
        kept (Mapping[int, RLE]): Masks that were given and are kept, by the
            place of their annotation; see
            :func:`~mmboxcaseg.annotations.given.keep_given_masks`.
        there (np.ndarray | None): (I,) bool, True for images whose photo was
            in the image folder when the boxes were read; None if no folder
            was given.
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
        """Places of annotations sorted by image, and the end of each image."""
        order = np.argsort(self.image_index, kind='stable')
        counts = np.bincount(self.image_index, minlength=len(self.image_ids))
        return order, counts.cumsum()

    def places(self, image: int) -> np.ndarray:
        """Places of an image's annotations, in the order of the file.

        Args:
            image (int): Place of the image.

        Returns:
            np.ndarray: Places of its K annotations, (K,) int64.
        """
        order, ends = self._by_image
        start = ends[image - 1] if image else 0
        return order[start : ends[image]]

    def usable_places(self, image: int) -> np.ndarray:
        """Places of an image's usable annotations, in the order of the file.

        Args:
            image (int): Place of the image.

        Returns:
            np.ndarray: Places of its K usable annotations, (K,) int64.
        """
        places = self.places(image)
        return places[self.usable[places]]

    @cached_property
    def wanted(self) -> np.ndarray:
        """Places of the images that have a usable annotation, sorted, int64."""
        return np.unique(self.image_index[self.usable])

    @cached_property
    def xywh(self) -> np.ndarray:
        """Boxes as x, y, width, height in pixels, (N, 4) float64."""
        boxes = self.boxes.copy()
        boxes[:, 2:] -= boxes[:, :2]
        return boxes

    def annotation(self, place: int) -> dict[str, Any]:
        """The dictionary of an annotation in ``content``.

        Args:
            place (int): Place of the annotation.

        Returns:
            dict: Keys and values as in the file.
        """
        return self.content['annotations'][place]

    def segmentation(self, place: int) -> Any:
        """The ``segmentation`` of an annotation, as in the file.

        Args:
            place (int): Place of the annotation.

        Returns:
            list | dict: Polygons or RLE.

        Raises:
            ValueError: If the annotation has no mask.
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
        """Keep only some of the images and their annotations.

        Args:
            image_ids (Iterable[str]): Ids of the images to keep, as text.

        Returns:
            BoxFile: These images and their annotations, in their old order,
            and all categories.

        Raises:
            ValueError: If no image has one of the ids.
        """
        wanted = set(image_ids)
        texts = [str(image_id) for image_id in self.image_ids]
        unknown = wanted.difference(texts)
        if unknown:
            raise ValueError(
                f'{self.path}: {len(unknown)} of the requested image ids are '
                f'not in it, such as {min(unknown, key=str)!r}'
            )
        images = np.array([text in wanted for text in texts], dtype=bool)
        return self._part(
            images,
            images[self.image_index],
            np.ones(len(self.category_ids), dtype=bool),
        )

    def select_categories(self, asked: Iterable[str]) -> 'BoxFile':
        """Keep only some of the categories and their annotations.

        Args:
            asked (Iterable[str]): Names or ids of the categories to keep. A
                text that is both a name and an id is taken as a name.

        Returns:
            BoxFile: These categories and their annotations, in their old
            order, and all images.

        Raises:
            ValueError: If the file has no such category.
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
        """Keep the rows that are True, of images, annotations and categories."""
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
    """New place of each chosen row, indexed by its old place."""
    return np.cumsum(chosen) - 1


def digest_of(*parts: Any) -> str:
    """Compute the SHA-256 of json values.

    Args:
        *parts (Any): Json values.

    Returns:
        str: The digest, hexadecimal.
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(json.dumps(part).encode('ascii') + b'\n')
    return digest.hexdigest()
