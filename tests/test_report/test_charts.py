"""Charts of scores."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmboxcaseg.report.charts import (
    LEAST_CELLS,
    LEAST_MASKS,
    histogram_chart,
    iou_chart,
)
from mmboxcaseg.report.numbers import Band, ScoreNumbers


def numbers(kept):
    return ScoreNumbers(
        name='confidence',
        mean=0.6,
        median=0.6,
        kept=kept,
        ignored=np.zeros(40, dtype=int),
        bands=(),
        spearman=None,
    )


@pytest.mark.parametrize('count', [1, LEAST_CELLS - 1, LEAST_CELLS])
def test_few_masks_are_points(count):
    values = np.linspace(0, 1, count)
    figure = iou_chart(numbers(np.zeros(40, dtype=int)), values, values)
    first = figure.axes[0].collections[0]
    # The second axes are the colour bar.
    assert len(figure.axes) == (1 if count < LEAST_CELLS else 2)
    if count < LEAST_CELLS:
        assert first.get_offsets().tolist() == np.stack([values, values], 1).tolist()
    plt.close(figure)


@pytest.mark.parametrize('most', [1, 2, 3, 70])
def test_ticks_of_a_histogram_are_whole_masks(most):
    kept = np.zeros(40, dtype=int)
    kept[30] = most
    figure = histogram_chart(numbers(kept), None)
    ticks = figure.axes[0].get_yticks()
    assert len(ticks) >= 2 and (ticks == ticks.round()).all()
    plt.close(figure)


@pytest.mark.parametrize('told', [False, True])
def test_a_histogram_tells_ignored_masks_only_where_there_are_some(told):
    score = numbers(np.full(40, 3))
    if told:
        score.ignored[10] = 2
    figure = histogram_chart(score, 0.5 if told else None)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert sorted(labels) == (
        ['ignored in the mask loss', 'kept', 'threshold 0.5'] if told else ['masks']
    )
    plt.close(figure)


def test_a_mean_outside_of_the_quartiles():
    """Few very bad masks among very good ones."""
    ious = np.array([0.9] * 30 + [0.0] * 6)
    band = Band(0.5, 0.75, len(ious), ious.mean(), *np.quantile(ious, (0.25, 0.75)))
    assert band.count >= LEAST_MASKS and not band.q25 <= band.mean <= band.q75
    histogram = np.zeros(20, dtype=int)
    score = ScoreNumbers(
        name='confidence',
        mean=0.6,
        median=0.6,
        kept=histogram,
        ignored=histogram,
        bands=(band,),
        spearman=None,
    )
    figure = iou_chart(score, np.full(len(ious), 0.6), ious)
    (mean,) = figure.axes[0].lines
    assert mean.get_xydata().tolist() == [[0.625, ious.mean()]]
    quartiles = figure.axes[0].collections[-1].get_segments()
    assert np.allclose(quartiles, [[[0.625, band.q25], [0.625, band.q75]]])
    plt.close(figure)
