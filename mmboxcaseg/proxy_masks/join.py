"""The shards of a run joined into one COCO file, in the order of the input."""

import json
import os
from collections import defaultdict
from typing import IO, Any

import numpy as np

from mmboxcaseg.annotations import SCORES, BoxFile
from mmboxcaseg.annotations.earlier import made_and_rest, read_head
from mmboxcaseg.annotations.instances import SKIPPED
from mmboxcaseg.masks.calibration import Calibration

from .entries import MaskForm, Rating, with_kept_mask, with_mask, with_reasons
from .report import JoinReport, SkippedBox, SkippedImage
from .shard_reader import ShardReader
from .shards import remove_shards


def join_shards(
    folder: str,
    boxes: BoxFile,
    out_file: str,
    settings: dict[str, Any],
    polygons: bool = False,
    tighten: bool = False,
    calibration: Calibration | None = None,
) -> JoinReport:
    """Write the input annotations with their proxy masks as one COCO json.

    Every annotation keeps its keys and its ``bbox``. Annotations that are no
    crowds get ``segmentation`` (compressed RLE or polygons), ``area`` (of the
    mask, in pixels), ``proxy_agreement``, ``proxy_confidence`` if the shards
    have it, and ``iscrowd`` 0 where it was missing:

    - If the photo or the box could not be used, the mask is empty and the
      annotation gets the reason as ``proxy_skipped``. An image whose photo
      could not be used gets ``proxy_skipped`` too.
    - A mask that is kept has scores of 1 and ``proxy_source`` ``'kept'``.
    - With a calibration, the annotation gets the expected IoU of its mask as
      ``proxy_iou``: 1 for a mask that is kept, 0 for one that was skipped.

    ``info`` comes first in the file and gets ``proxy_masks``. The same shards
    give the same bytes. The report of what was skipped is written before the
    json. Both are written under another name and then renamed, so
    ``out_file`` is either absent, or as before, or complete. At the end the
    shards are removed.

    Args:
        folder (str): Folder of shards.
        boxes (BoxFile): The boxes that the shards were made from.
        out_file (str): Path of the joined json.
        settings (dict): Content of ``info.proxy_masks``, json values.
        polygons (bool): Whether masks are written as polygons, see
            :func:`~mmboxcaseg.masks.to_polygons`. Defaults to False.
        tighten (bool): Whether an annotation gets the tight box of its mask,
            unless the mask is empty, as ``bbox_tight`` (x, y, width, height,
            in pixels). Defaults to False.
        calibration (Calibration, optional): Calibration that predicts the
            expected IoU. Defaults to None: none is written.

    Returns:
        JoinReport: Counts, scores and what was skipped.

    Raises:
        ValueError: If an annotation has no result in the shards, or a
            calibration is given and a mask has no confidence.
    """
    temporary = os.path.join(
        os.path.dirname(out_file), f'.{os.path.basename(out_file)}.tmp'
    )
    try:
        with (
            ShardReader(folder) as reader,
            open(temporary, 'w', encoding='ascii') as file,
        ):
            rating = Rating(boxes, calibration)
            report = _write(
                file, boxes, reader, settings, MaskForm(polygons, tighten), rating
            )
            file.flush()
            os.fsync(file.fileno())
        report.write(out_file)
        os.replace(temporary, out_file)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
    remove_shards(folder)
    return report


def joined_settings(out_file: str) -> dict[str, Any] | None:
    """Read the settings that a joined file was made with.

    Args:
        out_file (str): Path of a file that :func:`join_shards` has written;
            it need not exist.

    Returns:
        dict | None: Its ``info.proxy_masks``; None if there is no such file
        or something else wrote it.
    """
    if not os.path.isfile(out_file):
        return None
    # "info" comes first, so a COCO-sized file need not be read whole.
    return made_and_rest(read_head(out_file))[0]


def _write(
    file: IO[str],
    boxes: BoxFile,
    reader: ShardReader,
    settings: dict[str, Any],
    form: MaskForm,
    rating: Rating,
) -> JoinReport:
    """Write the json; returns what went into it."""
    content = boxes.content
    info = dict(content.get('info', {}), proxy_masks=settings)
    file.write('{"info": ' + json.dumps(info))
    for key, value in content.items():
        if key == 'info':
            continue
        file.write(f',\n{json.dumps(key)}: ')
        if key == 'images':
            file.write(json.dumps(with_reasons(value, reader.skipped)))
        elif key == 'annotations':
            report = _write_annotations(file, boxes, reader, form, rating)
        else:
            file.write(json.dumps(value))
    file.write('}\n')
    return report


def _write_annotations(
    file: IO[str], boxes: BoxFile, reader: ShardReader, form: MaskForm, rating: Rating
) -> JoinReport:
    """Write the list of annotations; returns what went into it."""
    of_skipped = defaultdict(list)
    missing = []
    scores: dict[str, list[float]] = {score: [] for score in SCORES}
    count = empty = 0
    separator = '[\n'
    for place, ann in enumerate(boxes.content['annotations']):
        if place in boxes.kept:
            scored = reader.all_scores(1.0)
            ann = with_kept_mask(ann, boxes.kept[place], scored, form)
            ann = rating.add(ann, place)
        elif not boxes.crowd[place]:
            image = int(boxes.image_index[place])
            image_id = boxes.image_ids[image]
            skipped = image_id in reader.skipped
            if skipped and boxes.usable[place]:
                of_skipped[image].append(boxes.box_ids[place])
            if skipped or not boxes.usable[place]:
                found = reader.empty(*boxes.sizes[image].tolist())
            else:
                found = reader.find(image_id, boxes.box_ids[place])
            if found is None:
                missing.append(boxes.box_ids[place])
                continue
            ann = with_mask(ann, *found, form)
            if skipped or not boxes.usable[place]:
                ann[SKIPPED] = boxes.why_not.get(place) or reader.skipped[image_id]
            ann = rating.add(ann, place)
            count += 1
            empty += ann['area'] == 0
            for score, values in scores.items():
                # The scores of a skipped box say nothing about the model.
                if f'proxy_{score}' in found[1] and SKIPPED not in ann:
                    values.append(ann[f'proxy_{score}'])
        file.write(separator + json.dumps(ann))
        separator = ',\n'
    if missing:
        raise ValueError(
            f'{reader.folder}: {len(missing)} annotations have no mask yet, '
            f'the first is {missing[0]!r}; run again with --resume to make '
            'them'
        )
    file.write('[]' if separator == '[\n' else '\n]')
    return JoinReport(
        images=len(boxes.image_ids),
        masks=count,
        empty=empty,
        crowds=int(boxes.crowd.sum()),
        kept=len(boxes.kept),
        skipped_images=tuple(
            SkippedImage(
                image_id=boxes.image_ids[image],
                file_name=boxes.file_names[image],
                reason=reader.skipped[boxes.image_ids[image]],
                annotations=tuple(of_skipped[image]),
            )
            for image in sorted(of_skipped)
        ),
        skipped_annotations=tuple(
            SkippedBox(
                id=boxes.box_ids[place],
                image_id=boxes.image_ids[boxes.image_index[place]],
                reason=reason,
            )
            for place, reason in boxes.why_not.items()
        ),
        left_out=boxes.left_out,
        agreements=np.array(scores['agreement']),
        confidences=np.array(scores['confidence']),
        expected_ious=np.array(rating.given),
    )
