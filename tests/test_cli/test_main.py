"""``boxcaseg`` as a whole: help, errors, what it prints."""

import os
import subprocess
import sys

import pytest
from proxy_run import arguments, masks_words, write_inputs

from mmboxcaseg import __version__
from mmboxcaseg.cli import make_proxy_masks
from mmboxcaseg.cli.main import COMMANDS, main


def run(*words, **kwargs):
    return subprocess.run(
        [sys.executable, '-m', 'mmboxcaseg.cli', *words],
        capture_output=True,
        text=True,
        **kwargs,
    )


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('main')
    write_inputs(folder)
    return folder


def words(folder, out, *more):
    """``boxcaseg masks`` on the folder's boxes and model."""
    return masks_words(folder, out / 'masks.json', *more)


@pytest.mark.parametrize('name', [None, *COMMANDS])
def test_help_needs_the_standard_library_only(name):
    command = [*([name] if name else []), '--help']
    # Whatever is not in the standard library lies in a folder of its own.
    code = (
        'import sys\n'
        f'sys.argv = ["boxcaseg", *{command!r}]\n'
        'from mmboxcaseg.cli.main import main\n'
        'try:\n'
        '    main()\n'
        'except SystemExit as end:\n'
        '    assert end.code == 0\n'
        'print([name for name, module in sys.modules.items()\n'
        '       if "site-packages" in str(getattr(module, "__file__", ""))'
        '\n       and not name.startswith(("_distutils", "_virtualenv",\n'
        '                                "__editable__"))])'
    )
    result = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == '[]'
    assert 'usage: boxcaseg' in result.stdout


def test_version(capsys):
    with pytest.raises(SystemExit) as end:
        main(['--version'])
    assert end.value.code == 0
    assert capsys.readouterr().out == f'boxcaseg {__version__}\n'


def test_both_doors_give_the_same_file(inputs, tmp_path):
    assert main(words(inputs, tmp_path)) == 3
    new = (tmp_path / 'masks.json').read_bytes()
    script = tmp_path / 'script'
    assert make_proxy_masks.main(arguments(inputs, script)) == 3
    assert (script / 'masks.json').read_bytes() == new
    assert sorted(os.listdir(tmp_path)) == [
        'masks.json',
        'masks.report.json',
        'script',
    ]
    # A folder that was named for the log is kept.
    assert sorted(os.listdir(script)) == ['logs', 'masks.json', 'masks.report.json']


def test_quiet(inputs, tmp_path):
    log_dir = tmp_path / 'log'
    result = run(*words(inputs, tmp_path, '--work-dir', str(log_dir)))
    assert result.returncode == 3 and result.stdout == ''
    # On a busy machine there are more lines of progress than the last.
    warning, *lines, summary, skips = result.stderr.splitlines()
    progress = lines[-1]
    assert all(line.startswith('masks: ') for line in lines)
    assert warning.startswith('boxcaseg masks: warning: 1 boxes cover nothing')
    assert progress.startswith('masks: 9/9 images, ')
    assert progress.endswith('0:00:00 left')
    out = tmp_path / 'masks.json'
    assert summary.startswith(f'{out}: 10 images, ')
    assert 'mean confidence 0.' in summary and 'mean agreement 0.' in summary
    assert skips.endswith(f'listed in {tmp_path / "masks.report.json"}')
    # What was not printed is in the log.
    (log,) = log_dir.glob('*/*.log')
    text = log.read_text()
    assert 'System environment' in text and 'model.pth' in text


@pytest.mark.parametrize('verbose', [False, True])
def test_verbose(inputs, tmp_path, capsys, verbose):
    assert main(words(inputs, tmp_path, *['--verbose'] * verbose)) == 3
    captured = capsys.readouterr()
    printed = captured.out + captured.err
    assert ('System environment' in printed) == verbose
    assert ('model.pth' in printed) == verbose


