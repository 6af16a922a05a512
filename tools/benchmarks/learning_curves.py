"""Draw the learning curves of docs/quality.md.

The file has trainings by name, each with scores at numbers of iterations.

Example:
    python tools/benchmarks/learning_curves.py docs/data/quality.json \
        docs/images/learning_curves.png
"""

import argparse
import json
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

METRICS = ('mIoU*', 'IoU@75')
COLORS = ('#7a8793', '#c05621', '#1769aa', '#2f855a', '#6b46c1', '#b83280')
INK, GRID = '#1f2933', '#e3e7ec'


def draw(
    curves: Sequence[Mapping], metrics: Sequence[str] = METRICS, title: str = ''
) -> Figure:
    """Draw curves, with one chart for each metric.

    Args:
        curves (Sequence[Mapping]): Each has ``name`` and ``points``, a list of
            mappings with ``iterations`` and the metrics in percent.
        metrics (Sequence[str]): Metrics to draw. Defaults to mIoU* and IoU@75.
        title (str): Title above the charts. Defaults to ''.

    Returns:
        matplotlib.figure.Figure: The charts side by side.

    Raises:
        ValueError: If there are no curves, or one has no points.
    """
    empty = [curve['name'] for curve in curves if not curve['points']]
    if empty or not curves:
        raise ValueError(f'curves without points: {", ".join(empty) or "all"}')
    figure = Figure(figsize=(4.4 * len(metrics), 4), dpi=150, layout='constrained')
    figure.suptitle(title, fontsize=10, color=INK)
    ticks: list[int] = []
    for tick in sorted({p['iterations'] for curve in curves for p in curve['points']}):
        # Numbers closer than this would overlap.
        if not ticks or tick >= 1.4 * ticks[-1]:
            ticks.append(tick)
    for axes, metric in zip(
        figure.subplots(1, len(metrics), squeeze=False)[0], metrics
    ):
        for color, curve in zip(COLORS, curves):
            points = sorted(curve['points'], key=lambda point: point['iterations'])
            axes.plot(
                [point['iterations'] for point in points],
                [point[metric] for point in points],
                color=color,
                marker='o',
                markersize=4,
                linewidth=1.4,
                label=curve['name'],
            )
        axes.set_xscale('log', base=2)
        axes.set_xticks(ticks, [f'{tick:,}' for tick in ticks], fontsize=8)
        axes.minorticks_off()
        axes.set(xlabel='iterations', ylabel=f'{metric}, percent')
        axes.grid(color=GRID)
        axes.set_axisbelow(True)
    axes.legend(fontsize=8, loc='best')
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    """Read the file and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'scores', help='JSON with "curves" and, for the title, "scored"'
    )
    parser.add_argument('out', help='picture to write, .png or .svg')
    args = parser.parse_args(argv)
    with open(args.scores, encoding='utf-8') as file:
        content = json.load(file)
    draw(content['curves'], title=content.get('scored', '')).savefig(args.out)


if __name__ == '__main__':
    main()
