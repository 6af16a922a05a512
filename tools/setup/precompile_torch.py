"""Precompile torch's C++ headers, which take most of the time of a build.

Prints the compiler flags (for CFLAGS) with which a build uses the precompiled
headers, and which turn off debug information. Without g++ it prints nothing,
and the build is as usual. If other flags don't fit the precompiled headers, g++
reads the headers as text, so the build can only be slower, not fail.

Example:
    CFLAGS="$(python tools/setup/precompile_torch.py FOLDER)" pip install \
        --no-build-isolation onedl-mmcv
"""

import argparse
import os
import os.path as osp
import subprocess
import sys
from collections.abc import Sequence

# The header of torch that extensions include; mmcv's files include it.
HEADER = '#include <torch/types.h>\n'
# The flags of Python's own build, without debug information. Depending on its
# version, setuptools adds CFLAGS to Python's flags or replaces them.
FLAGS = '-O3 -g0 -DNDEBUG -fwrapv'


def all_flags() -> str:
    """The CFLAGS of the caller and ours."""
    return f'{os.environ.get("CFLAGS", "")} {FLAGS}'.strip()


def compile_command() -> list[str]:
    """The command with which torch compiles a file of ``mmcv._ext``.

    Returns:
        list[str]: The words of the command, up to the name of the file.
    """
    from setuptools._distutils.ccompiler import new_compiler
    from setuptools._distutils.sysconfig import customize_compiler
    from torch.utils.cpp_extension import get_cxx_compiler, include_paths

    os.environ['CFLAGS'] = all_flags()
    compiler = new_compiler()
    customize_compiler(compiler)
    return [
        get_cxx_compiler(),
        *compiler.compiler_so[1:],
        *(f'-I{path}' for path in include_paths()),
        '-DTORCH_API_INCLUDE_EXTENSION_H',
        '-DTORCH_EXTENSION_NAME=_ext',
        '-std=c++17',
        '-w',
        '-x',
        'c++-header',
    ]


def is_gcc(compiler: str) -> bool:
    """Whether a compiler is GCC; others precompile headers differently."""
    try:
        told = subprocess.run(
            [compiler, '-dM', '-E', '-x', 'c++', os.devnull],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return '__GNUC__' in told and '__clang__' not in told


def precompile(folder: str) -> str:
    """Precompile the headers.

    Args:
        folder (str): Folder to write to, without spaces in its path. It takes
            about 400 MB.

    Returns:
        str: CFLAGS, with those of the caller; empty without GCC or if
        compiling fails.
    """
    os.makedirs(folder, exist_ok=True)
    header = osp.join(osp.abspath(folder), 'torch_types.h')
    flags = all_flags()
    command = compile_command()
    if ' ' in header or not is_gcc(command[0]):
        return ''
    with open(header, 'w', encoding='utf-8') as file:
        file.write(HEADER)
    done = subprocess.run(
        [*command, header, '-o', f'{header}.gch'], capture_output=True, text=True
    )
    if done.returncode:
        print(f'precompile_torch: {done.stderr.strip()}', file=sys.stderr)
        return ''
    return f'{flags} -include {header}'


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('folder', help='folder to write the headers to')
    print(precompile(parser.parse_args(argv).folder))


if __name__ == '__main__':
    main()
