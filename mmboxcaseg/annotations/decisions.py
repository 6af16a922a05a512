"""Decisions of a person about masks, in a file of their own.

The page of ``boxcaseg report --review`` writes the file; other commands apply
it with ``--decisions``. docs/report.md describes its format.
"""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmboxcaseg.masks import RLE, rle_area, to_rle

from .box_file import BoxFile, Id, digest_of
from .mask_file import EXPECTED_IOU, KEPT, REVIEW, REVIEWS, SCORES, SOURCE, MaskFile

VERSION = 1
ACCEPTED, REJECTED, UNSURE = REVIEWS
# Number of hexadecimal digits of a fingerprint.
DIGITS = 16
HINT = 'give a file that was saved from the page of boxcaseg report --review'

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decision:
    """A decision about one mask.

    Attributes:
        box_id (int | str): Id of the mask's annotation.
        review (str): ``'accepted'``, ``'rejected'`` or ``'unsure'``.
        mask (str): :func:`fingerprint` of the mask that was reviewed.
    """

    box_id: Id
    review: str
    mask: str


@dataclass(frozen=True)
class Decisions:
    """All decisions about the masks of a file.

    Attributes:
        path (str): Path of the file of decisions, as messages name it.
        entries (tuple[Decision, ...]): The decisions, at most one for each
            annotation.
        masks_digest (str): SHA-256 of the mask file that was reviewed,
            hexadecimal; empty if the file of decisions does not have it.
    """

    path: str
    entries: tuple[Decision, ...]
    masks_digest: str = ''


def fingerprint(rle: RLE) -> str:
    """Compute the fingerprint of a mask, by which decisions refer to it.

    Args:
        rle (dict): Compressed RLE: ``size`` [height, width] in pixels and
            ``counts`` (str).

    Returns:
        str: The first 16 hexadecimal digits of the SHA-256 of
        ``'<height> <width> <counts>'``.

    Example:
        >>> fingerprint(dict(size=[2, 2], counts='04'))
        'dfce21637767fab1'
    """
    height, width = rle['size']
    text = f'{height} {width} {rle["counts"]}'
    return hashlib.sha256(text.encode('ascii')).hexdigest()[:DIGITS]


def read_decisions(path: str) -> Decisions:
    """Read a file of decisions.

    Args:
        path (str): Path of the json.

    Returns:
        Decisions: The decisions in the file.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If the file can't be read.
        ValueError: If the file is no file of decisions or has another
            version, an entry lacks a key or has a wrong value, or there are
            two decisions about one annotation.
    """
    try:
        with open(path, encoding='utf-8-sig') as file:
            content = json.load(file)
    except FileNotFoundError:
        raise FileNotFoundError(f'no file of decisions {path}') from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} is not valid json: {error}; {HINT}') from error
    if not isinstance(content, dict) or 'decisions' not in content:
        raise ValueError(f'{path} has no "decisions"; {HINT}')
    if content.get('version') != VERSION:
        raise ValueError(
            f'{path}: "version" is {content.get("version")!r}, but this '
            f'version of boxcaseg reads {VERSION}; {HINT}'
        )
    if not isinstance(content['decisions'], list):
        raise ValueError(f'{path}: "decisions" is no list; {HINT}')
    entries = [
        _read_entry(entry, f'{path}: decision {number}')
        for number, entry in enumerate(content['decisions'], 1)
    ]
    counts = Counter(entry.box_id for entry in entries)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        raise ValueError(
            f'{path}: there are {counts[twice[0]]} decisions about annotation '
            f'{twice[0]!r}; keep one of them'
        )
    masks = content.get('masks')
    digest = masks.get('sha256') if isinstance(masks, dict) else None
    return Decisions(path, tuple(entries), digest if isinstance(digest, str) else '')


def _read_entry(entry: Any, where: str) -> Decision:
    if not isinstance(entry, dict):
        raise ValueError(
            f'{where} is {str(entry)[:80]!r}; it must be an '
            'object with "id", "review" and "mask"'
        )
    box_id, review = entry.get('id'), entry.get('review')
    if isinstance(box_id, bool) or not isinstance(box_id, (int, str)):
        raise ValueError(
            f'{where} has "id" {box_id!r}; it must be the id of an annotation'
        )
    if review not in REVIEWS:
        raise ValueError(
            f'{where}, of annotation {box_id!r}, has "review" '
            f'{review!r}; it must be one of '
            f'{", ".join(REVIEWS)}'
        )
    mask = entry.get('mask')
    if not isinstance(mask, str):
        raise ValueError(
            f'{where}, of annotation {box_id!r}, has "mask" {mask!r}; it must '
            'be the fingerprint of the mask that was reviewed'
        )
    return Decision(box_id, review, mask)


@dataclass(frozen=True)
class Matches:
    """Decisions sorted by whether they fit the masks of a file.

    Attributes:
        fitting (Mapping[int, Decision]): Decisions about masks that are
            unchanged, by the places of their annotations.
        unknown (tuple[Decision, ...]): Decisions about annotations that the
            file does not have, or that are crowds.
        changed (tuple[Decision, ...]): Decisions about masks that have
            changed since.
        empty (tuple[Decision, ...]): Decisions that accept a mask without
            pixels.
    """

    fitting: Mapping[int, Decision]
    unknown: tuple[Decision, ...]
    changed: tuple[Decision, ...]
    empty: tuple[Decision, ...]


