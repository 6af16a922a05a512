"""What a person decided about masks, in a file beside theirs.

The page of ``boxcaseg report --review`` writes it, ``--decisions`` of other
commands applies it (docs/report.md describes the file).
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
# Hexadecimal digits of a fingerprint.
DIGITS = 16
HINT = 'give a file that the page of boxcaseg report --review has saved'

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decision:
    """What was decided about one mask.

    Attributes:
        box_id (int | str): Id of its annotation.
        review (str): One of ``REVIEWS``.
        mask (str): :func:`fingerprint` of the mask that was looked at.
    """

    box_id: Id
    review: str
    mask: str


@dataclass(frozen=True)
class Decisions:
    """All that was decided about the masks of a file.

    Attributes:
        path (str): Where they come from; what messages call them.
        entries (tuple[Decision, ...]): At most one of each annotation.
        masks_digest (str): SHA-256 of the file of masks that was looked at,
            hexadecimal; empty where the decisions don't say.
    """

    path: str
    entries: tuple[Decision, ...]
    masks_digest: str = ''


def fingerprint(rle: RLE) -> str:
    """What tells a mask from others, as in a file of decisions.

    Args:
        rle (dict): ``size`` [height, width] and ``counts`` (str).

    Returns:
        str: The first 16 hexadecimal digits of the SHA-256 of
        ``'<height> <width> <counts>'``.
    """
    height, width = rle['size']
    text = f'{height} {width} {rle["counts"]}'
    return hashlib.sha256(text.encode('ascii')).hexdigest()[:DIGITS]


def read_decisions(path: str) -> Decisions:
    """Read a file of decisions.

    Args:
        path (str): Path of the json.

    Returns:
        Decisions: What it says.

    Raises:
        OSError: If there is no such file.
        ValueError: If it is no file of decisions or of another version, an
            entry lacks something or has a value of another kind, or an
            annotation is decided twice.
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
            f'{path}: annotation {twice[0]!r} is decided '
            f'{counts[twice[0]]} times; leave one of them'
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
            'be the fingerprint of the mask that was looked at'
        )
    return Decision(box_id, review, mask)


@dataclass(frozen=True)
class Matches:
    """Which decisions are about masks as they are in a file.

    Attributes:
        fitting (Mapping[int, Decision]): Those, by the places of their
            annotations.
        unknown (tuple[Decision, ...]): The file has no such annotation, or it
            is a crowd.
        changed (tuple[Decision, ...]): The mask is another one now.
        empty (tuple[Decision, ...]): A mask without pixels is said to be
            accepted.
    """

    fitting: Mapping[int, Decision]
    unknown: tuple[Decision, ...]
    changed: tuple[Decision, ...]
    empty: tuple[Decision, ...]


def match_decisions(boxes: BoxFile, decisions: Decisions) -> Matches:
    """Find the masks that decisions are about.

    Args:
        boxes (BoxFile): Annotations, read with their masks.
        decisions (Decisions): The decisions.

    Returns:
        Matches: What fits, and what doesn't.
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
    """The mask of an annotation; None where it has none."""
    segmentation = boxes.annotation(place).get('segmentation')
    if segmentation is None:
        return None
    return to_rle(segmentation, *boxes.sizes[boxes.image_index[place]])


def apply_decisions(masks: MaskFile, decisions: Decisions) -> MaskFile:
    """Apply decisions to the masks that they are about.

    An accepted mask counts as given from then on: ``proxy_source`` is
    ``"kept"``, and those scores that it has are 1. The scores of the others
    stay as they were measured. Decisions that don't fit are not applied, and
    a warning in the log counts them.

    Args:
        masks (MaskFile): The masks.
        decisions (Decisions): What was decided.

    Returns:
        MaskFile: The same with ``proxy_review``, as of the others.

    Raises:
        ValueError: If there are decisions and none fits.
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
    """Apply a file of decisions, if there is one.

    Args:
        masks (MaskFile): The masks.
        path (str | None): See :func:`read_decisions`.

    Returns:
        MaskFile: See :func:`apply_decisions`; without decisions as it was.

    Raises:
        OSError: If there is no such file.
        ValueError: As of the two.
    """
    if path is None:
        return masks
    return apply_decisions(masks, read_decisions(path))


def decided_boxes(boxes: BoxFile, path: str | None) -> BoxFile:
    """Apply a file of decisions to boxes that have masks already.

    Args:
        boxes (BoxFile): Annotations, read with their masks.
        path (str | None): See :func:`read_decisions`. With None nothing is
            done.

    Returns:
        BoxFile: Annotations as of :func:`apply_decisions`. The digest tells
        of the decisions, for what is made from them depends on them.

    Raises:
        OSError: If there is no such file.
        ValueError: As of :func:`read_decisions` and :func:`apply_decisions`.
    """
    if path is None:
        return boxes
    decisions = read_decisions(path)
    decided, _ = _decide(boxes, decisions)
    told = [[one.box_id, one.review, one.mask] for one in decisions.entries]
    return replace(decided, digest=digest_of(boxes.digest, told))


def _decide(boxes: BoxFile, decisions: Decisions) -> tuple[BoxFile, list[int]]:
    """Annotations with what was decided, and the places of those accepted."""
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
    """An annotation with a decision about its mask."""
    before = ann.get(REVIEW)
    ann = {**ann, REVIEW: review}
    if review == ACCEPTED:
        ann[SOURCE] = KEPT
        keys = [f'proxy_{score}' for score in SCORES] + [EXPECTED_IOU]
        ann.update({key: 1.0 for key in keys if key in ann})
    elif review == REJECTED or before == ACCEPTED:
        # To be predicted anew, as is what was accepted and no longer is.
        ann.pop(SOURCE, None)
    return ann


def _tell(matches: Matches, decisions: Decisions, path: str) -> None:
    """Say what is applied and what is not; raise ValueError if nothing is."""
    wrong = [
        f'{len(entries)} {what}, such as annotation {entries[0].box_id!r}'
        for entries, what in (
            (matches.changed, 'about masks that have changed since'),
            (matches.unknown, f'about annotations that {path} lacks'),
            (matches.empty, 'accepting a mask without pixels'),
        )
        if entries
    ]
    if wrong and not matches.fitting:
        raise ValueError(
            f'{decisions.path}: none of its '
            f'{len(decisions.entries)} decisions fits {path}: '
            f'{"; ".join(wrong)}; give the decisions about this '
            'file'
        )
    if wrong:
        _log.warning('%s: decisions not applied: %s', decisions.path, '; '.join(wrong))
    counts = Counter(one.review for one in matches.fitting.values())
    _log.info(
        '%s: %s',
        decisions.path,
        ', '.join(f'{counts[review]} {review}' for review in REVIEWS),
    )
