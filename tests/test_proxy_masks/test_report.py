import json

import numpy as np

from mmboxcaseg.annotations import SkippedFile
from mmboxcaseg.proxy_masks import JoinReport, SkippedBox, SkippedImage, report_path


def test_written_and_read(tmp_path):
    out = str(tmp_path / 'masks.json')
    report = JoinReport(
        images=3,
        masks=4,
        empty=2,
        crowds=1,
        skipped_images=(SkippedImage(7, 'a.jpg', 'missing', (1, 'x')),),
        skipped_annotations=(SkippedBox(3, 8, 'no area'),),
        left_out=(SkippedFile('b.xml', 'no photo'),),
        agreements=np.array([1, 0.5]),
        confidences=np.array([0.25, 0.5]),
    )
    report.write(out)
    assert report_path(out) == str(tmp_path / 'masks.report.json')
    content = json.loads((tmp_path / 'masks.report.json').read_text())
    assert content == dict(
        images=3,
        masks=4,
        empty=2,
        crowds=1,
        kept=0,
        skipped_images=[
            dict(image_id=7, file_name='a.jpg', reason='missing', annotations=[1, 'x'])
        ],
        skipped_annotations=[dict(id=3, image_id=8, reason='no area')],
        left_out=[dict(file='b.xml', reason='no photo')],
    )
    again = JoinReport.read(out)
    assert again.skips() == report.skips()
    assert again.skipped_images[0].reason == 'missing'
    assert again.skipped_annotations == report.skipped_annotations
    assert again.left_out == report.left_out


def test_in_words():
    assert JoinReport().skips() is None
    report = JoinReport(
        images=2,
        masks=3,
        agreements=np.array([1, 0.5, 0]),
        confidences=np.array([0.2, 0.4, 0.9]),
        left_out=(SkippedFile('b.xml', 'no photo'),) * 2,
    )
    assert report.skips() == 'skipped 2 annotation files'
    assert report.summary() == (
        '2 images, 3 masks, 0 of them empty, 0 crowds passed through, '
        'mean confidence 0.500, mean agreement 0.500'
    )
    assert JoinReport().summary().endswith('passed through')


def test_what_a_killed_process_left_goes(tmp_path):
    """And nothing else, though the name has letters that mean patterns."""
    out = str(tmp_path / 'masks[1].json')
    left = tmp_path / 'masks[1].report.json.123.tmp'
    other = tmp_path / 'masks1.report.json.123.tmp'
    for path in (left, other):
        path.write_text('{')
    JoinReport().write(out)
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        'masks1.report.json.123.tmp',
        'masks[1].report.json',
    ]
