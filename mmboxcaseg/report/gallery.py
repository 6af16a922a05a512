"""The gallery of a report: the choice of masks, and their pictures."""

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
# Largest number of pictures on the sheet of a group, and in a row.
SHEET, ROW = 18, 6


@dataclass(frozen=True)
class Card:
    """A mask of the gallery.

    Attributes:
        src (str): Data URI of its picture.
        alt (str): Description of the picture in words.
        width (int): Width of the picture in pixels.
        height (int): Height of the picture in pixels.
        class_place (int): Place of its category in the file.
        class_name (str): Name of its category.
        scores (dict[str, float]): Its scores by name, in [0, 1].
        ignored (bool): Whether the mask loss ignores it.
        mark (str): Word beside its class: ``'accepted'``, ``'rejected'``,
            ``'kept'``, ``'ignored'`` or ``''``.
        iou (float | None): IoU with the true mask; None if that is not known.
        box_id (int | str): Id of its annotation.
        box_size (str): Width and height of its box in pixels, as text.
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
        name (str): Name of the group, one of ``GROUPS``.
        text (str): Description of the masks in the group.
        cards (tuple[Card, ...]): The masks, in the order in which they are
            shown.
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
    """Choose the masks of a group of the gallery.

    The best (or worst, ...) mask of each class is chosen before the second
    best of any class, so that all classes are shown if there are enough
    pictures. Of masks with equal scores, the one with the larger box is
    preferred, since its picture shows more.

    Args:
        group (str): ``'best'``; ``'median'``, next to the median of all masks;
            ``'worst'``; or ``'ignored'``, ignored masks drawn at random with
            a fixed seed.
        classes (Sequence): Class of each of the N masks.
        scores (np.ndarray): Score by which masks are ordered, (N,) in [0, 1].
        areas (np.ndarray): Area of each mask's box, (N,).
        ignored (np.ndarray): Whether each mask is ignored, (N,) bool.
        num (int): Number of masks to choose; all if there are fewer.

    Returns:
        list[int]: Places of the masks in the order in which they are shown:
        best, nearest to the median or worst first; ignored ones by falling
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


def thirds(scores: np.ndarray, areas: np.ndarray) -> dict[str, np.ndarray]:
    """Split masks by their score, so that none is in two groups of the gallery.

    Args:
        scores (np.ndarray): Score by which masks are ordered, (N,) in [0, 1].
        areas (np.ndarray): Area of each mask's box, (N,). Of masks with equal
            scores, the one with the larger box comes first.

    Returns:
        dict[str, np.ndarray]: Places of the masks by falling score: about a
        third of them, or one at least, as ``'best'`` and as ``'worst'``, and
        those between them as ``'median'``.

    Example:
        >>> thirds(np.array([0.2, 0.9, 0.5]), np.ones(3))['median']
        array([2])
    """
    order = np.lexsort([-areas, -scores])
    count = max((len(order) + 1) // 3, 1)
    best, rest = order[:count], order[count:]
    start = max(len(rest) - count, 0)
    return dict(best=best, median=rest[:start], worst=rest[start:])


def make_gallery(masks: ReportMasks, img_dir: str, out: str, num: int) -> list[Group]:
    """Draw the masks of all groups, and write each group as a PNG sheet.

    Args:
        masks (ReportMasks): The masks.
        img_dir (str): Folder of the photos.
        out (str): Folder in which ``gallery_<group>.png`` are written.
        num (int): Largest number of masks in a group.

    Returns:
        list[Group]: The groups that have masks.
    """
    scores = masks.scores[masks.order_by]
    every = np.arange(len(scores))
    # Few masks would all be in each of the first three groups.
    pools = thirds(scores, masks.areas) if 3 * num > len(scores) else {}
    chosen = {}
    for name in GROUPS:
        pool = pools.get(name, every)
        places = choose(
            name,
            masks.classes[pool],
            scores[pool],
            masks.areas[pool],
            masks.ignored[pool],
            num,
        )
        chosen[name] = pool[places].tolist()
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
    if name == 'ignored' and not masks.thresholds:
        text = 'rejected, drawn at random'
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
    """The word beside the class of a mask."""
    file, place = masks.file, masks.places[index]
    for mark, column in (
        ('rejected', file.rejected),
        ('accepted', file.accepted),
        ('kept', file.kept),
    ):
        if column[place]:
            return mark
    return 'ignored' if masks.ignored[index] else ''
