"""The table of a run, from files of scores."""

import json

import pytest

from mmboxcaseg.evaluation.mask_scores import MaskScores, ScoreRow
from tools.benchmarks.tables import summary

DETECTION = {
    'coco/segm_mAP': 0.123,
    'coco/segm_mAP_50': 0.25,
    'coco/segm_mAP_75': 0.1,
    'coco/bbox_mAP_50': 0.4,
}


@pytest.fixture
def summarize(tmp_path, capsys):
    """Writes scores by file name, and returns what the tool prints."""

    def run(**files):
        for name, scores in files.items():
            (tmp_path / f'{name}.json').write_text(json.dumps(scores))
        summary.main([str(tmp_path)])
        printed = capsys.readouterr().out.splitlines()
        return [' '.join(line.split()) for line in printed]

    return run


def test_detector_by_both_protocols(summarize):
    lines = summarize(
        mask_rcnn=dict(DETECTION, AP25=31.25, AP50=24.0, AP70=11.5, AP75=9.0)
    )
    row = '| Mask R-CNN on the proxy masks |'
    assert f'{row} 12.3 | 25.0 | 10.0 | 40.0 |' in lines
    assert "| mask AP by VOC's protocol (val) | AP25 | AP50 | AP70 | AP75 |" in lines
    assert f'{row} 31.2 | 24.0 | 11.5 | 9.0 |' in lines


def test_without_the_metric_of_voc(summarize):
    lines = summarize(mask_rcnn=DETECTION)
    assert not any('AP25' in line for line in lines)


def test_heads_and_proxy_masks(summarize):
    keys = ('mIoU_star', 'mIoU', 'IoU@50', 'IoU@75')
    head = {key: 60.0 + i for i, key in enumerate(keys)}
    box = {f'box_{key}': 50.0 + i for i, key in enumerate(keys)}
    proxy = MaskScores(
        (
            ScoreRow('box', 'all', None, 2, 100.0, dict.fromkeys(keys, 1.0)),
            ScoreRow('masks', 'all', None, 2, 100.0, dict.fromkeys(keys, 44.0)),
        )
    )
    lines = summarize(weak={**head, **box}, proxy_merged=proxy.to_json())
    assert [line for line in lines[2:] if line] == [
        '| box itself (val) | 50.0 | 51.0 | 52.0 | 53.0 |',
        '| weak (val) | 60.0 | 61.0 | 62.0 | 63.0 |',
        '| proxy masks after merging (train) | 44.0 | 44.0 | 44.0 | 44.0 |',
    ]


def test_empty_folder(summarize, capsys):
    with pytest.raises(SystemExit) as error:
        summarize()
    assert error.value.code == 2
    assert 'has no scores' in capsys.readouterr().err


def test_columns_are_as_wide_as_their_widest_cell(tmp_path, capsys):
    (tmp_path / 'mask_rcnn.json').write_text(json.dumps(DETECTION))
    summary.main([str(tmp_path)])
    assert capsys.readouterr().out == (
        '| detector (val)                | mask AP |  AP50 |  AP75 | box AP50 '
        '|\n'
        '| ----------------------------- | ------: | ----: | ----: | -------: '
        '|\n'
        '| Mask R-CNN on the proxy masks |    12.3 |  25.0 |  10.0 |     40.0 '
        '|\n'
    )
