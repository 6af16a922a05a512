import argparse

from report_files import write_report_files

from mmboxcaseg.cli import report


def parse(*args):
    parser = argparse.ArgumentParser()
    report.add_arguments(parser)
    return parser.parse_args(args)


def test_page(tmp_path, capsys):
    write_report_files(tmp_path, with_confidence=True)
    out = str(tmp_path / 'report')
    args = parse(
        str(tmp_path / 'masks.json'), str(tmp_path / 'img'), '--out', out,
        '--truth', str(tmp_path / 'true.json'), '--num', '2')
    assert report.run(args) == 0
    assert capsys.readouterr().out == f'saved {out}/index.html\n'
    page = (tmp_path / 'report' / 'index.html').read_text()
    assert page.count('<figure class="card"') == 8
    assert 'mean IoU with true masks' in page


def test_defaults():
    args = parse('masks.json', 'photos', '--out', 'report')
    assert (args.agreement_thr, args.confidence_thr, args.num,
            args.truth) == (0.95, None, 96, None)
