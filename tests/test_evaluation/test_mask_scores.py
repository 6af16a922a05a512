import json

import pytest

from mmboxcaseg.evaluation import MaskScores, ScoreRow

METRICS = dict.fromkeys(
    ('mIoU_star', 'mIoU', 'IoU@25', 'IoU@50', 'IoU@70', 'IoU@75'), 25.04
)
SCORES = MaskScores(
    (
        ScoreRow('masks', 'all', None, 4, 100.0, dict(METRICS, mIoU=48.0)),
        ScoreRow('masks', 'small', None, 3, 75.0, METRICS),
        ScoreRow('box', 'all', None, 4, 100.0, METRICS),
        ScoreRow('masks', 'kept', 0.9, 0, 0.0, dict.fromkeys(METRICS)),
        ScoreRow('masks', 'ignored', 0.9, 4, 100.0, METRICS),
        ScoreRow('masks', 'kept', None, 1, 25.0, METRICS, confidence_thr=0.5),
    ),
    0.5,
    None,
    2,
)


def test_rows_have_names():
    assert [row.name for row in SCORES.rows] == [
        'masks',
        'masks, small',
        'filled box',
        'agreement >= 0.9 (kept)',
        'agreement < 0.9 (ignored)',
        'confidence >= 0.5 (kept)',
    ]


def test_rows_are_found_by_their_keys():
    assert SCORES.row() is SCORES.rows[0]
    assert SCORES.row('box') is SCORES.rows[2]
    assert SCORES.row(part='ignored', agreement_thr=0.9) is SCORES.rows[4]
    assert SCORES.row(part='kept', confidence_thr=0.5) is SCORES.rows[5]
    with pytest.raises(KeyError, match='0.8.*there are: masks, masks, small'):
        SCORES.row(part='kept', agreement_thr=0.8)


def test_json_has_names_and_numbers_side_by_side(tmp_path):
    path = tmp_path / 'scores.json'
    path.write_text(json.dumps(SCORES.to_json()))
    content = json.loads(path.read_text())
    assert set(content) == {
        'rows',
        'spearman',
        'spearman_confidence',
        'unusable',
        'rejected',
        'skipped',
    }
    assert content['spearman'] == 0.5 and content['unusable'] == 2
    first = content['rows'][0]
    assert (first['name'], first['instances'], first['share'], first['mIoU']) == (
        'masks',
        4,
        100,
        48,
    )
    assert content['rows'][3]['mIoU'] is None
    assert MaskScores.read(str(path)) == SCORES


@pytest.mark.parametrize('content', [{}, [], dict(rows=[dict(name='masks')])])
def test_other_files_are_named(tmp_path, content):
    path = tmp_path / 'scores.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='scores.json: .*boxcaseg score'):
        MaskScores.read(str(path))


def test_table():
    lines = SCORES.to_markdown().splitlines()
    assert lines[0] == (
        '| | instances | % of all | mIoU* | mIoU | IoU@25 | IoU@50 | IoU@70 | IoU@75 |'
    )
    assert lines[2] == (
        '| masks | 4 | 100.0 | 25.0 | 48.0 | 25.0 | 25.0 | 25.0 | 25.0 |'
    )
    assert lines[5].startswith('| agreement >= 0.9 (kept) | 0 | 0.0 | - | - |')
    assert len(lines) == 8
    boundary = MaskScores(
        (ScoreRow('masks', 'all', None, 1, 100.0, dict(METRICS, boundary_mIoU=7.0)),)
    )
    assert boundary.to_markdown().splitlines()[0].endswith('boundary mIoU |')
    assert boundary.to_markdown().endswith('| 7.0 |')
