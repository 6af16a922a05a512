"""The chart of learning curves."""

import json

import cv2
import pytest

from tools.benchmarks import learning_curves

CURVES = [
    dict(
        name='weak',
        points=[
            {'iterations': 1600, 'mIoU*': 66.0, 'IoU@75': 42.0},
            {'iterations': 800, 'mIoU*': 65.0, 'IoU@75': 40.0},
        ],
    ),
    dict(name='paper', points=[{'iterations': 800, 'mIoU*': 60.0, 'IoU@75': 25.0}]),
]


def test_a_chart_a_metric_a_line_a_training():
    charts = learning_curves.draw(CURVES).axes
    assert [chart.get_ylabel() for chart in charts] == [
        'mIoU*, percent',
        'IoU@75, percent',
    ]
    weak, paper = charts[0].lines
    # In the order of the iterations.
    assert weak.get_xydata().tolist() == [[800, 65], [1600, 66]]
    assert paper.get_xydata().tolist() == [[800, 60]]
    assert charts[1].lines[0].get_ydata().tolist() == [40, 42]
    names = [text.get_text() for text in charts[1].get_legend().get_texts()]
    assert names == ['weak', 'paper']
    assert [tick.get_text() for tick in charts[0].get_xticklabels()] == ['800', '1,600']


@pytest.mark.parametrize('curves', [[], [*CURVES, dict(name='empty', points=[])]])
def test_curves_need_points(curves):
    with pytest.raises(ValueError, match='without points: (all|empty)'):
        learning_curves.draw(curves)


def test_the_command_writes_a_picture(tmp_path):
    (tmp_path / 'scores.json').write_text(json.dumps(dict(curves=CURVES)))
    out = tmp_path / 'curves.png'
    learning_curves.main([str(tmp_path / 'scores.json'), str(out)])
    assert cv2.imread(str(out)).shape == (600, 1320, 3)
