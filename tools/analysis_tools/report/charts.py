"""Charts of a report, drawn without a display."""
from typing import Any, List, Optional, Sequence

import numpy as np
from matplotlib.figure import Figure

from .stats import BINS, PAPER_DROPPED, THRESHOLDS

# Also told apart by colour-blind readers, and by hatching or line style.
KEPT, IGNORED, PAPER, INK = '#1769aa', '#c2412d', '#8a5a00', '#1f2933'
GRID = '#e3e7ec'


def _axes(title: str, x: str, y: str) -> Any:
    """A figure with one empty chart, in the style of the page."""
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


def histogram_chart(counts: np.ndarray, agreement_thr: float) -> Figure:
    """How many masks have which agreement, and which are ignored.

    Args:
        counts (np.ndarray): Of :func:`~report.stats.histogram`.
        agreement_thr (float): Masks with a lower agreement are ignored.

    Returns:
        matplotlib.figure.Figure: The chart.
    """
    figure, axes = _axes('Agreement of mask and box', 'agreement', 'masks')
    width = BINS[1] - BINS[0]
    below = BINS[1:] <= agreement_thr + 1e-9
    axes.bar(
        BINS[:-1][below],
        counts[below],
        width,
        align='edge',
        color='#f3d3cd',
        edgecolor=IGNORED,
        hatch='////',
        linewidth=0.6,
        label='ignored in the mask loss')
    axes.bar(
        BINS[:-1][~below],
        counts[~below],
        width,
        align='edge',
        color=KEPT,
        edgecolor='white',
        linewidth=0.6,
        label='kept')
    axes.axvline(
        agreement_thr,
        color=INK,
        linewidth=1,
        linestyle=(0, (4, 3)),
        label=f'threshold {agreement_thr:g}')
    axes.legend(frameon=False, fontsize=8)
    return figure


def dropped_chart(shares: np.ndarray, agreement_thr: float) -> Figure:
    """Share of masks dropped against the threshold, beside the paper's.

    Args:
        shares (np.ndarray): Share below each of ``THRESHOLDS``.
        agreement_thr (float): The threshold in use.

    Returns:
        matplotlib.figure.Figure: The chart.
    """
    figure, axes = _axes('Masks dropped at a threshold', 'threshold',
                         'share of masks dropped, %')
    axes.plot(THRESHOLDS, 100 * shares, color=KEPT, label='these masks')
    axes.plot(
        list(PAPER_DROPPED), [100 * share for share in PAPER_DROPPED.values()],
        color=PAPER,
        marker='D',
        markersize=5,
        linestyle=(0, (2, 2)),
        label='the paper, Table 8 (COCO)')
    for threshold, share in PAPER_DROPPED.items():
        axes.annotate(
            f'{100 * share:.0f}', (threshold, 100 * share), (5, -9),
            textcoords='offset points',
            ha='left',
            fontsize=8,
            color=PAPER)
    axes.axvline(
        agreement_thr,
        color=INK,
        linewidth=1,
        linestyle=(0, (4, 3)),
        label=f'threshold {agreement_thr:g}')
    axes.set_ylim(0, 102)
    axes.legend(frameon=False, fontsize=8, loc='upper left')
    return figure


def class_chart(names: Sequence[str], numbers: Sequence[dict]) -> Figure:
    """Number and agreement of the masks of the largest classes.

    Args:
        names (Sequence[str]): Of N classes.
        numbers (Sequence[dict]): Of :func:`~report.stats.per_class`.

    Returns:
        matplotlib.figure.Figure: The chart.
    """
    places = np.arange(len(names))
    figure = Figure(
        figsize=(6.4, 0.9 + 0.2 * len(names)), dpi=200, layout='constrained')
    left, right = figure.subplots(1, 2, sharey=True)
    left.barh(places, [one['count'] for one in numbers], color=KEPT)
    left.set_title('Masks', loc='left', fontsize=11, weight='bold')
    # Thousands of people beside ten toasters: both bars must be seen.
    left.set_xscale('log')
    left.set_yticks(places, names, fontsize=8)
    left.set_ylim(len(names) - 0.4, -0.6)
    right.barh(places, [one['mean'] for one in numbers], color=KEPT)
    right.set_title('Mean agreement', loc='left', fontsize=11, weight='bold')
    right.set_xlim(0, 1)
    for axes in (left, right):
        axes.spines[['top', 'right']].set_visible(False)
        axes.grid(axis='x', color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(axis='x', labelsize=8)
    return figure


def iou_chart(agreements: np.ndarray, ious: np.ndarray, bands: List[dict],
              correlation: Optional[float]) -> Figure:
    """IoU with the true masks against agreement.

    Args:
        agreements (np.ndarray): Shape (N, ), in [0, 1].
        ious (np.ndarray): Likewise.
        bands (list[dict]): Of :func:`~report.stats.agreement_bands`.
        correlation (float, optional): Spearman's; None if there is none.

    Returns:
        matplotlib.figure.Figure: The chart.
    """
    figure, axes = _axes('Is agreement a sign of quality?', 'agreement',
                         'IoU with the true mask')
    cells = axes.hexbin(
        agreements,
        ious,
        gridsize=(36, 18),
        extent=(0, 1, 0, 1),
        bins='log',
        mincnt=1,
        cmap='Blues',
        linewidths=0.2)
    figure.colorbar(cells, ax=axes, label='masks', pad=0.02)
    bands = [band for band in bands if band['count'] >= 10]
    centres = [(band['low'] + band['high']) / 2 for band in bands]
    means = [band['mean'] for band in bands]
    axes.errorbar(
        centres,
        means,
        [[band['mean'] - band['q25']
          for band in bands], [band['q75'] - band['mean'] for band in bands]],
        color=PAPER,
        marker='o',
        markersize=4,
        linewidth=1.2,
        elinewidth=0.8,
        label='mean and quartiles of bands with 10 masks or more')
    axes.set_ylim(0, 1)
    if correlation is not None:
        axes.plot([], [], ' ', label=f'Spearman {correlation:.2f}')
    axes.legend(frameon=True, framealpha=0.9, fontsize=7, loc='upper left')
    return figure
