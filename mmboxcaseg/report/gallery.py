"""Which masks a report shows, and their pictures."""

import os.path as osp
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmboxcaseg import visualization as vis
from mmboxcaseg.progress import Update, show_progress

from .embed import data_uri, encode_jpeg
from .masks import ReportMasks

GROUPS = ('best', 'median', 'worst', 'ignored')
TEXTS = dict(
    best='highest {}',
    median='{} nearest to the median',
    worst='lowest {}',
    ignored='below the threshold or rejected, drawn at random',
)
# Pictures on the sheet of a group, and in one of its rows.
SHEET, ROW = 18, 6


@dataclass(frozen=True)
class Card:
    """A mask of the gallery.

    Attributes:
        src (str): Address of its picture, which holds it.
        alt (str): What the picture shows, in words.
        width (int): Width of the picture in pixels.
        height (int): Height of the picture in pixels.
        class_place (int): Place of its category in the file.
        class_name (str): Name of that.
        scores (dict[str, float]): Its scores by name, in [0, 1].
        ignored (bool): Whether the mask loss ignores it.
        mark (str): ``'accepted'``, ``'rejected'``, ``'kept'``, ``'ignored'``
            or nothing: what is told of it beside its class.
        iou (float | None): IoU with the true mask, None where it isn't known.
        box_id (int | str): Id of its annotation.
        box_size (str): Width and height of its box in pixels.
        file_name (str): Name of its photo.
    """

    src: str
    alt: str
    width: int
    height: int
    class_place: int
    class_name: str
    scores: dict[str, float]
    ignored: bool
    mark: str
    iou: float | None
    box_id: int | str
    box_size: str
    file_name: str


@dataclass(frozen=True)
class Group:
    """A group of the gallery.

    Attributes:
        name (str): One of ``GROUPS``.
        text (str): Which masks are in it.
        cards (tuple[Card, ...]): The masks, in the order to show them.
    """

    name: str
    text: str
    cards: tuple[Card, ...]


def choose(
    group: str,
    classes: Sequence[Any] | np.ndarray,
    scores: np.ndarray,
    areas: np.ndarray,
    ignored: np.ndarray,
    num: int,
) -> list[int]:
    """Choose the masks that are shown in a group of the gallery.

    The best (or worst, ...) of each class comes before the second best of any
    class, so that every class is shown if there is room. Of masks that are as
    good, the one with the larger box is preferred: more can be seen in it.

    Args:
        group (str): ``'best'``, ``'median'`` (next to the median of all),
            ``'worst'``, or ``'ignored'``: drawn at random, always the same,
            among those that are ignored.
        classes (Sequence): Class of each mask, N of them.
        scores (np.ndarray): What they are ordered by, (N,) in [0, 1].
        areas (np.ndarray): Areas of their boxes, (N,).
        ignored (np.ndarray): Which masks are ignored, (N,) bool.
        num (int): How many to choose; all if there are fewer.

    Returns:
        list[int]: Numbers of the masks, in the order to show them: the
        farthest towards the group's name first, the ignored by falling
        score.
    """
    if group == 'ignored':
        order = np.random.default_rng(0).permutation(np.flatnonzero(ignored))
        shown_by = -scores
    else:
        shown_by = dict(
            best=-scores, median=np.abs(scores - np.median(scores)), worst=scores
        )[group]
        order = np.lexsort([-areas, shown_by])
    seen: dict[Any, int] = defaultdict(int)
    rounds = []
    for index in order:
        rounds.append(seen[classes[index]])
        seen[classes[index]] += 1
    chosen = order[np.argsort(rounds, kind='stable')[:num]]
    return chosen[np.lexsort([-areas[chosen], shown_by[chosen]])].tolist()


def make_gallery(masks: ReportMasks, img_dir: str, out: str, num: int) -> list[Group]:
    """Draw the masks of all groups, and write each group as a PNG sheet.

    Args:
        masks (ReportMasks): The masks.
        img_dir (str): Folder of the photos.
        out (str): Folder to write ``gallery_<group>.png`` to.
        num (int): Most masks in a group.

    Returns:
        list[Group]: Those that have masks.
    """
    chosen = {
        name: choose(
            name,
            masks.classes,
            masks.scores[masks.order_by],
            masks.areas,
            masks.ignored,
            num,
        )
        for name in GROUPS
    }
    total = sum(map(len, chosen.values()))
    with show_progress(total, 'gallery', unit='pictures') as update:
        return [
            _make_group(name, masks, indices, img_dir, out, update)
            for name, indices in chosen.items()
            if indices
        ]


def _make_group(
    name: str,
    masks: ReportMasks,
    chosen: Sequence[int],
    img_dir: str,
    out: str,
    update: Update,
) -> Group:
    text = TEXTS[name].format(masks.order_by)
    cards: list = []
    cells: list = []
    for index in chosen:
        picture = vis.mask_picture(
            masks.file, int(masks.places[index]), img_dir, bool(masks.ignored[index])
        )
        cards.append(_make_card(masks, index, picture))
        update(1)
        if len(cells) < SHEET:
            scores = vis.score_text(**cards[-1].scores)
            cells.append(vis.Cell(picture, f'{cards[-1].class_name} {scores}'))
    vis.write_png(
        osp.join(out, f'gallery_{name}.png'),
        vis.make_sheet(
            vis.in_rows(cells, ROW),
            f'{osp.basename(masks.file.boxes.path)}: {name} masks',
            f'{text}; {vis.score_legend("confidence" in masks.scores)}',
        ),
    )
    return Group(name, text, tuple(cards))


def _make_card(masks: ReportMasks, index: int, picture: np.ndarray) -> Card:
    boxes, place = masks.file.boxes, masks.places[index]
    class_name = boxes.category_names[masks.classes[index]]
    file_name = boxes.file_names[boxes.image_index[place]]
    scores = {name: float(one[index]) for name, one in masks.scores.items()}
    ignored = bool(masks.ignored[index])
    said = ', '.join(
        f'{name} {vis.rounded_down(score)}' for name, score in scores.items()
    )
    iou = None
    if masks.ious is not None and not np.isnan(masks.ious[index]):
        iou = float(masks.ious[index])
    width, height = boxes.boxes[place, 2:] - boxes.boxes[place, :2]
    return Card(
        src=data_uri(encode_jpeg(picture), 'jpeg'),
        alt=f'{class_name} in {file_name}: '
        f'{"ignored mask" if ignored else "mask"} of {said}',
        width=picture.shape[1],
        height=picture.shape[0],
        class_place=int(masks.classes[index]),
        class_name=class_name,
        scores=scores,
        ignored=ignored,
        mark=_mark(masks, index),
        iou=iou,
        box_id=boxes.box_ids[place],
        box_size=f'{width:.0f} x {height:.0f}',
        file_name=file_name,
    )


def _mark(masks: ReportMasks, index: int) -> str:
    """What is told of a mask beside its class."""
    file, place = masks.file, masks.places[index]
    for mark, column in (
        ('rejected', file.rejected),
        ('accepted', file.accepted),
        ('kept', file.kept),
    ):
        if column[place]:
            return mark
    return 'ignored' if masks.ignored[index] else ''
