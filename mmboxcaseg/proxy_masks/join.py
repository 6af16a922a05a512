"""Shards into one COCO file, in the order of the input."""

import json
import os
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from mmboxcaseg.annotations import (
    EXPECTED_IOU,
    KEPT,
    REVIEW,
    SCORES,
    SOURCE,
    BoxFile,
    box_traits,
)
from mmboxcaseg.annotations.instances import SKIPPED
from mmboxcaseg.masks import RLE, encode_rle, rle_box, to_rle, to_segmentation
from mmboxcaseg.masks.calibration import Calibration

from .report import JoinReport, SkippedBox, SkippedImage
from .shards import iter_lines, remove_shards, shard_paths

# Lines kept parsed: annotations of an image seldom stand far apart, and a
# fixed number keeps memory from growing with the masks.
CACHED_LINES = 256
# Key of a mask's tight box.
TIGHT = 'bbox_tight'


@dataclass(frozen=True)
class _Form:
    """How masks are written, see :func:`join_shards`."""

    polygons: bool
    tighten: bool


class ShardReader:
    """Looks up the results of single images in a folder of shards.

    Holds the places of the lines, not the lines.

    Args:
        folder (str): Folder of shards.

    Attributes:
        folder (str): The folder.
        skipped (dict): Why an image could not be used, by its id.
        scores (set): Which of ``SCORES`` the masks have.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.skipped: dict[Any, str] = {}
        self.scores: set[str] = set()
        self._files: list[IO[bytes]] = []
        self._places: dict[Any, tuple[int, int]] = {}
        self._lines: OrderedDict[Any, dict] = OrderedDict()
        for number, path in enumerate(shard_paths(folder)):
            start = 0
            for end, line in iter_lines(path):
                self._places.setdefault(line['image_id'], (number, start))
                if 'skipped' in line:
                    self.skipped[line['image_id']] = line['skipped']
                for item in line.get('instances', ()):
                    self.scores.update(item.keys() & SCORES)
                start = end
            self._files.append(open(path, 'rb'))
        # Nothing was predicted where all masks are kept.
        self.scores = self.scores or set(SCORES)

    def __enter__(self) -> 'ShardReader':
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._files:
            file.close()

    def find(self, image_id: Any, ann_id: Any) -> tuple[RLE, dict[str, float]] | None:
        """The mask and the scores of an annotation, None if not there."""
        if image_id not in self._places:
            return None
        if image_id not in self._lines:
            number, start = self._places[image_id]
            self._files[number].seek(start)
            line = json.loads(self._files[number].readline())
            line['instances'] = {item['id']: item for item in line['instances']}
            self._lines[image_id] = line
            if len(self._lines) > CACHED_LINES:
                self._lines.popitem(last=False)
        line = self._lines[image_id]
        item = line['instances'].get(ann_id)
        if item is None:
            return None
        rle: RLE = dict(size=line['size'], counts=item['counts'])
        return rle, {f'proxy_{name}': item[name] for name in SCORES if name in item}

    def empty(self, height: int, width: int) -> tuple[RLE, dict[str, float]]:
        """The mask and the scores where none could be made."""
        rle = encode_rle(np.zeros((0, 0), dtype=bool), (0, 0, 0, 0), height, width)
        return rle, self.all_scores(0.0)

    def all_scores(self, value: float) -> dict[str, float]:
        """The same value for each of the scores."""
        # In a fixed order: a set has another one in every process.
        return {f'proxy_{name}': value for name in SCORES if name in self.scores}


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

    Every annotation keeps its keys and its ``bbox``; those that are no crowds
    get ``segmentation`` (compressed RLE or polygons), ``area`` (of the mask,
    in pixels), ``proxy_agreement``, ``proxy_confidence`` if the shards have
    it, and ``iscrowd`` 0 where it was missing. The mask is empty where the
    photo or the box could not be used; such an annotation gets
    ``proxy_skipped``, the reason, and so does an image whose photo could not
    be used. A mask that is kept has scores of 1 and ``proxy_source``
    ``'kept'``. With a calibration there is ``proxy_iou``, the expected IoU:
    1 of a mask that is kept, 0 of one that was skipped.
    ``info`` comes first and gets ``proxy_masks``. The same shards give the
    same bytes. The report of what was skipped is written first. Both files
    are written beside their places and then renamed, so ``out_file`` is
    either absent, or as before, or complete. Then the shards are removed.

    Args:
        folder (str): Folder of shards.
        boxes (BoxFile): The boxes that the shards were made from.
        out_file (str): Path of the joined json.
        settings (dict): What to put in ``info.proxy_masks``, json values.
        polygons (bool): Whether masks are written as polygons, see
            :func:`~mmboxcaseg.masks.to_polygons`. Defaults to False.
        tighten (bool): Whether annotations get the tight box of their mask,
            ``bbox_tight`` (x, y, width, height), unless it is empty. Defaults
            to False.
        calibration (Calibration, optional): It tells the expected IoU.
            Defaults to None: none is written.

    Returns:
        JoinReport: Counts, scores and what was skipped.

    Raises:
        ValueError: If an annotation has no result in the shards, or there is
            a calibration and a mask without confidence.
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
                file, boxes, reader, settings, _Form(polygons, tighten), rating
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
    """The settings a joined file was made with.

    Args:
        out_file (str): Path of a file written by :func:`join_shards`; it need
            not exist.

    Returns:
        dict or None: ``info.proxy_masks``; None if the file does not exist or
        is another.
    """
    if not os.path.isfile(out_file):
        return None
    opening = '{"info": '
    with open(out_file, encoding='utf-8') as file:
        # "info" comes first, so a COCO-sized file need not be read whole.
        head = file.read(2**20)
    if not head.startswith(opening):
        return None
    try:
        info, _ = json.JSONDecoder().raw_decode(head, len(opening))
    except json.JSONDecodeError:
        return None
    return info.get('proxy_masks') if isinstance(info, dict) else None


def _write(
    file: IO[str],
    boxes: BoxFile,
    reader: ShardReader,
    settings: dict[str, Any],
    form: _Form,
    rating: 'Rating',
) -> JoinReport:
    content = boxes.content
    info = dict(content.get('info', {}), proxy_masks=settings)
    file.write('{"info": ' + json.dumps(info))
    for key, value in content.items():
        if key == 'info':
            continue
        file.write(f',\n{json.dumps(key)}: ')
        if key == 'images':
            file.write(json.dumps(_with_reasons(value, reader.skipped)))
        elif key == 'annotations':
            report = _write_annotations(file, boxes, reader, form, rating)
        else:
            file.write(json.dumps(value))
    file.write('}\n')
    return report


def _write_annotations(
    file: IO[str], boxes: BoxFile, reader: ShardReader, form: _Form, rating: 'Rating'
) -> JoinReport:
    of_skipped = defaultdict(list)
    missing = []
    scores: dict[str, list[float]] = {score: [] for score in SCORES}
    empty = 0
    separator = '[\n'
    for place, ann in enumerate(boxes.content['annotations']):
        if place in boxes.kept:
            ann = rating.add(
                _with_kept_mask(ann, boxes.kept[place], reader, form), place
            )
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
            ann = _with_mask(ann, *found, form)
            if skipped or not boxes.usable[place]:
                ann[SKIPPED] = boxes.why_not.get(place) or reader.skipped[image_id]
            ann = rating.add(ann, place)
            empty += ann['area'] == 0
            for score, values in scores.items():
                if f'proxy_{score}' in found[1]:
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
        masks=len(scores['agreement']),
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


class Rating:
    """Writes the expected IoU of masks into their annotations.

    Args:
        boxes (BoxFile): The boxes of all.
        calibration (Calibration | None): It tells the IoU; without one there
            is none, not even that of an earlier file.

    Attributes:
        given (list[float]): What was written.
    """

    def __init__(self, boxes: BoxFile, calibration: Calibration | None) -> None:
        self.given: list[float] = []
        self._calibration = calibration
        self._traits = None if calibration is None else box_traits(boxes)

    def add(self, ann: dict[str, Any], place: int) -> dict[str, Any]:
        """An annotation that has its mask, with the expected IoU.

        Args:
            ann (dict): The annotation, changed in place.
            place (int): Its place.

        Returns:
            dict: The same.

        Raises:
            ValueError: If its mask has no confidence.
        """
        # As the last of the keys that a run adds.
        ann.pop(EXPECTED_IOU, None)
        if self._calibration is None:
            return ann
        if ann.get(SOURCE) == KEPT:
            value = 1.0
        elif SKIPPED in ann:
            value = 0.0
        elif 'proxy_confidence' not in ann:
            raise ValueError(
                'the masks of this model have no confidence, '
                'from which a calibration tells the IoU'
            )
        else:
            traits = self._traits.of_masks(
                np.array([place]),
                [ann['proxy_agreement']],
                [ann['proxy_confidence']],
                [ann['area']],
            )
            value = round(float(self._calibration.predict(traits)[0]), 4)
        ann[EXPECTED_IOU] = value
        self.given.append(value)
        return ann


def _with_mask(
    ann: dict[str, Any], rle: RLE, scores: dict[str, float], form: _Form
) -> dict[str, Any]:
    """An annotation with its mask, area and scores."""
    segmentation, area = to_segmentation(rle, form.polygons)
    told = ann.keys() & {REVIEW, SOURCE}
    # Of a file that was made before: a decision is about its mask, and goes
    # on only if this is the same.
    stale = () if told and _is_same(ann.get('segmentation'), rle) else told
    ann = dict(ann, segmentation=segmentation, area=area, **scores)
    for key in (SKIPPED, TIGHT, *stale):
        ann.pop(key, None)
    if form.tighten and area:
        ann[TIGHT] = rle_box(rle)
    ann.setdefault('iscrowd', 0)
    return ann


def _with_kept_mask(
    ann: dict[str, Any], rle: RLE, reader: ShardReader, form: _Form
) -> dict[str, Any]:
    """An annotation whose mask was given: in full trust."""
    new = _with_mask(ann, rle, reader.all_scores(1.0), form)
    if form.polygons and isinstance(ann['segmentation'], list):
        # Traced anew they would be others, of the same pixels.
        new['segmentation'] = ann['segmentation']
    if REVIEW in ann:
        new[REVIEW] = ann[REVIEW]
    new[SOURCE] = KEPT
    return new


def _is_same(segmentation: Any, rle: RLE) -> bool:
    """Whether the mask of an annotation equals another one to the pixel."""
    return segmentation is not None and to_rle(segmentation, *rle['size']) == rle


def _with_reasons(
    images: list[dict[str, Any]], skipped: dict[Any, str]
) -> list[dict[str, Any]]:
    """The images, those that were skipped with the reason."""
    out = []
    for image in images:
        if image['id'] in skipped:
            image = {**image, SKIPPED: skipped[image['id']]}
        elif SKIPPED in image:
            image = {k: v for k, v in image.items() if k != SKIPPED}
        out.append(image)
    return out
