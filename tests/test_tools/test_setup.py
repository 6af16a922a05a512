"""What an installation holds, and the scripts that set one up."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from importlib.metadata import version

import pytest

from mmboxcaseg.version import __version__

pytestmark = pytest.mark.slow

INSTALLED = (
    'configs',
    'mmboxcaseg',
    'requirements',
    'tools',
    'LICENSE',
    'MANIFEST.in',
    'README.md',
    'model-index.yml',
    'pyproject.toml',
    'requirements.txt',
    'setup.cfg',
    'setup.py',
)
# They come as two distributions, or in builds that only the user can choose.
NOT_REQUIRED = (
    'torch',
    'mmcv',
    'mmengine',
    'mmdet',
    'mmsegmentation',
    'onedl-mmcv',
    'onedl-mmengine',
    'onedl-mmdetection',
    'onedl-mmsegmentation',
)


def build(source, kind, out):
    """Build a distribution as pip does; the file it makes."""
    subprocess.run(
        [
            sys.executable,
            '-c',
            'import sys, setuptools.build_meta as backend\n'
            f'backend.build_{kind}(sys.argv[1])',
            str(out),
        ],
        cwd=source,
        check=True,
        capture_output=True,
    )
    return next(out.iterdir())


@pytest.fixture(scope='module')
def source(tmp_path_factory, repo_root):
    """A copy of the repository to build in, with an editable install's links.

    They must not get into a wheel beside the copies.
    """
    target = tmp_path_factory.mktemp('source')
    ignore = shutil.ignore_patterns('.mim', '__pycache__')
    for entry in INSTALLED:
        if (repo_root / entry).is_dir():
            shutil.copytree(repo_root / entry, target / entry, ignore=ignore)
        else:
            shutil.copy(repo_root / entry, target / entry)
    (target / 'tests').mkdir()
    (target / 'tests' / 'test_nothing.py').touch()
    (target / 'mmboxcaseg' / '.mim').mkdir()
    (target / 'mmboxcaseg' / '.mim' / 'old').symlink_to(target / 'configs')
    return target


@pytest.fixture(scope='module')
def wheel(source, tmp_path_factory):
    return build(source, 'wheel', tmp_path_factory.mktemp('wheel'))


def test_wheel_holds_package_configs_and_tools(wheel, repo_root):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = {
        str(path.relative_to(repo_root))
        for path in (repo_root / 'mmboxcaseg').rglob('*.py')
        if '.mim' not in path.parts
    }
    copied = {
        f'mmboxcaseg/.mim/{path.relative_to(repo_root)}'
        for folder in ('configs', 'tools')
        for path in (repo_root / folder).rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    }
    expected = (
        package
        | copied
        | {
            'mmboxcaseg/.mim/model-index.yml',
            'mmboxcaseg/report/page.css',
            'mmboxcaseg/report/page.html.j2',
            'mmboxcaseg/py.typed',
            'mmboxcaseg/report/page.js',
            'mmboxcaseg/report/review.css',
            'mmboxcaseg/report/review.html.j2',
            'mmboxcaseg/report/review.js',
            'mmboxcaseg/weights/boxcaseg_small.calibration.json',
            'mmboxcaseg/weights/boxcaseg_small.onnx',
            'mmboxcaseg/weights/boxcaseg_small.pth',
        }
    )
    assert {name for name in names if '.dist-info/' not in name} == expected
    assert 'mmboxcaseg/.mim/configs/boxcaseg/hrnet_w48_voc.py' in expected
    assert 'mmboxcaseg/.mim/tools/train.py' in expected


def test_wheel_metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith('/METADATA'))
        metadata = Parser().parsestr(archive.read(name).decode())
    assert metadata['Name'] == 'mmboxcaseg'
    assert metadata['Version'] == __version__
    required = [
        line.split(';')[0].strip()
        for line in metadata.get_all('Requires-Dist')
        if 'extra ==' not in line
    ]
    assert required
    assert not set(required) & set(NOT_REQUIRED)
    assert {'numpy', 'onnxruntime', 'pycocotools'} <= set(required)
    # The build that is there, so that no second one writes over it.
    (opencv,) = [name for name in required if name.startswith('opencv')]
    assert version(opencv)
    extra = {
        line.split(';')[0].strip().split('=')[0]
        for line in metadata.get_all('Requires-Dist')
        if 'extra == "train"' in line
    }
    assert {'torch', 'onedl-mmcv', 'onedl-mmdetection'} <= extra


@pytest.mark.parametrize(
    ('installed', 'expected'),
    [
        ([], 'opencv-python-headless'),
        (['opencv_python'], 'opencv-python'),
        (['opencv-contrib-python', 'numpy'], 'opencv-contrib-python'),
        (['opencv-python', 'opencv-python-headless'], 'opencv-python-headless'),
    ],
)
def test_opencv_that_is_there_is_kept(source, tmp_path, installed, expected):
    for name in installed:
        folder = tmp_path / f'{name}-1.0.dist-info'
        folder.mkdir()
        (folder / 'METADATA').write_text(f'Name: {name}\nVersion: 1.0\n')
    done = subprocess.run(
        [
            sys.executable,
            '-c',
            'import runpy, setuptools, sys, sysconfig\n'
            'setuptools.setup = lambda **words: None\n'
            'sysconfig.get_path = lambda name: sys.argv[1]\n'
            'print(runpy.run_path("setup.py")["installed_opencv"]())',
            str(tmp_path),
        ],
        cwd=source,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == expected


def test_wheel_works_outside_the_repository(wheel, tmp_path):
    site = tmp_path / 'site'
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    done = subprocess.run(
        [
            sys.executable,
            '-c',
            'from mmboxcaseg.registry import MODELS\n'
            'import mmboxcaseg\n'
            'print(mmboxcaseg.__file__, MODELS.get("BoxCaseg").__name__)',
        ],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(site)),
        check=True,
        capture_output=True,
        text=True,
    )
    path, name = done.stdout.split()
    assert path == str(site / 'mmboxcaseg' / '__init__.py')
    assert name == 'BoxCaseg'


def test_sdist_can_be_installed_from(source, tmp_path):
    sdist = build(source, 'sdist', tmp_path)
    with tarfile.open(sdist) as archive:
        names = {name.split('/', 1)[-1] for name in archive.getnames()}
    assert set(INSTALLED) <= names
    assert 'configs/boxcaseg/hrnet_w48_voc.py' in names
    assert 'tools/train.py' in names
    assert 'requirements/runtime.txt' in names
    assert not any('.mim' in name for name in names)


def test_editable_install_links(source, tmp_path):
    build(source, 'editable', tmp_path)
    base = source / 'mmboxcaseg' / '.mim'
    for entry in ('configs', 'tools', 'model-index.yml'):
        assert (base / entry).is_symlink()
        assert (base / entry).resolve() == (source / entry).resolve()


def bash(code, cwd, **env):
    clean = {
        key: value
        for key, value in os.environ.items()
        if key not in ('VIRTUAL_ENV', 'CONDA_PREFIX', 'CONDA_DEFAULT_ENV')
    }
    return subprocess.run(
        ['bash', '-c', code],
        cwd=cwd,
        env=dict(clean, **env),
        capture_output=True,
        text=True,
    )


def test_which_environment_is_used(repo_root, tmp_path):
    (tmp_path / 'tools').mkdir()
    shutil.copy(repo_root / 'tools/active_env.sh', tmp_path / 'tools')
    code = 'source tools/active_env.sh; find_env; echo $? $python'

    def found(**env):
        return bash(code, tmp_path, **env).stdout.strip()

    assert found() == '1 python'
    for name in ('.venv', 'venv', 'conda'):
        python = tmp_path / name / 'bin' / 'python'
        python.parent.mkdir(parents=True)
        python.touch(mode=0o755)
    assert found() == f'0 {tmp_path}/.venv/bin/python'
    venv = dict(VIRTUAL_ENV=f'{tmp_path}/venv')
    conda = dict(CONDA_PREFIX=f'{tmp_path}/conda')
    assert found(**venv) == f'0 {tmp_path}/venv/bin/python'
    assert found(**conda) == f'0 {tmp_path}/.venv/bin/python'
    assert found(**conda, CONDA_DEFAULT_ENV='base') == f'0 {tmp_path}/.venv/bin/python'
    assert found(**conda, CONDA_DEFAULT_ENV='other') == f'0 {tmp_path}/conda/bin/python'
    assert (
        found(**venv, **conda, CONDA_DEFAULT_ENV='other')
        == f'0 {tmp_path}/venv/bin/python'
    )


def test_scripts_are_bash(repo_root):
    scripts = [*(repo_root / 'tools').glob('*.sh'), repo_root / '.ci' / 'run']
    assert len(scripts) > 7
    for script in scripts:
        done = bash(f'bash -n {script}', repo_root)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    'name', ['dist_train', 'dist_test', 'slurm_train', 'slurm_test']
)
def test_launch_scripts_say_how_to_use_them(repo_root, name):
    done = bash(f'bash tools/{name}.sh config.py', repo_root)
    assert done.returncode == 2
    assert f'usage: tools/{name}.sh' in done.stderr


def test_set_up_needs_a_python(repo_root, tmp_path):
    """Without an environment and an interpreter it says so, and stops."""
    shutil.copytree(repo_root / 'tools', tmp_path / 'tools')
    done = bash('bash tools/setup_env.sh', tmp_path, PYTHON='python-that-is-not-there')
    assert done.returncode == 1
    assert 'python-that-is-not-there not found' in done.stderr
    assert not (tmp_path / '.venv').exists()


def test_set_up_says_how_to_use_it(repo_root):
    done = bash('bash tools/setup_env.sh --predictt', repo_root)
    assert done.returncode == 2
    assert done.stderr == 'usage: tools/setup_env.sh [--predict]\n'


@pytest.mark.parametrize('predict', ['', '--predict'])
def test_which_set_up_is_made(repo_root, tmp_path, predict):
    """With a Python that says what it is called with."""
    for entry in ('tools', 'requirements', 'mmboxcaseg/version.py'):
        target = tmp_path / entry
        target.parent.mkdir(exist_ok=True)
        copy = shutil.copytree if (repo_root / entry).is_dir() else shutil.copy
        copy(repo_root / entry, target)
    for name in ('setup.py', 'setup.cfg', 'pyproject.toml'):
        shutil.copy(repo_root / name, tmp_path)
    python = tmp_path / '.venv/bin/python'
    python.parent.mkdir(parents=True)
    python.write_text(
        '#!/bin/sh\n'
        'case "$*" in *hashlib*) cat >/dev/null; echo digest; exit;; esac\n'
        'case "$*" in *" show "*) exit 1;; esac\n'
        f'echo "$*" >>{tmp_path}/calls\n'
    )
    python.chmod(0o755)
    done = bash(f'bash tools/setup_env.sh {predict}', tmp_path)
    assert done.returncode == 0, done.stderr
    calls = (tmp_path / 'calls').read_text()
    assert ('onedl-mmcv' in calls) == ('mminstall' in calls) == (not predict)
    assert 'install -q' in calls and '-e .' in calls
    # A second time nothing is done; a whole set-up makes masks too.
    for again in {predict, '--predict'}:
        (tmp_path / 'calls').unlink()
        done = bash(f'bash tools/setup_env.sh {again}', tmp_path)
        assert 'is up to date' in done.stdout
        assert 'install' not in (tmp_path / 'calls').read_text()


def test_slurm_gets_resources_and_arguments(repo_root, tmp_path):
    srun = tmp_path / 'srun'
    srun.write_text('#!/bin/sh\nfor word; do echo "$word"; done\n')
    srun.chmod(0o755)
    done = bash(
        'bash tools/slurm_train.sh part job c.py work --cfg-options a="x y"',
        repo_root,
        PATH=f'{tmp_path}{os.pathsep}{os.environ["PATH"]}',
        GPUS='4',
        GPUS_PER_NODE='2',
        SRUN_ARGS='--time=1 --qos=low',
    )
    assert done.returncode == 0, done.stderr
    words = done.stdout.splitlines()
    place = words.index('-u')
    assert words[: place - 1] == [
        '--partition=part',
        '--job-name=job',
        '--gres=gpu:2',
        '--ntasks=4',
        '--ntasks-per-node=2',
        '--cpus-per-task=5',
        '--kill-on-bad-exit=1',
        '--time=1',
        '--qos=low',
    ]
    assert words[place + 1 :] == [
        str(repo_root / 'tools/train.py'),
        'c.py',
        '--work-dir=work',
        '--cfg-options',
        'a=x y',
        '--launcher',
        'slurm',
    ]
