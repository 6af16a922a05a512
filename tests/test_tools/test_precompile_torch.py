"""Torch's headers, precompiled for the build of mmcv's operators."""

import os
import subprocess
import sys

import pytest

COMPILER = """#!/usr/bin/env bash
if [ "$1" = -dM ]; then
    echo '#define {macro} 1'
elif [ -n "{error}" ]; then
    echo "{error}" >&2
    exit 1
else
    printf '%s\\n' "$@" >"{log}"
fi
"""


@pytest.fixture
def run(tmp_path, repo_root):
    """Runs the tool with a compiler that only notes what it is asked for."""

    def run(macro, error='', **env):
        compiler = tmp_path / 'compiler'
        log = tmp_path / 'log'
        compiler.write_text(COMPILER.format(macro=macro, error=error, log=log))
        compiler.chmod(0o755)
        done = subprocess.run(
            [
                sys.executable,
                str(repo_root / 'tools/setup/precompile_torch.py'),
                str(tmp_path / 'headers'),
            ],
            env=dict(os.environ, CXX=str(compiler), **env),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip(), log, done.stderr

    return run


def test_build_and_header_have_the_same_flags(run, tmp_path):
    """Or the compiler would not take the header."""
    flags, log, _ = run('__GNUC__', CFLAGS='-march=native')
    header = tmp_path / 'headers/torch_types.h'
    assert flags == f'-march=native -O3 -g0 -DNDEBUG -fwrapv -include {header}'
    words = log.read_text().splitlines()
    assert set(flags.split()[:-2]) < set(words)
    assert {'-fPIC', '-std=c++17', '-DTORCH_EXTENSION_NAME=_ext'} < set(words)
    assert words[-3:] == [str(header), '-o', f'{header}.gch']
    assert header.read_text() == '#include <torch/types.h>\n'


def test_other_compilers_build_as_ever(run):
    assert run('__clang__')[0] == ''


def test_a_failure_is_told_and_the_build_goes_on(run):
    flags, _, stderr = run('__GNUC__', error='no space left')
    assert flags == ''
    assert 'no space left' in stderr
