"""The review of a report: masks that the page asks a person about."""

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

# Number of masks of a review, unless another one is given.
DEFAULT_NUM = 200


@dataclass(frozen=True)
class ReviewCard:
    """A mask of a review.

    Attributes:
        box_id (str): Id of its annotation as json.
        mask (str): Its fingerprint.
        src (str): Data URI of the part of the photo around it.
        width (int): Width of this part in pixels of the photo.
        height (int): Height of this part in pixels of the photo.
        path (str): Outline of the mask as the path of an SVG, in pixels of
            this part.
        box (tuple[float, float, float, float]): x, y, width and height of
            the box, in pixels of this part.
        class_name (str): Name of its category.
        scores (dict[str, float]): Its scores by name, in [0, 1].
        ignored (bool): Whether the mask loss ignores it.
        box_size (str): Width and height of its box in pixels, as text.
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
    """The masks that the page asks about, and earlier decisions.

    Attributes:
        cards (tuple[ReviewCard, ...]): The masks, those with the lowest score
            first.
        waiting (int): Number of undecided masks, those of the cards included.
        unshown (int): Number of masks that come before the last card but
            can't be shown.
        earlier (dict[str, tuple[str, str]]): Earlier decisions: each with the
            fingerprint of its mask, by the id of the annotation as json. They
            are the decisions that the report was given, and ``'unsure'`` for
            cards that have it in the file.
        masks_digest (str): SHA-256 of the file of masks, hexadecimal.
        file_name (str): Name of the file of masks.
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
    """Choose the masks to ask about, the most worthwhile first.

    Args:
        scores (np.ndarray): Score that orders the masks, (M,) in [0, 1].
        areas (np.ndarray): Area of each mask's box, (M,).
        asked (np.ndarray): Whether a mask may be asked about, (M,) bool.

    Returns:
        list[int]: Places of the masks, those with the lowest score first; of
        equal scores, those with the larger box, which may have more wrong
        pixels.

    Example:
        >>> all_may = np.ones(3, dtype=bool)
        >>> choose_review(np.array([0.9, 0.2, 0.2]), np.array([5, 10, 20]), all_may)
        [2, 1, 0]
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
        masks (ReportMasks): The masks, to which decisions have been applied.
        img_dir (str): Folder of the photos. Masks whose photo is missing or
            has another size are skipped.
        num (int): Largest number of masks, 0 for all. Defaults to 200.
        decisions (Decisions | None): Decisions that were applied. The page
            saves them again with new ones. Defaults to None.

    Returns:
        Review: The review.
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
    """Make the outline of a mask as the path of an SVG.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        str: Attribute ``d`` of the path, in pixels of the mask, to be filled
        by the even-odd rule.

    Example:
        >>> svg_path(np.ones((1, 2), dtype=bool))
        'M0 0V1H2V0Z'
    """
    parts = []
    for corners in to_outlines(mask):
        (x, y), *others = corners.tolist()
        parts.append(f'M{x} {y}')
        for next_x, next_y in others:
            # Each step is horizontal or vertical.
            parts.append(f'V{next_y}' if next_x == x else f'H{next_x}')
            x = next_x
        parts.append('Z')
    return ''.join(parts)


def _earlier(
    masks: ReportMasks, cards: list[ReviewCard], decisions: Decisions | None
) -> dict[str, tuple[str, str]]:
    """Earlier decisions, see :attr:`Review.earlier`."""
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
