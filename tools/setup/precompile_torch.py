"""Precompile torch's C++ headers, which most of an extension's build is spent on.

Prints the compiler flags by which a build takes them (for CFLAGS), or nothing
where there is no g++: then a build is as it would be without. The flags also
leave out debug information. g++ reads the headers as text again wherever what
it is asked for does not fit what was precompiled, so a build can't go wrong by
this, only slower.

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

# What an extension of torch has to include; mmcv's files include this one.
HEADER = '#include <torch/types.h>\n'
# As Python itself is built, but without debug information: setuptools takes
# CFLAGS in place of Python's own flags, or beside them, by its version.
FLAGS = '-O3 -g0 -DNDEBUG -fwrapv'


def all_flags() -> str:
    """CFLAGS of the caller, and ours."""
    return f'{os.environ.get("CFLAGS", "")} {FLAGS}'.strip()


def compile_command() -> list[str]:
    """The command that torch would build a file of ``mmcv._ext`` with.

    Returns:
        list[str]: Ends before the name of the file.
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
    """Whether a compiler is GCC: others precompile in ways of their own."""
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
        folder (str): Folder to write, without spaces. Some 400 MB.

    Returns:
        str: CFLAGS, those of the caller among them; empty without GCC or where
        it fails.
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