def match_decisions(boxes: BoxFile, decisions: Decisions) -> Matches:
    """Match decisions with the masks that they are about.

    Args:
        boxes (BoxFile): Annotations, read with their masks.
        decisions (Decisions): The decisions.

    Returns:
        Matches: The decisions that fit, and those that don't.
    """
    places = {
        boxes.box_ids[place]: place for place in np.flatnonzero(~boxes.crowd).tolist()
    }
    fitting: dict[int, Decision] = {}
    unknown, changed, empty = [], [], []
    for decision in decisions.entries:
        place = places.get(decision.box_id)
        if place is None:
            unknown.append(decision)
            continue
        rle = _rle(boxes, place)
        if rle is None or fingerprint(rle) != decision.mask:
            changed.append(decision)
        elif decision.review == ACCEPTED and not rle_area(rle):
            empty.append(decision)
        else:
            fitting[place] = decision
    return Matches(fitting, tuple(unknown), tuple(changed), tuple(empty))


def _rle(boxes: BoxFile, place: int) -> RLE | None:
    """The mask of an annotation, None if it has none."""
    segmentation = boxes.annotation(place).get('segmentation')
    if segmentation is None:
        return None
    return to_rle(segmentation, *boxes.sizes[boxes.image_index[place]])


def apply_decisions(masks: MaskFile, decisions: Decisions) -> MaskFile:
    """Apply decisions to the masks that they are about.

    An accepted mask counts as given from then on: its ``proxy_source`` is
    ``"kept"``, and the scores that it has are set to 1. All other masks keep
    their scores. Decisions that don't fit are not applied; a warning in the
    log counts them.

    Args:
        masks (MaskFile): The masks.
        decisions (Decisions): The decisions about them.

    Returns:
        MaskFile: The masks, with ``proxy_review`` in their annotations.

    Raises:
        ValueError: If there are decisions, but none fits.
    """
    boxes, accepted = _decide(masks.boxes, decisions)
    scores: dict[str, Any] = {
        name: column.copy() for name, column in masks.scores.items()
    }
    if masks.expected_iou is not None:
        scores['expected_iou'] = masks.expected_iou.copy()
    for column in scores.values():
        column[accepted] = 1.0
    return replace(masks, boxes=boxes, **scores)


def with_decisions(masks: MaskFile, path: str | None) -> MaskFile:
    """Apply a file of decisions to masks, if one is given.

    Args:
        masks (MaskFile): The masks.
        path (str | None): Path of the file of decisions; None if there is
            none.

    Returns:
        MaskFile: The masks with the decisions, see :func:`apply_decisions`.
        Without a path these are ``masks`` themselves.

    Raises:
        OSError: If the file can't be read.
        ValueError: If :func:`read_decisions` or :func:`apply_decisions`
            raises it.
    """
    if path is None:
        return masks
    return apply_decisions(masks, read_decisions(path))


def decided_boxes(boxes: BoxFile, path: str | None) -> BoxFile:
    """Apply a file of decisions to boxes that have masks, if one is given.

    Args:
        boxes (BoxFile): Annotations, read with their masks.
        path (str | None): Path of the file of decisions; None if there is
            none.

    Returns:
        BoxFile: The annotations with the decisions, see
        :func:`apply_decisions`. Their digest depends on the decisions too.
        Without a path these are ``boxes`` themselves.

    Raises:
        OSError: If the file can't be read.
        ValueError: If :func:`read_decisions` or :func:`apply_decisions`
            raises it.
    """
    if path is None:
        return boxes
    decisions = read_decisions(path)
    decided, _ = _decide(boxes, decisions)
    told = [[one.box_id, one.review, one.mask] for one in decisions.entries]
    return replace(decided, digest=digest_of(boxes.digest, told))


def _decide(boxes: BoxFile, decisions: Decisions) -> tuple[BoxFile, list[int]]:
    """Apply decisions to annotations; also return the places of those accepted."""
    matches = match_decisions(boxes, decisions)
    _tell(matches, decisions, boxes.path)
    anns = list(boxes.content['annotations'])
    for place, decision in matches.fitting.items():
        anns[place] = _decided(anns[place], decision.review)
    accepted = [
        place
        for place, decision in matches.fitting.items()
        if decision.review == ACCEPTED
    ]
    return replace(boxes, content=dict(boxes.content, annotations=anns)), accepted


def _decided(ann: dict[str, Any], review: str) -> dict[str, Any]:
    """Apply a decision to a copy of an annotation."""
    before = ann.get(REVIEW)
    ann = {**ann, REVIEW: review}
    if review == ACCEPTED:
        ann[SOURCE] = KEPT
        keys = [f'proxy_{score}' for score in SCORES] + [EXPECTED_IOU]
        ann.update({key: 1.0 for key in keys if key in ann})
    elif review == REJECTED or before == ACCEPTED:
        # The mask is to be predicted anew; so is one that is no longer
        # accepted.
        ann.pop(SOURCE, None)
    return ann


def _tell(matches: Matches, decisions: Decisions, path: str) -> None:
    """Log which decisions are applied; raise ValueError if none fits."""
    wrong = [
        f'{len(entries)} {what}, such as annotation {entries[0].box_id!r}'
        for entries, what in (
            (matches.changed, 'about masks that have changed since'),
            (matches.unknown, f'about annotations that are not in {path}'),
            (matches.empty, 'accepting a mask without pixels'),
        )
        if entries
    ]
    if wrong and not matches.fitting:
        raise ValueError(
            f'{decisions.path}: none of its '
            f'{len(decisions.entries)} decisions fits {path}: '
            f'{"; ".join(wrong)}; give the file of decisions that belongs to '
            'these masks'
        )
    if wrong:
        _log.warning('%s: decisions not applied: %s', decisions.path, '; '.join(wrong))
    counts = Counter(one.review for one in matches.fitting.values())
    _log.info(
        '%s: %s',
        decisions.path,
        ', '.join(f'{counts[review]} {review}' for review in REVIEWS),
    )
