"""The Dockerfiles, as far as they can be tried without Docker."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

FILES = ('docker/Dockerfile', 'docker/cuda.Dockerfile')
# What a RUN line may call. Stand-ins write down how they were called.
COMMANDS = ('apt-get', 'bash', 'pip', 'python', 'python3', 'rm')


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile with their arguments."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith('#')]
    whole = '\n'.join(lines).replace('\\\n', ' ')
    return [tuple(line.split(None, 1)) for line in whole.splitlines() if line.strip()]


def is_ignored(path: str, patterns: list[str]) -> bool:
    """Whether .dockerignore keeps a path, or a folder above it, from the image."""
    parts = path.split('/')
    above = ['/'.join(parts[:end]) for end in range(1, len(parts) + 1)]
    ignored = False
    for pattern in patterns:
        wanted = re.escape(pattern.lstrip('!').strip('/'))
        for glob, regex in ((r'\*\*/', '(.*/)?'), (r'\*', '[^/]*'), (r'\?', '[^/]')):
            wanted = wanted.replace(glob, regex)
        if any(re.fullmatch(wanted, one) for one in above):
            ignored = not pattern.startswith('!')
    return ignored


@pytest.fixture(scope='module')
def patterns(repo_root):
    text = (repo_root / '.dockerignore').read_text()
    return [line for line in text.splitlines() if line and not line.startswith('#')]


@pytest.mark.parametrize(
    'path, ignored',
    [
        ('data', True),
        ('data/a/b.jpg', True),
        ('docs/data/a.json', False),
        ('a/__pycache__/b.pyc', True),
        ('__pycache__', True),
        ('x.egg-info/PKG-INFO', True),
        ('mmboxcaseg/.mim/a.py', True),
        ('mmboxcaseg/a.py', False),
        ('database/a.py', False),
        ('logs/keep.txt', False),
        ('logs/a.txt', True),
    ],
)
def test_reading_of_dockerignore(path, ignored):
    """Patterns begin at the root, as Docker's documentation has it."""
    patterns = ['data', '**/__pycache__', '*.egg-info', 'mmboxcaseg/.mim', 'logs/*']
    assert is_ignored(path, [*patterns, '!logs/keep.txt']) == ignored


def test_what_the_image_needs_is_copied(repo_root, patterns):
    """The package, its configs and tools, and what installs them."""
    needed = [
        path.relative_to(repo_root).as_posix()
        for folder in ('mmboxcaseg', 'configs', 'tools', 'requirements')
        for path in (repo_root / folder).rglob('*')
        if path.is_file() and not {'__pycache__', '.mim'} & set(path.parts)
    ]
    needed += ['setup.py', 'setup.cfg', 'pyproject.toml', 'requirements.txt']
    needed += ['MANIFEST.in', 'README.md', 'model-index.yml']
    assert len(needed) > 300
    assert [path for path in needed if is_ignored(path, patterns)] == []
    assert all((repo_root / path).is_file() for path in needed[-7:])
    # What is large, or of this machine.
    for path in ('.git/config', '.venv/bin/python', 'data/coco', 'work_dirs/a.pth'):
        assert is_ignored(path, patterns)


def test_files_of_requirements_exist(repo_root):
    named = []
    for path in [repo_root / 'requirements.txt', *repo_root.glob('requirements/*.txt')]:
        for line in path.read_text().splitlines():
            if line.startswith('-r '):
                named.append(path.parent / line[3:].strip())
    for path in [repo_root / 'setup.py', *repo_root.rglob('tools/*.sh')]:
        found = re.findall(r'requirements/\w+\.txt', path.read_text())
        named += [repo_root / one for one in found]
    assert len(named) > 3
    assert [str(path) for path in named if not path.is_file()] == []


@pytest.fixture
def run_line(tmp_path):
    """Function that runs a RUN line with stand-ins; returns what they were told."""
    folder, record = tmp_path / 'bin', tmp_path / 'record'
    folder.mkdir()
    for name in COMMANDS:
        path = folder / name
        path.write_text(
            '#!/bin/sh\n'
            f'printf "%s\\n" {name} "$@" >> "$RECORD"\n'
            'printf "\\n" >> "$RECORD"\n'
        )
        path.chmod(0o755)
    work = tmp_path / 'work'
    work.mkdir()

    def run(line: str, variables: dict[str, str]) -> list[list[str]]:
        record.write_text('')
        subprocess.run(
            ['/bin/sh', '-euc', line],
            cwd=work,
            env=dict(variables, PATH=str(folder), RECORD=str(record)),
            check=True,
        )
        # No argument was taken for a redirection, as of "setuptools<82".
        assert list(work.iterdir()) == []
        return [call.splitlines() for call in record.read_text().split('\n\n')[:-1]]

    return run


def filled(text: str, variables: dict[str, str]) -> str:
    """Text with the values of its variables; KeyError if one is not declared."""
    return re.sub(r'\$\{?(\w+)\}?', lambda found: variables[found.group(1)], text)


@pytest.mark.parametrize('file', FILES)
def test_every_line(file, repo_root, patterns, run_line):
    script = (repo_root / 'tools/setup_env.sh').read_text()
    variables: dict[str, str] = {}
    copied = False
    calls: list[list[str]] = []
    for name, rest in instructions((repo_root / file).read_text()):
        if name == 'FROM':
            assert re.fullmatch(r'[\w./-]+:[\w.-]+', filled(rest, variables))
            # Arguments before it are not known after it.
            variables = {'PATH': '/usr/bin'}
        elif name in ('ARG', 'ENV'):
            for pair in shlex.split(rest):
                key, value = pair.split('=', 1)
                variables[key] = filled(value, variables)
        elif name == 'COPY':
            *sources, _ = rest.split()
            for source in sources:
                assert (repo_root / source).exists()
                assert source == '.' or not is_ignored(source, patterns)
            copied = copied or '.' in sources
        elif name == 'RUN':
            for shell in ('bash', 'sh'):
                subprocess.run([shell, '-n', '-c', rest], check=True)
            for path in re.findall(r'(?<!\S)[\w-][\w./-]*\.(?:sh|py|txt)', rest):
                assert copied and (repo_root / path).is_file()
                assert not is_ignored(path, patterns)
            calls += run_line(rest, variables)
        else:
            assert name in ('WORKDIR', 'CMD')
    assert calls[0] == ['apt-get', 'update']
    assert calls[1][:2] == ['apt-get', 'install'] and 'g++' in calls[1]
    assert calls[-1] == ['bash', 'tools/setup_env.sh']
    assert calls[-4][1:] == ['-m', 'venv', '/opt/venv']
    # As the script that follows would install them itself.
    bound = re.search(r"^setuptools='setuptools>=64(,<\d+)'", script, re.M).group(1)
    assert calls[-3] == ['pip', 'install', 'setuptools' + bound.strip(',')]
    torch = re.search(r'TORCH_VERSION:-([\d.]+)\}', script).group(1)
    assert calls[-2][:3] == ['pip', 'install', f'torch=={torch}']
    assert calls[-2][3] == '--index-url' and calls[-2][4].startswith('https://')


def test_pages_name_them(repo_root):
    text = (repo_root / 'docs/get_started.md').read_text()
    named = re.findall(r'docker/[\w.]+', text)
    assert set(named) == set(FILES)
    assert {f'docker/{name}' for name in os.listdir(repo_root / 'docker')} == set(FILES)
    for file in FILES:
        first = Path(repo_root / file).read_text().splitlines()[0]
        assert f'docker build -f {file} ' in first
