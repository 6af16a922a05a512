"""Compare expected IoUs with true ones, on masks not used for the calibration.

It prints both means by the size of objects and by groups of classes, and draws
them in ten bins.
"""

import argparse
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from mmboxcaseg.annotations import (
    BoxFile,
    mask_traits,
    read_calibration,
    read_coco,
    read_proxy_masks,
)
from mmboxcaseg.apis.calibration import true_pairs
from mmboxcaseg.evaluation import spearman
from mmboxcaseg.evaluation.instance_iou import size_groups
from mmboxcaseg.markdown import markdown_table
from mmboxcaseg.masks import rle_area, to_rle

BINS = 10
BLUE, INK, GRID = '#1769aa', '#1f2933', '#e3e7ec'


def reliability(
    expected: np.ndarray, ious: np.ndarray, bins: int = BINS
) -> list[tuple[float, float, float, int]]:
    """Average expected and true IoUs in bins with equal numbers of masks.

    Args:
        expected (np.ndarray): Expected IoU of each mask, (N,) in [0, 1].
        ious (np.ndarray): True IoU of each mask, (N,) in [0, 1].
        bins (int): Number of bins, at most N. Defaults to 10.

    Returns:
        list[tuple[float, float, float, int]]: For each bin, ascending: the
        mean expected IoU, the mean true IoU with its standard error, and the
        number of masks.
    """
    parts = np.array_split(np.argsort(expected, kind='stable'), bins)
    return [
        (
            float(expected[part].mean()),
            float(ious[part].mean()),
            float(ious[part].std() / np.sqrt(len(part))),
            len(part),
        )
        for part in parts
    ]


def class_groups(boxes: BoxFile, places: np.ndarray) -> dict[str, np.ndarray]:
    """Group masks by the ``supercategory`` of their class.

    Args:
        boxes (BoxFile): Boxes of the true masks.
        places (np.ndarray): (M,) int, places of the masks in the file.

    Returns:
        dict[str, np.ndarray]: Which masks belong to each group, (M,) bool, by
        its name; groups with the most masks first.
    """
    names = np.array(
        [
            str(one.get('supercategory', one.get('name')))
            for one in boxes.content['categories']
        ]
    )[boxes.category_index[places]]
    found, counts = np.unique(names, return_counts=True)
    return {
        str(name): names == name for name in found[np.argsort(-counts, kind='stable')]
    }


def draw(bins: Sequence[tuple[float, float, float, int]], title: str) -> Figure:
    """Draw the bins, with the diagonal on which they should lie.

    Args:
        bins (Sequence[tuple]): Bins of :func:`reliability`.
        title (str): Title of the chart.

    Returns:
        matplotlib.figure.Figure: The chart.
    """
    figure = Figure(figsize=(5, 4.6), dpi=150, layout='constrained')
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=10, color=INK)
    axes.plot(
        [0, 1], [0, 1], color=INK, linewidth=0.8, linestyle='--', label='as expected'
    )
    expected, true, error, counts = zip(*bins)
    axes.errorbar(
        expected,
        true,
        1.96 * np.array(error),
        color=BLUE,
        marker='o',
        markersize=5,
        linewidth=1.2,
        elinewidth=0.8,
        capsize=2,
        label=f'{len(bins)} bins of {min(counts)} to {max(counts)} masks, '
        '95 % interval',
    )
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1),
        xlabel='expected IoU, mean of the bin',
        ylabel='IoU with the true masks, mean of the bin',
        aspect='equal',
    )
    axes.grid(color=GRID)
    axes.set_axisbelow(True)
    axes.legend(fontsize=8, loc='upper left')
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    """Compare, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('masks', help='file of boxcaseg masks')
    parser.add_argument('truth', help='true masks of the same annotations')
    parser.add_argument('calibration', help='file of boxcaseg calibrate')
    parser.add_argument('--plot', metavar='PNG', help='chart to write')
    args = parser.parse_args(argv)
    masks = read_proxy_masks(args.masks)
    truth = read_coco(args.truth, with_masks=True)
    pairs = true_pairs(masks, truth)
    calibration = read_calibration(args.calibration).calibration
    expected = calibration.predict(mask_traits(masks, pairs.places))
    areas = [
        rle_area(
            to_rle(truth.segmentation(place), *truth.sizes[truth.image_index[place]])
        )
        for place in pairs.truth_places
    ]
    groups = dict(
        all=np.ones(len(expected), dtype=bool),
        **size_groups(np.array(areas)),
        **class_groups(truth, pairs.truth_places),
    )
    rows = []
    for name, chosen in groups.items():
        if not chosen.any():
            continue
        mean, true = (
            100 * float(column[chosen].mean()) for column in (expected, pairs.ious)
        )
        rows.append([name, int(chosen.sum()), mean, true, abs(mean - true)])
    print(markdown_table(['', 'masks', 'expected', 'true', 'error'], rows))
    low, high = calibration.spread.mean_interval(
        expected,
        masks.boxes.image_index[pairs.places],
        np.zeros(len(expected), dtype=bool),
    )
    print(f'\n95 % interval of the mean: {100 * low:.1f} to {100 * high:.1f}')
    for name, column in (
        ('expected IoU', expected),
        ('confidence', masks.confidence[pairs.places]),
    ):
        rank = spearman(column, pairs.ious)
        if rank is not None:
            print(f'Spearman rank correlation of {name} and IoU: {rank:.3f}')
    bins = reliability(expected, pairs.ious, min(BINS, len(expected)))
    error = sum(count * abs(a - b) for a, b, _, count in bins) / len(expected)
    print(f'Mean error of {len(bins)} bins: {100 * error:.1f}')
    if args.plot:
        draw(bins, f'{len(expected):,} masks that calibration has not seen').savefig(
            args.plot
        )


if __name__ == '__main__':
    main()
