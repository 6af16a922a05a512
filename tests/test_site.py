"""The site of docs/ builds without a warning and holds what it should."""

import os
import re
import subprocess
import sys
from html import unescape
from importlib.util import find_spec

import pytest

from mmboxcaseg import apis
from mmboxcaseg.cli.main import COMMANDS, parser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec('sphinx') is None or find_spec('furo') is None,
        reason='pip install -r requirements/docs.txt',
    ),
]


@pytest.fixture(scope='module')
def site(repo_root, tmp_path_factory):
    """Folder of the built site."""
    folder = tmp_path_factory.mktemp('site')
    command = [sys.executable, '-m', 'sphinx', '-q', '-W', '--keep-going']
    # No repository is known: as where a person builds it.
    environ = {
        key: value for key, value in os.environ.items() if 'READTHEDOCS' not in key
    }
    done = subprocess.run(
        [*command, '-b', 'html', '-d', str(folder / 'doctrees'), 'docs', str(folder)],
        cwd=repo_root,
        env=dict(environ, PYTHONPATH=str(repo_root)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def text_of(path):
    return unescape(re.sub(r'<[^>]+>', '', path.read_text()))


def test_every_option_of_every_command_is_there(site):
    text = text_of(site / 'commands.html')
    commands = parser()._subparsers._group_actions[0].choices
    assert set(commands) == set(COMMANDS)
    for name, command in commands.items():
        assert f'boxcaseg {name}' in text
        for option in command._option_string_actions:
            # Started by torch, not by people.
            hidden = option.startswith('--local')
            assert hidden or option in text, f'{name} {option}'


def test_every_public_name_is_there(site):
    page = (site / 'api/apis.html').read_text()
    for name in apis.__all__:
        assert f'id="mmboxcaseg.apis.{name}"' in page, name


def test_no_link_leaves_the_site_for_a_file(site):
    for page in site.rglob('*.html'):
        for target in re.findall(r'href="([^"#]+)', page.read_text()):
            file = target.partition('?')[0]
            if '://' not in target and not target.startswith('mailto:'):
                assert (page.parent / file).exists(), f'{page.name}: {target}'
