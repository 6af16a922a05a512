"""The charts of a report, drawn without a display."""

import os.path as osp
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mmboxcaseg.visualization.fonts import matplotlib_families, printable

from .embed import data_uri
from .masks import ReportMasks
from .numbers import (
    BINS,
    PAPER_IGNORED,
    THRESHOLDS,
    ClassRow,
    ReportNumbers,
    ScoreNumbers,
)

# Colours for colour-blind readers too. Hatching and line styles differ as well.
KEPT, IGNORED, PAPER, INK = '#1769aa', '#c2412d', '#8a5a00', '#1f2933'
GRID = '#e3e7ec'
# Largest number of letters of a name beside a bar.
LONGEST_LABEL = 40
# Largest number of bars of the chart of classes. The page's table has all classes.
MOST_CLASSES = 40
# Bands with fewer masks are not drawn: their means are mostly noise.
LEAST_MASKS = 10
# Fewer masks are drawn as points. Cells of one or two masks could hardly be seen.
LEAST_CELLS = 100


@dataclass(frozen=True)
class Chart:
    """A chart of the page.

    Attributes:
        src (str): Data URI of the picture.
        alt (str): Description of the chart in words.
        caption (str): Text under the chart.
    """

    src: str
    alt: str
    caption: str


def write_charts(masks: ReportMasks, numbers: ReportNumbers, out: str) -> list[Chart]:
    """Write the charts as PNGs.

    Args:
        masks (ReportMasks): The masks.
        numbers (ReportNumbers): Numbers of the masks.
        out (str): Folder to write to.

    Returns:
        list[Chart]: The charts of the page. They are all charts but that of
        the classes, for which the page has a table.
    """
    charts = [_write_histogram(score, masks, numbers, out) for score in numbers.scores]
    charts.append(_write_ignored(masks, numbers, out))
    if numbers.scored:
        charts += [_write_ious(score, masks, numbers, out) for score in numbers.scores]
    names = masks.file.boxes.category_names
    most = numbers.classes[:MOST_CLASSES]
    figure = class_chart([names[row.place] for row in most], most)
    with warnings.catch_warnings():
        # matplotlib warns about each missing letter. One warning was logged.
        warnings.filterwarnings('ignore', r'Glyph .* missing')
        figure.savefig(osp.join(out, 'classes.png'))
    return charts


def _write_histogram(
    score: ScoreNumbers, masks: ReportMasks, numbers: ReportNumbers, out: str
) -> Chart:
    threshold = masks.thresholds.get(score.name)
    caption = f'Mean {score.mean:.3f}, median {score.median:.3f}.'
    if threshold is not None:
        low = (masks.scores[score.name] < threshold).mean()
        caption += f' {100 * low:.1f} % of the masks lie below {threshold:g}.'
    return _write(
        histogram_chart(score, threshold),
        # The name of this chart is older than the chart of the confidence.
        osp.join(
            out, 'histogram.png' if score.name == 'agreement' else f'{score.name}.png'
        ),
        f'Histogram of the {score.name} of {numbers.masks:,} masks, mean '
        f'{score.mean:.2f}, median {score.median:.2f}.',
        caption,
    )


def _write_ignored(masks: ReportMasks, numbers: ReportNumbers, out: str) -> Chart:
    at = ', '.join(
        f'{100 * share:.0f} % at {thr:g}'
        for thr, share in zip(PAPER_IGNORED, numbers.paper_shares)
    )
    return _write(
        ignored_chart(numbers.shares, masks.thresholds.get('agreement')),
        osp.join(out, 'ignored.png'),
        'Share of masks ignored against the threshold of agreement: '
        f'{at}. In the paper: 27, 49, 64 and 80 %.',
        f'These masks: {at}.',
    )


