"""``boxcaseg score``: what it prints and writes."""

import argparse
import json

import pytest
from decision_files import entry, write_decisions
from mask_files import make_files

from mmboxcaseg.cli import score


def run(*words):
    parser = argparse.ArgumentParser()
    score.add_arguments(parser)
    return score.run(parser.parse_args(words))


def test_table_and_numbers(tmp_path, capsys):
    out = tmp_path / 'new' / 'numbers.json'
    assert run(*make_files(tmp_path), '--json', str(out)) == 0
    printed, told = capsys.readouterr()
    assert '| masks | 5 | 100.0 | 45.0 | 48.0 | 80.0 | 40.0 |' in printed
    assert 'agreement and IoU: 0.700' in printed
    assert 'confidence and IoU' not in printed
    assert '1 annotations skipped: their boxes cover nothing' in printed
    assert f'saved {out}' in told and '1/1 images, 5 instances' in told
    summary = json.loads(out.read_text())
    rows = {row['name']: row for row in summary['rows']}
    assert list(rows) == [
        'masks',
        'filled box',
        'agreement >= 0.75 (kept)',
        'agreement < 0.75 (ignored)',
        'agreement >= 0.85 (kept)',
        'agreement < 0.85 (ignored)',
        'agreement >= 0.9 (kept)',
        'agreement < 0.9 (ignored)',
        'agreement >= 0.95 (kept)',
        'agreement < 0.95 (ignored)',
    ]
    assert rows['masks']['mIoU_star'] == pytest.approx(45)
    assert summary['spearman'] == pytest.approx(0.7)
    assert summary['unusable'] == 1


def test_rank_correlation_of_confidence(tmp_path, capsys):
    """Masks of IoU 1, 0.5, 0.3, 0 and 0.6."""
    confidences = iter([0.9, 0.5, 0.4, 0.1, 0.8])

    def with_confidence(masks, truth):
        for ann in sorted(masks, key=lambda ann: ann['id']):
            if not ann.get('iscrowd'):
                ann['proxy_confidence'] = next(confidences, 0)

    names = make_files(tmp_path, with_confidence)
    out = tmp_path / 'numbers.json'
    run(
        *names,
        '--json',
        str(out),
        '--agreement-thr',
        '0.9',
        '0',
        '--confidence-thr',
        '0.8',
    )
    content = json.loads(out.read_text())
    assert content['spearman_confidence'] == pytest.approx(1)
    printed = capsys.readouterr().out
    assert 'agreement and IoU: 0.700' in printed
    assert 'confidence and IoU: 1.000' in printed
    assert [row['name'] for row in content['rows']][2:] == [
        'agreement >= 0.9 (kept)',
        'agreement < 0.9 (ignored)',
        'agreement >= 0 (kept)',
        'agreement < 0 (ignored)',
        'confidence >= 0.8 (kept)',
        'confidence < 0.8 (ignored)',
    ]
    # IoUs of 1 and 0.6.
    assert content['rows'][6]['mIoU'] == pytest.approx(80)


def test_masks_without_agreement(tmp_path, capsys):

    def change(masks, truth):
        for ann in masks:
            del ann['proxy_agreement']

    run(*make_files(tmp_path, change))
    printed = capsys.readouterr().out
    # Head, rule, masks, box; a line for the box outside the image.
    assert printed.count('\n|') == 3 and 'agreement' not in printed


def test_sizes_and_boundaries_on_request(tmp_path, capsys):
    _, truth = make_files(tmp_path)
    out = tmp_path / 'numbers.json'
    run(truth, truth, '--by-size', '--boundary', '--json', str(out))
    rows = {row['name']: row for row in json.loads(out.read_text())['rows']}
    assert list(rows) == [
        'masks',
        'masks, small',
        'masks, medium',
        'masks, large',
        'filled box',
        'filled box, small',
        'filled box, medium',
        'filled box, large',
    ]
    # Images of 40 x 50 pixels have no large objects.
    sizes = [rows[f'masks, {size}'] for size in ('small', 'medium', 'large')]
    assert sum(row['instances'] for row in sizes) == 5
    assert sizes[2]['mIoU'] is None and sizes[0]['mIoU'] == 100
    assert rows['masks']['boundary_IoU@75'] == 100
    assert 0 < rows['filled box']['boundary_mIoU'] < 100
    assert '| boundary mIoU |' in capsys.readouterr().out


def test_nobody_kept_and_no_correlation(tmp_path, capsys):

    def change(masks, truth):
        for ann in masks:
            ann['proxy_agreement'] = 0.5

    out = tmp_path / 'numbers.json'
    run(*make_files(tmp_path, change), '--json', str(out))
    printed = capsys.readouterr().out
    assert '| agreement >= 0.95 (kept) | 0 | 0.0 | - | - |' in printed
    summary = json.loads(out.read_text())
    assert summary['spearman'] is None
    assert summary['rows'][2]['mIoU'] is None


def test_truth_against_itself(tmp_path, capsys):
    _, truth = make_files(tmp_path)
    run(truth, truth)
    assert '| masks | 5 | 100.0 | 100.0 | 100.0 |' in capsys.readouterr().out


def test_faults_are_raised_before_anything_is_written(tmp_path):
    masks, truth = make_files(tmp_path)
    out = tmp_path / 'numbers.json'
    with pytest.raises(FileNotFoundError, match='none.json'):
        run(masks, 'none.json', '--json', str(out))
    with pytest.raises(ValueError, match='from 0 to 1'):
        run(masks, truth, '--agreement-thr', '95', '--json', str(out))
    assert not out.exists()


def test_rejected_masks_are_told(tmp_path, capsys):
    masks, truth = make_files(tmp_path)
    with open(masks) as file:
        ann = json.load(file)['annotations'][-1]
    decisions = write_decisions(tmp_path / 'decisions.json', [entry(ann, 'rejected')])
    run(masks, truth, '--decisions', decisions)
    assert '\n1 masks were rejected, so they are ignored at' in capsys.readouterr().out


@pytest.mark.parametrize(
    'rule, message',
    [
        ('--merge-exponent 0.1 --merge-tolerance 0', 'tolerance must be 1 or more'),
        ('--merge-exponent -1', 'exponent must be 0 or more'),
        ('--merge-exponent 0.1 --no-merge', 'which --no-merge leaves out'),
        ('--merge-tolerance 1.3', '--merge-tolerance needs --merge-exponent'),
    ],
)
def test_options_of_merging_are_checked(rule, message):
    with pytest.raises(ValueError, match=message):
        run('photos', 'truth.json', '--predictor', 'mine:masks', *rule.split())


def test_skipped_boxes_are_told(tmp_path, capsys):
    def skip(masks, truth):
        next(ann for ann in masks if ann['id'] == 4)['proxy_skipped'] = 'no photo'

    run(*make_files(tmp_path, skip))
    printed = capsys.readouterr().out
    assert 'boxes without a mask, which are not scored: 1; they' in printed
    assert '| masks | 4 |' in printed
