import argparse

import pytest
from decision_files import entry, write_decisions
from report_files import leave_out_charts, write_report_files

from mmboxcaseg.cli import report


def parse(*args):
    parser = argparse.ArgumentParser()
    report.add_arguments(parser)
    return parser.parse_args(args)


def test_page(tmp_path, capsys):
    write_report_files(tmp_path, with_confidence=True)
    out = str(tmp_path / 'report')
    args = parse(
        str(tmp_path / 'masks.json'),
        str(tmp_path / 'img'),
        '--out',
        out,
        '--truth',
        str(tmp_path / 'true.json'),
        '--num',
        '2',
    )
    assert report.run(args) == 0
    assert capsys.readouterr().out == f'saved {out}/index.html\n'
    page = (tmp_path / 'report' / 'index.html').read_text()
    assert page.count('<figure class="card"') == 6
    assert 'mean IoU with true masks' in page


@pytest.mark.parametrize(
    'out, message',
    [('masks.json', 'is a file; give the'), ('img', 'is the folder of the photos')],
)
def test_what_is_no_folder_of_a_report(tmp_path, out, message):
    write_report_files(tmp_path)
    before = sorted(tmp_path.rglob('*'))
    words = (str(tmp_path / 'masks.json'), str(tmp_path / 'img'))
    with pytest.raises(ValueError, match=f'--out: .*{out} {message}'):
        report.run(parse(*words, '--out', str(tmp_path / out)))
    assert sorted(tmp_path.rglob('*')) == before


def test_defaults():
    args = parse('masks.json', 'photos', '--out', 'report')
    assert (args.agreement_thr, args.confidence_thr, args.num, args.truth) == (
        None,
        None,
        96,
        None,
    )


def test_review(tmp_path, monkeypatch):
    leave_out_charts(monkeypatch)
    anns = write_report_files(tmp_path, with_confidence=True)
    decisions = write_decisions(
        tmp_path / 'decisions.json',
        [entry(anns[0], 'accepted'), entry(anns[1], 'rejected')],
    )

    def page(*options):
        out = tmp_path / 'report'
        report.run(
            parse(
                str(tmp_path / 'masks.json'),
                str(tmp_path / 'img'),
                '--out',
                str(out),
                '--num',
                '1',
                *options,
            )
        )
        return (out / 'index.html').read_text()

    card = '<figure class="review-card"'
    # Without being asked the page asks nothing.
    assert 'review-' not in page() and 'review' not in page()
    assert page('--review').count(card) == 30
    text = page('--review', '3')
    assert text.count(card) == 3 and 'The 3 of 30 undecided masks' in text
    text = page('--review', '0', '--decisions', decisions)
    assert text.count(card) == 28 and 'All 28 undecided masks' in text
    assert 'Decisions about masks: 1 accepted, 1 rejected.' in text
    assert 'only rejected masks are shown as ignored' in text
    text = page('--decisions', decisions, '--agreement-thr', '0.8')
    assert 'as is one that was rejected' in ' '.join(text.split())
    every = write_decisions(
        tmp_path / 'decisions.json', [entry(ann, 'rejected') for ann in anns]
    )
    text = page('--review', '--decisions', every)
    assert card not in text and 'No mask is left to be decided.' in text
    with pytest.raises(ValueError, match='review must not be negative'):
        page('--review', '-1')
