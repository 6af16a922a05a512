"""Installs mmboxcaseg; configs and tools go along as ``mmboxcaseg/.mim``.

OpenMMLab's tools look for them there.
"""

import os
import os.path as osp
import runpy
import shutil
import sysconfig
from importlib.metadata import distributions

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = osp.dirname(osp.abspath(__file__))
# The first is the one that is asked for where none is installed.
OPENCV = (
    'opencv-python-headless',
    'opencv-python',
    'opencv-contrib-python-headless',
    'opencv-contrib-python',
)
MIM_ENTRIES = ('configs', 'tools', 'model-index.yml')


def read(path: str) -> str:
    """Text of a file of the repository."""
    with open(osp.join(ROOT, path), encoding='utf-8') as file:
        return file.read()


def requirements(name: str) -> list[str]:
    """Requirements listed in ``requirements/<name>.txt``."""
    found = []
    for line in read(f'requirements/{name}.txt').splitlines():
        line = line.split('#')[0].strip()
        if line.startswith('-r '):
            found += requirements(line[3:].removesuffix('.txt'))
        elif line:
            found.append(installed_opencv() if line == OPENCV[0] else line)
    return found


def installed_opencv() -> str:
    """The build of OpenCV in the environment that is installed into.

    A second one would write over its files. The folders are named, for a build
    in isolation does not look into them.
    """
    paths = [sysconfig.get_path(name) for name in ('purelib', 'platlib')]
    installed = {
        str(one.metadata['Name']).lower().replace('_', '-')
        for one in distributions(path=paths)
    }
    return next((name for name in OPENCV if name in installed), OPENCV[0])


class BuildWithMim(build_py):
    """Adds ``.mim``: links in an editable install, copies in any other."""

    def run(self) -> None:
        """Build the package, then add ``.mim`` to it."""
        super().run()
        if self.editable_mode:
            base = osp.join(ROOT, 'mmboxcaseg', '.mim')
        else:
            base = osp.join(self.build_lib, 'mmboxcaseg', '.mim')
        os.makedirs(base, exist_ok=True)
        for entry in MIM_ENTRIES:
            source, target = osp.join(ROOT, entry), osp.join(base, entry)
            remove(target)
            if self.editable_mode:
                try:
                    os.symlink(osp.relpath(source, base), target)
                    continue
                except OSError:
                    print(
                        f'{target}: no symbolic links here, copying; '
                        'install again after a change of configs or tools'
                    )
            copy(source, target)


def remove(path: str) -> None:
    """Remove a link, a file or a folder, if it is there."""
    if osp.isdir(path) and not osp.islink(path):
        shutil.rmtree(path)
    elif osp.lexists(path):
        os.remove(path)


def copy(source: str, target: str) -> None:
    """Copy a file, or a folder without what Python left in it."""
    if osp.isdir(source):
        shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__'))
    else:
        shutil.copy(source, target)


setup(
    name='mmboxcaseg',
    version=runpy.run_path(osp.join(ROOT, 'mmboxcaseg', 'version.py'))['__version__'],
    description='BoxCaseg for MMDetection: instance masks from boxes and '
    'salient images',
    long_description=read('README.md'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    keywords='computer vision, instance segmentation, weak supervision',
    classifiers=[
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
    ],
    packages=find_packages(include=('mmboxcaseg', 'mmboxcaseg.*')),
    python_requires='>=3.10',
    entry_points=dict(console_scripts=['boxcaseg=mmboxcaseg.cli.main:main']),
    # Torch and the OpenMMLab packages are extras: masks need none of them, they
    # come as two distributions, and which build of torch is right depends on
    # the machine. See requirements/mminstall.txt.
    install_requires=requirements('runtime'),
    extras_require={
        name: requirements(name) for name in ('train', 'tests', 'optional')
    },
    cmdclass=dict(build_py=BuildWithMim),
    package_data={
        'mmboxcaseg': ['weights/*'],
        'mmboxcaseg.report': ['*.css', '*.j2', '*.js'],
    },
    zip_safe=False,
)