def _write_ious(
    score: ScoreNumbers, masks: ReportMasks, numbers: ReportNumbers, out: str
) -> Chart:
    known = ~np.isnan(masks.ious)
    said = (
        'no rank correlation, as one of the two is constant'
        if score.spearman is None
        else f"Spearman's rank correlation {score.spearman:.2f}"
    )
    return _write(
        iou_chart(score, masks.scores[score.name][known], masks.ious[known]),
        osp.join(
            out, 'iou.png' if score.name == 'agreement' else f'iou_{score.name}.png'
        ),
        f'IoU with the true mask against {score.name}: {said}.',
        f'{numbers.scored:,} masks with a true one, mean IoU '
        f'{numbers.mean_iou:.3f}; {said}.',
    )


def _write(figure: Figure, path: str, alt: str, caption: str) -> Chart:
    figure.savefig(path)
    with open(path, 'rb') as file:
        return Chart(data_uri(file.read(), 'png'), alt, caption)


def _axes(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """Make a figure with an empty chart in the style of the page."""
    figure = Figure(figsize=(5, 3.5), dpi=240, layout='constrained')
    axes = figure.add_subplot()
    axes.set_title(title, loc='left', fontsize=11, color=INK, weight='bold')
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.spines[['top', 'right']].set_visible(False)
    axes.grid(axis='y', color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlim(0, 1)
    axes.set_xticks(np.linspace(0, 1, 11))
    return figure, axes


def _draw_threshold(axes: Axes, threshold: float) -> None:
    axes.axvline(
        threshold,
        color=INK,
        linewidth=1,
        linestyle=(0, (4, 3)),
        label=f'threshold {threshold:g}',
    )


def histogram_chart(score: ScoreNumbers, threshold: float | None) -> Figure:
    """Draw the histogram of a score, with kept and ignored masks.

    Args:
        score (ScoreNumbers): Numbers of the score.
        threshold (float | None): Masks with a lower score, in [0, 1], are
            ignored; None if the score has no threshold.

    Returns:
        matplotlib.figure.Figure: The chart.
    """
    titles = dict(
        agreement='Agreement of mask and box',
        confidence='Confidence of the network in its masks',
    )
    figure, axes = _axes(titles[score.name], score.name, 'masks')
    width = BINS[1] - BINS[0]
    told = bool(score.ignored.any())
    if told:
        axes.bar(
            BINS[:-1],
            score.ignored,
            width,
            align='edge',
            color='#f3d3cd',
            edgecolor=IGNORED,
            hatch='////',
            linewidth=0.6,
            label='ignored in the mask loss',
        )
    axes.bar(
        BINS[:-1],
        score.kept,
        width,
        bottom=score.ignored,
        align='edge',
        color=KEPT,
        edgecolor='white',
        linewidth=0.6,
        label='kept' if told else 'masks',
    )
    if threshold is not None:
        _draw_threshold(axes, threshold)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=8)
    return figure


def ignored_chart(shares: np.ndarray, agreement_thr: float | None) -> Figure:
    """Draw the share of ignored masks against the threshold of agreement.

    The paper's shares (Table 8) are drawn for comparison.

    Args:
        shares (np.ndarray): Share of masks below each of ``THRESHOLDS``, in
            [0, 1].
        agreement_thr (float | None): The threshold of the report, in [0, 1]; None
            if it has none.

    Returns:
        matplotlib.figure.Figure: The chart.
    """
    figure, axes = _axes(
        'Masks ignored at a threshold',
        'threshold of agreement',
        'share of masks ignored, %',
    )
    axes.plot(THRESHOLDS, 100 * shares, color=KEPT, label='these masks')
    axes.plot(
        list(PAPER_IGNORED),
        [100 * share for share in PAPER_IGNORED.values()],
        color=PAPER,
        marker='D',
        markersize=5,
        linestyle=(0, (2, 2)),
        label='the paper, Table 8 (COCO)',
    )
    for threshold, share in PAPER_IGNORED.items():
        axes.annotate(
            f'{100 * share:.0f}',
            (threshold, 100 * share),
            (5, -9),
            textcoords='offset points',
            ha='left',
            fontsize=8,
            color=PAPER,
        )
    if agreement_thr is not None:
        _draw_threshold(axes, agreement_thr)
    axes.set_ylim(0, 102)
    axes.legend(frameon=False, fontsize=8, loc='upper left')
    return figure


def _label(name: str) -> str:
    """The name of a class beside its bar, without its middle if it is long."""
    name = ' '.join(printable(name).split())
    half = LONGEST_LABEL // 2
    return name if len(name) <= LONGEST_LABEL else f'{name[:half]}…{name[-half:]}'


def class_chart(names: Sequence[str], rows: Sequence[ClassRow]) -> Figure:
    """Draw the numbers of masks and the mean scores of classes.

    Args:
        names (Sequence[str]): Names of the N classes.
        rows (Sequence[ClassRow]): Numbers of the N classes.

    Returns:
        matplotlib.figure.Figure: The chart.
    """
    panels: list[tuple[str, list]] = [('Number of masks', [row.count for row in rows])]
    if rows[0].confidence is not None:
        panels.append(('Mean confidence', [row.confidence for row in rows]))
    panels.append(('Mean agreement', [row.agreement for row in rows]))
    places = np.arange(len(rows))
    figure = Figure(
        figsize=(3.2 * len(panels), 0.9 + 0.2 * len(rows)),
        dpi=200,
        layout='constrained',
    )
    columns = figure.subplots(1, len(panels), sharey=True)
    for axes, (title, values) in zip(columns, panels):
        axes.barh(places, values, color=KEPT)
        axes.set_title(title, loc='left', fontsize=11, weight='bold')
        axes.spines[['top', 'right']].set_visible(False)
        axes.grid(axis='x', color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(axis='x', labelsize=8)
    # The bar of a rare class can hardly be seen beside that of a common one.
    columns[0].xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    numbers = [f'{row.count:,}' for row in rows]
    columns[0].bar_label(columns[0].containers[0], numbers, padding=3, fontsize=7)
    columns[0].margins(x=0.2)
    # A name with dollar signs is not a formula.
    columns[0].set_yticks(
        places,
        [_label(name) for name in names],
        fontsize=8,
        family=matplotlib_families([_label(name) for name in names]),
        parse_math=False,
    )
    columns[0].set_ylim(len(rows) - 0.4, -0.6)
    for axes in columns[1:]:
        axes.set_xlim(0, 1)
    return figure


def iou_chart(score: ScoreNumbers, values: np.ndarray, ious: np.ndarray) -> Figure:
    """Draw the IoU with the true masks against a score.

    Args:
        score (ScoreNumbers): Numbers of the score.
        values (np.ndarray): Score of each mask, (N,) in [0, 1].
        ious (np.ndarray): IoU of each mask, (N,) in [0, 1].

    Returns:
        matplotlib.figure.Figure: The chart.
    """
    figure, axes = _axes(
        f'Is {score.name} a sign of quality?', score.name, 'IoU with the true mask'
    )
    if len(values) < LEAST_CELLS:
        # Points of 0 and 1 are drawn whole, over the axes.
        axes.scatter(
            values, ious, s=16, color=KEPT, alpha=0.7, linewidths=0, clip_on=False
        )
    else:
        cells = axes.hexbin(
            values,
            ious,
            gridsize=(36, 18),
            extent=(0, 1, 0, 1),
            bins='log',
            mincnt=1,
            cmap='Blues',
            linewidths=0.2,
        )
        figure.colorbar(cells, ax=axes, label='masks', pad=0.02)
    bands = [band for band in score.bands if band.count >= LEAST_MASKS]
    centers = [(band.low + band.high) / 2 for band in bands]
    # Not as error bars of the mean, which may lie outside the quartiles.
    axes.vlines(
        centers,
        [band.q25 for band in bands],
        [band.q75 for band in bands],
        color=PAPER,
        linewidth=0.8,
    )
    axes.plot(
        centers,
        [band.mean for band in bands],
        color=PAPER,
        marker='o',
        markersize=4,
        linewidth=1.2,
        label=f'mean and quartiles of bands with {LEAST_MASKS} masks or more',
    )
    axes.set_ylim(0, 1)
    if score.spearman is not None:
        axes.plot([], [], ' ', label=f'Spearman {score.spearman:.2f}')
    axes.legend(frameon=True, framealpha=0.9, fontsize=7, loc='lower right')
    return figure
