"""The masks that a person is asked about, on the page of a report."""

import json
import os.path as osp
from dataclasses import dataclass

import numpy as np

from mmboxcaseg import visualization as vis
from mmboxcaseg.annotations import Decisions, fingerprint
from mmboxcaseg.annotations.decisions import match_decisions
from mmboxcaseg.masks import to_outlines
from mmboxcaseg.progress import show_progress

from .embed import data_uri, encode_jpeg
from .masks import ReportMasks

# Masks that are asked about where no number is said.
DEFAULT_NUM = 200


@dataclass(frozen=True)
class ReviewCard:
    """A mask that is asked about.

    Attributes:
        box_id (str): Id of its annotation as json.
        mask (str): Its fingerprint.
        src (str): Address of the photo around it, which holds it.
        width (int): Width of the part of the photo, in pixels of the photo.
        height (int): Its height.
        path (str): The mask as the path of an SVG, in the same pixels.
        box (tuple[float, float, float, float]): x, y, width and height of
            the box, in the same pixels.
        class_name (str): Name of its category.
        scores (dict[str, float]): Its scores by name, in [0, 1].
        ignored (bool): Whether the mask loss ignores it.
        box_size (str): Width and height of its box in pixels.
        file_name (str): Name of its photo.
    """

    box_id: str
    mask: str
    src: str
    width: int
    height: int
    path: str
    box: tuple[float, float, float, float]
    class_name: str
    scores: dict[str, float]
    ignored: bool
    box_size: str
    file_name: str


@dataclass(frozen=True)
class Review:
    """What the page asks about.

    Attributes:
        cards (tuple[ReviewCard, ...]): The masks, those of the least
            confidence first.
        waiting (int): How many masks are not decided, those of the cards
            among them.
        unshown (int): How many would have come before the last card, but
            can't be shown.
        earlier (dict[str, tuple[str, str]]): Decisions of before, and the
            fingerprints of their masks, by the ids as json: what was given
            with the report, and masks of the cards that were unsure.
        masks_digest (str): SHA-256 of the file of masks, hexadecimal.
        file_name (str): Its name.
    """

    cards: tuple[ReviewCard, ...]
    waiting: int
    unshown: int
    earlier: dict[str, tuple[str, str]]
    masks_digest: str
    file_name: str


def choose_review(
    scores: np.ndarray, areas: np.ndarray, asked: np.ndarray
) -> list[int]:
    """The masks to ask about, in the order of what is to be gained.

    Args:
        scores (np.ndarray): What tells good masks from bad ones, (M,) in
            [0, 1].
        areas (np.ndarray): Areas of their boxes, (M,).
        asked (np.ndarray): Which masks may be asked about, (M,) bool.

    Returns:
        list[int]: Numbers of the masks: the lowest score first, of equal
        ones the larger box, in which more is wrong.
    """
    order = np.lexsort([-areas, scores])
    return order[asked[order]].tolist()


def make_review(
    masks: ReportMasks,
    img_dir: str,
    num: int = DEFAULT_NUM,
    decisions: Decisions | None = None,
) -> Review:
    """Choose the masks to ask about, and cut out their photos.

    Args:
        masks (ReportMasks): The masks, decisions applied.
        img_dir (str): Folder of the photos. A mask whose photo is missing or
            doesn't fit is left out.
        num (int): Most masks, 0 for all. Defaults to 200.
        decisions (Decisions | None): What was applied; the page saves it
            again with its own. Defaults to None.

    Returns:
        Review: The masks.
    """
    chosen = choose_review(masks.scores[masks.order_by], masks.areas, masks.asked)
    cards: list[ReviewCard] = []
    unshown = 0
    count = min(num or len(chosen), len(chosen))
    with show_progress(count, 'review', unit='masks') as update:
        for index in chosen:
            if num and len(cards) == num:
                break
            try:
                view = vis.mask_view(masks.file, int(masks.places[index]), img_dir)
            except ValueError:
                unshown += 1
                continue
            cards.append(_make_card(masks, index, view))
            update(1)
    boxes = masks.file.boxes
    return Review(
        cards=tuple(cards),
        waiting=len(chosen),
        unshown=unshown,
        earlier=_earlier(masks, cards, decisions),
        masks_digest=boxes.digest,
        file_name=osp.basename(boxes.path),
    )


def _make_card(masks: ReportMasks, index: int, view: vis.MaskView) -> ReviewCard:
    boxes, place = masks.file.boxes, int(masks.places[index])
    x0, y0, x1, y1 = view.box.tolist()
    height, width = view.mask.shape
    return ReviewCard(
        box_id=json.dumps(boxes.box_ids[place]),
        mask=fingerprint(masks.file.rle(place)),
        src=data_uri(encode_jpeg(view.photo), 'jpeg'),
        width=width,
        height=height,
        path=svg_path(view.mask),
        box=tuple(round(one, 2) for one in (x0, y0, x1 - x0, y1 - y0)),
        class_name=boxes.category_names[masks.classes[index]],
        scores={name: float(column[index]) for name, column in masks.scores.items()},
        ignored=bool(masks.ignored[index]),
        box_size=f'{x1 - x0:.0f} x {y1 - y0:.0f}',
        file_name=boxes.file_names[boxes.image_index[place]],
    )


def svg_path(mask: np.ndarray) -> str:
    """The outline of a mask as the path of an SVG, for the even-odd rule.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        str: What stands in ``d``, in pixels of the mask.
    """
    parts = []
    for corners in to_outlines(mask):
        (x, y), *others = corners.tolist()
        parts.append(f'M{x} {y}')
        for next_x, next_y in others:
            # Every step turns by a right angle.
            parts.append(f'V{next_y}' if next_x == x else f'H{next_x}')
            x = next_x
        parts.append('Z')
    return ''.join(parts)


def _earlier(
    masks: ReportMasks, cards: list[ReviewCard], decisions: Decisions | None
) -> dict[str, tuple[str, str]]:
    """See :attr:`Review.earlier`."""
    boxes = masks.file.boxes
    unsure = {
        json.dumps(boxes.box_ids[place])
        for place in np.flatnonzero(masks.file.unsure).tolist()
    }
    earlier = {
        card.box_id: ('unsure', card.mask) for card in cards if card.box_id in unsure
    }
    if decisions is not None:
        fitting = match_decisions(boxes, decisions).fitting.values()
        earlier.update(
            {json.dumps(one.box_id): (one.review, one.mask) for one in fitting}
        )
    return earlier