@pytest.mark.parametrize(
    'command, message',
    [
        (
            ['masks', 'none.json', '.', '-o', 'x.json'],
            'boxes: no file or folder none.json',
        ),
        (['score', 'none.json', 'none.json'], 'no annotation file none.json'),
        (['report', 'none.json', '.', '--out', 'r'], 'none.json'),
        (['export', 'none.json', '-o', 'x.json'], 'no annotation file none.json'),
        (['draw', 'none.json', '.', '--out', 'r'], 'none.json'),
    ],
)
def test_errors_are_a_line(command, message, tmp_path):
    result = run(*command, cwd=tmp_path)
    assert result.returncode == 1 and result.stdout == ''
    (line,) = result.stderr.splitlines()
    assert line.startswith(f'boxcaseg {command[0]}: error: ')
    assert message in line
    assert os.listdir(tmp_path) == []


def test_traceback_is_in_the_folder_of_the_log(inputs, tmp_path, monkeypatch):
    """Which is there until all masks are written."""

    def fail(*args, **kwargs):
        raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr('mmboxcaseg.proxy_masks.shards.ShardWriter.append', fail)
        with pytest.raises(SystemExit, match='error: .*No space left on device'):
            main(words(inputs, tmp_path))
    text = (tmp_path / 'masks.json.logs' / 'error.log').read_text()
    assert 'Traceback' in text and 'No space left' in text
    assert (tmp_path / 'masks.json.shards').is_dir()
    assert main(words(inputs, tmp_path, '--resume')) == 3
    done = ['masks.json', 'masks.report.json']
    assert sorted(os.listdir(tmp_path)) == done
    # A run that was killed at its very end has left both.
    (tmp_path / 'masks.json.logs').mkdir()
    assert main(words(inputs, tmp_path, '--resume')) == 3
    assert sorted(os.listdir(tmp_path)) == done


def test_mistakes_of_the_program_are_not_hidden(monkeypatch, tmp_path):

    def fail(*args):
        raise ZeroDivisionError

    monkeypatch.setattr('mmboxcaseg.apis.export.read_masks', fail)
    with pytest.raises(ZeroDivisionError):
        main(['export', 'a.json', '-o', str(tmp_path / 'b.json')])


@pytest.mark.parametrize(
    'words, told',
    [
        (['--formt', 'yolo-seg'], '--formt yolo-seg; did you mean --format?'),
        (['--xyz'], '--xyz; see boxcaseg masks --help'),
    ],
)
def test_a_mistyped_option_is_a_line_of_its_command(capsys, words, told):
    with pytest.raises(SystemExit) as end:
        main(['masks', 'boxes.json', 'photos', '-o', 'm.json', *words])
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        f'boxcaseg masks: error: no such argument: {told}\n'
    )


@pytest.mark.parametrize(
    'words, told',
    [
        (
            ['boxes.json', 'photos'],
            'the following arguments are required: -o/--out',
        ),
        (
            ['boxes.json', 'photos', '-o', 'm', '--format', 'yolo'],
            "argument --format: invalid choice: 'yolo' (choose from ",
        ),
    ],
)
def test_a_wrong_command_line_is_a_line(capsys, words, told):
    with pytest.raises(SystemExit) as end:
        main(['masks', *words])
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f'boxcaseg masks: error: {told}')
    assert line.endswith('; see boxcaseg masks --help')


@pytest.mark.parametrize(
    'word, hint',
    [
        ('mask', 'did you mean masks?'),
        ('xyz', f'the commands are {", ".join(COMMANDS)}'),
    ],
)
def test_a_mistyped_command_is_a_line(capsys, word, hint):
    with pytest.raises(SystemExit) as end:
        main([word, 'boxes.json', 'photos'])
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        f'boxcaseg: error: no such command: {word}; {hint}\n'
    )


def test_alone_it_lists_the_commands(capsys):
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 2
    _, *lines, _ = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == list(COMMANDS)
    assert all(
        line.endswith(module.HELP) for line, module in zip(lines, COMMANDS.values())
    )
