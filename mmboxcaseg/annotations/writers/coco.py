"""Writing COCO json, also in the variant that CVAT imports."""

import os.path as osp
from collections.abc import Mapping, Sequence
from typing import Any

from mmboxcaseg.masks import to_segmentation

from ..box_file import Id
from ..earlier import made_and_rest
from ..output import write_json
from .folder import ExportPlace, check_file
from .job import ExportJob, ExportObject

# Beginnings of the labels for CVAT, the second without any class.
LABELS = ('[{"name": ', '[]')


def check_coco(place: ExportPlace) -> None:
    """Check that :func:`write_coco` may write its file.

    Args:
        place (ExportPlace): The file of the export.

    Raises:
        ValueError: See :func:`~.folder.check_file`.
    """
    if osp.exists(_labels(place.out)):
        # An export for CVAT has labels beside it.
        check_file(place.out, 'coco', lambda head: False)
    check_file(place.out, 'coco', _is_coco)


def check_cvat(place: ExportPlace) -> None:
    """Check that :func:`write_cvat` may write its files.

    Args:
        place (ExportPlace): The file of the export.

    Raises:
        ValueError: See :func:`~.folder.check_file`.
    """
    labels = _labels(place.out)
    check_file(labels, 'cvat', lambda head: head.startswith(LABELS))
    there = osp.exists(labels)
    check_file(place.out, 'cvat', lambda head: there and _is_coco(head))


def write_coco(job: ExportJob) -> None:
    """Write a COCO json, in which everything but the masks stays unchanged.

    Args:
        job (ExportJob): The export. ``out`` is the path of the json.

    Raises:
        OSError: If the file can't be written.
    """
    content = job.masks.boxes.content
    anns = _annotations(job)
    write_json(job.out, dict(content, annotations=list(anns.values())))


def write_cvat(job: ExportJob) -> None:
    """Write a COCO json that CVAT can import, and the labels for its task.

    The scores are copied to ``attributes``, where CVAT looks for them. All
    ids are numbers from 1. An object without a mask becomes a box.

    Args:
        job (ExportJob): The export. ``out`` is the path of the json; the
            labels go to ``<out without suffix>.labels.json``.

    Raises:
        OSError: If a file can't be written.
    """
    boxes = job.masks.boxes
    anns = _annotations(job)
    numbers = {
        key: _numbers(ids)
        for key, ids in (
            ('id', boxes.box_ids),
            ('image_id', boxes.image_ids),
            ('category_id', boxes.category_ids),
        )
    }
    for place, ann in anns.items():
        scores = {
            name: ann[f'proxy_{name}']
            for name in (*job.masks.scores, 'source', 'review')
            if f'proxy_{name}' in ann
        }
        anns[place] = dict(
            ann,
            id=numbers['id'][place],
            image_id=numbers['image_id'][boxes.image_index[place]],
            category_id=numbers['category_id'][boxes.category_index[place]],
            attributes={**ann.get('attributes', {}), **scores},
        )
        if not boxes.crowd[place] and not ann['area']:
            anns[place].update(segmentation=[], area=_box_area(ann))
    images = [
        dict(image, id=number)
        for image, number in zip(
            boxes.content['images'], numbers['image_id'], strict=True
        )
    ]
    categories = [
        dict(one, id=number)
        for one, number in zip(
            boxes.content['categories'], numbers['category_id'], strict=True
        )
    ]
    write_json(
        job.out,
        dict(
            boxes.content,
            images=images,
            annotations=list(anns.values()),
            categories=categories,
        ),
    )
    names = [
        *job.masks.scores,
        *(
            name
            for name in ('source', 'review')
            if any(f'proxy_{name}' in ann for ann in anns.values())
        ),
    ]
    attributes = [
        dict(name=name, input_type='text', mutable=False, default_value='', values=[''])
        for name in names
    ]
    path = _labels(job.out)
    write_json(
        path, [dict(name=name, attributes=attributes) for name in boxes.category_names]
    )
    job.notes.append(f'the labels for the task are in {path}')


def _labels(out: str) -> str:
    """Path of the labels for CVAT."""
    return f'{osp.splitext(out)[0]}.labels.json'


def _is_coco(head: str) -> bool:
    """Whether a file begins as an export of proxy masks does.

    In contrast to it, ``boxcaseg masks`` breaks the line after ``info``.
    """
    made, rest = made_and_rest(head)
    return made is not None and rest.startswith(', ')


def _annotations(job: ExportJob) -> dict[int, dict[str, Any]]:
    """The annotations to write, by place, in the order of the file."""
    boxes = job.masks.boxes
    found: dict[int, dict[str, Any]] = {}
    for image in job.images():
        for place in image.crowds:
            found[place] = boxes.annotation(place)
        for one in image.objects:
            found[one.place] = dict(boxes.annotation(one.place), **_mask(job, one))
    return {place: found[place] for place in sorted(found)}


def _mask(job: ExportJob, found: ExportObject) -> dict[str, Any]:
    """``segmentation`` and ``area`` of an object."""
    rle, options = job.rle(found), job.options
    value, area = to_segmentation(rle, options.polygons, options.simplify or 0)
    if not area and not found.empty:
        # The simplified polygons of a small mask may have no area left.
        value, area = to_segmentation(rle, True)
    return dict(segmentation=value, area=area)


def _box_area(ann: Mapping[str, Any]) -> float:
    return ann['bbox'][2] * ann['bbox'][3]


def _numbers(ids: Sequence[Id]) -> list[int]:
    """The ids if all are numbers from 1, else new ones from 1."""
    if all(isinstance(one, int) and one > 0 for one in ids):
        return [int(one) for one in ids]
    return list(range(1, len(ids) + 1))
