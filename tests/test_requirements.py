"""What the package imports is what its requirements install."""

import ast
import re
import sys
from pathlib import Path

import yaml

import mmboxcaseg

PACKAGE = Path(mmboxcaseg.__file__).resolve().parent
REQUIREMENTS = PACKAGE.parent / 'requirements'
# Where the import has another name.
DISTRIBUTIONS = {
    'PIL': 'pillow',
    'cv2': 'opencv-python-headless',
    'mmcv': 'onedl-mmcv',
    'mmdet': 'onedl-mmdetection',
    'mmengine': 'onedl-mmengine',
    'mmseg': 'onedl-mmsegmentation',
    'yaml': 'pyyaml',
}


def imported():
    """Packages that modules import, with one of the modules each."""
    found = {}
    for path in sorted(PACKAGE.rglob('*.py')):
        if '.mim' in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in names:
                found.setdefault(name.split('.')[0], path)
    return {
        name: path
        for name, path in found.items()
        if name not in sys.stdlib_module_names and name != 'mmboxcaseg'
    }


def required(*names):
    """Distributions of some files of requirements."""
    lines = [
        line.split('#')[0].split('==')[0].strip()
        for name in names
        for line in (REQUIREMENTS / f'{name}.txt').read_text().splitlines()
    ]
    return {line for line in lines if line and not line.startswith('-')}


def test_every_import_is_required():
    known = required('runtime', 'train', 'mminstall', 'optional')
    missing = {
        name: str(path)
        for name, path in imported().items()
        if DISTRIBUTIONS.get(name, name) not in known
    }
    assert missing == {}


def test_annotations_need_the_runtime_requirements_alone():
    names = {
        name
        for name, path in imported().items()
        if 'annotations' in path.relative_to(PACKAGE).parts
    }
    assert 'yaml' in names
    assert {DISTRIBUTIONS.get(name, name) for name in names} <= required('runtime')


def test_hooks_of_pre_commit_have_the_required_versions():
    config = yaml.safe_load((PACKAGE.parent / '.pre-commit-config.yaml').read_text())
    lines = (REQUIREMENTS / 'tests.txt').read_text().split()
    tools = set()
    for repo in config['repos']:
        if repo['repo'] == 'local':
            # The version is that of the environment of the project.
            for hook in repo['hooks']:
                assert hook['language'] == 'system'
                tools.add(hook['entry'].split()[-1])
                assert hook['entry'] == f'python -m {hook["id"]}'
                assert hook['id'] in lines
        else:
            name = re.fullmatch(
                r'https://github.com/\S+/(\w+)-pre-commit', repo['repo']
            )
            tools.add(name.group(1))
            assert f'{name.group(1)}=={repo["rev"].removeprefix("v")}' in lines
    # What .ci/run checks too.
    assert tools == {'ruff', 'mypy'}
    checks = (PACKAGE.parent / '.ci/run').read_text()
    for tool in tools:
        assert f'-m {tool}' in checks
