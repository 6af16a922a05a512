import argparse

import pytest
from report_files import write_report_files

from mmboxcaseg.cli import draw


@pytest.fixture
def run(tmp_path):
    """Function that runs the command on a file of masks."""
    write_report_files(tmp_path, with_confidence=True)

    def run_command(*args):
        parser = argparse.ArgumentParser()
        draw.add_arguments(parser)
        return draw.run(
            parser.parse_args(
                [str(tmp_path / 'masks.json'), str(tmp_path / 'img'), *args]
            )
        )

    return run_command


def test_pictures_in_a_folder(run, tmp_path, capsys):
    out = str(tmp_path / 'out')
    assert (
        run('--out', out, '--classes', 'rare', 'dog', '--num', '2', '--side', '90') == 0
    )
    assert capsys.readouterr().out == f'saved 2 pictures in {out}\n'
    assert len(list((tmp_path / 'out').iterdir())) == 2
    assert run('--out', out, '--images', '4.png', '--side', '90') == 0
    assert capsys.readouterr().out == f'saved 1 picture in {out}\n'


def test_missing_photos_are_skipped(run, tmp_path, capsys, caplog):
    out = tmp_path / 'out'
    for number in (2, 5):
        (tmp_path / 'img' / f'{number}.png').unlink()
    assert run('--out', str(out), '--side', '90') == 3
    assert capsys.readouterr().out == f'saved 4 pictures in {out}\n'
    assert {path.name for path in out.iterdir()} == {
        f'{number}_{number}.png' for number in (1, 3, 4, 6)
    }
    assert caplog.messages == [
        f'2 images are not in {tmp_path / "img"}: 2.png; 5.png; skipped'
    ]
    assert run('--out', str(out), '--side', '90', '--images', '1') == 0


def test_folders_that_can_not_be_filled(run, tmp_path):
    with pytest.raises(ValueError, match='--out: .*masks.json is a file; give the'):
        run('--out', str(tmp_path / 'masks.json'))
    with pytest.raises(ValueError, match='--out: .*img is the folder of the photos'):
        run('--out', str(tmp_path / 'img'))
    assert len(list((tmp_path / 'img').iterdir())) == 6


def test_what_is_hatched_is_told(run, tmp_path, capsys):
    out = str(tmp_path / 'out')

    def told(*options):
        run('--out', out, '--side', '90', *options)
        return capsys.readouterr().out.splitlines()[1:]

    assert told() == []
    assert told('--only-ignored') == [
        'hatched in red: masks with an agreement below 0.95 (--agreement-thr), '
        'which training would ignore'
    ]
    assert told('--agreement-thr', '0.5', '--confidence-thr', '0.3') == [
        'hatched in red: masks with an agreement below 0.5 (--agreement-thr) or with '
        'a confidence below 0.3 (--confidence-thr), which training would ignore'
    ]


def test_options_arrive(run, monkeypatch):
    seen = []
    monkeypatch.setattr(
        'mmboxcaseg.apis.draw.draw_masks',
        lambda *args, on_skip, **kwargs: seen.append(kwargs) or [],
    )
    run(
        '--only-ignored',
        '--agreement-thr',
        '0.7',
        '--confidence-thr',
        '0.4',
        '--images',
        '1',
        '2.png',
    )
    run()
    assert seen == [
        dict(
            images=['1', '2.png'],
            classes=None,
            only_ignored=True,
            agreement_thr=0.7,
            confidence_thr=0.4,
            num=None,
            side=1000,
            decisions=None,
        ),
        dict(
            images=None,
            classes=None,
            only_ignored=False,
            agreement_thr=0.0,
            confidence_thr=None,
            num=None,
            side=1000,
            decisions=None,
        ),
    ]
