"""Charts of scores."""

import matplotlib.pyplot as plt
import numpy as np

from mmboxcaseg.report.charts import LEAST_MASKS, iou_chart
from mmboxcaseg.report.numbers import Band, ScoreNumbers


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
