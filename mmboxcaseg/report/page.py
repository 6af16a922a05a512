"""The HTML page of a report."""

import os.path as osp
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2.utils import markupsafe

from mmboxcaseg.visualization import rounded_down

from .charts import Chart
from .gallery import Group
from .masks import ReportMasks
from .numbers import PAPER_IGNORED, ReportNumbers
from .review import Review

FOLDER = osp.dirname(osp.abspath(__file__))
SUBTITLES = dict(
    agreement='Every box got a mask; agreement says how well the mask fills its box.',
    confidence='Every box got a mask; confidence says how sure the network '
    'was of it, agreement how well it fills its box.',
)


@dataclass(frozen=True)
class Tile:
    """A number at the head of the page.

    Attributes:
        label (str): Name of the number.
        value (str): The number as text.
    """

    label: str
    value: str


def render_page(
    masks: ReportMasks,
    numbers: ReportNumbers,
    charts: Sequence[Chart],
    groups: Sequence[Group],
    review: Review | None = None,
) -> str:
    """Render the HTML page.

    Args:
        masks (ReportMasks): The masks.
        numbers (ReportNumbers): Numbers of the masks.
        charts (Sequence[Chart]): Charts of the page.
        groups (Sequence[Group]): Groups of the gallery.
        review (Review | None): Masks that the page asks about. Defaults to
            None: it asks about none.

    Returns:
        str: The page.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template('page.html.j2').render(
        title=f'Proxy masks: {osp.basename(masks.file.boxes.path)}',
        subtitle=SUBTITLES[masks.order_by],
        css=_read('page.css', *(['review.css'] if review else [])),
        script=_read('page.js', *(['review.js'] if review else [])),
        masks=masks,
        numbers=numbers,
        class_names=masks.file.boxes.category_names,
        tiles=make_tiles(masks, numbers),
        notes=make_notes(numbers),
        charts=charts,
        paper=list(zip(PAPER_IGNORED.items(), numbers.paper_shares)),
        groups=groups,
        review=review,
        made=how_made(masks.file.made).items(),
        rounded_down=rounded_down,
    )


def _read(*names: str) -> markupsafe.Markup:
    """The content of files of this folder as markup, which is not escaped."""
    parts = []
    for name in names:
        with open(osp.join(FOLDER, name), encoding='utf-8') as file:
            parts.append(file.read())
    return markupsafe.Markup('\n'.join(parts))


def make_tiles(masks: ReportMasks, numbers: ReportNumbers) -> list[Tile]:
    """Make the numbers at the head of the page.

    Args:
        masks (ReportMasks): The masks.
        numbers (ReportNumbers): Numbers of the masks.

    Returns:
        list[Tile]: The numbers with their labels.
    """
    tiles = [
        Tile('images with masks', f'{numbers.images:,}'),
        Tile('masks', f'{numbers.masks:,}'),
        Tile('classes', f'{len(numbers.classes):,}'),
    ]
    for score in numbers.scores:
        tiles += [
            Tile(f'mean {score.name}', f'{score.mean:.3f}'),
            Tile(f'median {score.name}', f'{score.median:.3f}'),
        ]
    if masks.thresholds:
        at = ', '.join(f'{name} {thr:g}' for name, thr in masks.thresholds.items())
        tiles.append(Tile(f'kept at {at}', f'{100 - 100 * numbers.ignored:.1f} %'))
    if numbers.expected is not None:
        tiles.append(Tile(numbers.expected.label, f'{numbers.expected.mean:.2f}'))
    if numbers.mean_iou is not None:
        tiles.append(Tile('mean IoU with true masks', f'{numbers.mean_iou:.3f}'))
    tiles += [
        Tile(f'Spearman, {score.name} and IoU', f'{score.spearman:.2f}')
        for score in numbers.scores
        if score.spearman is not None
    ]
    return tiles


def make_notes(numbers: ReportNumbers) -> list[str]:
    """Make the notes at the head of the page.

    Args:
        numbers (ReportNumbers): Numbers of the masks.

    Returns:
        list[str]: Sentences that a reader of the numbers should know.
    """
    notes = []
    if numbers.expected is not None:
        notes.append(numbers.expected.note)
    if numbers.empty:
        notes.append(
            f'{numbers.empty} masks are empty or have an agreement of 0: '
            'the network found nothing, or a smaller object took all pixels '
            'of the mask.'
        )
    if numbers.reviews:
        told = ', '.join(
            f'{count:,} {review}' for review, count in numbers.reviews.items()
        )
        notes.append(
            f'Decisions about masks: {told}. Accepted masks count as given, '
            'with scores of 1; rejected ones are ignored in the '
            'mask loss at every threshold.'
        )
    if numbers.skipped:
        notes.append(
            f'{numbers.skipped:,} boxes were skipped, because they or their photo '
            'could not be used; no number or picture of this page counts them.'
        )
    if numbers.crowds:
        notes.append(
            f'{numbers.crowds} crowds are not counted; they have no proxy mask.'
        )
    return notes


def how_made(made: Mapping[str, Any]) -> dict[str, str]:
    """Describe how the masks of a file were made.

    Args:
        made (Mapping): Settings of the run, :attr:`MaskFile.made`.

    Returns:
        dict[str, str]: Values as text by the names of the settings.
    """
    words = {'classes and boxes': 'as in the input; crowds pass through'}
    for key, value in made.items():
        if not isinstance(value, (dict, list)):
            words[key.replace('_', ' ')] = str(value)
    model = made.get('model_config', {}).get('model', {})
    backbone = model.get('backbone', {}).get('type')
    if model.get('type'):
        words['network'] = ', '.join(
            str(part) for part in (model['type'], backbone) if part
        )
    return words
