"""The site: ``python -m sphinx -W -b html docs docs/_build``."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE / '_ext')]

# Usage lines of commands are as wide as code blocks.
os.environ['COLUMNS'] = '80'

from mmcv.transforms.utils import cache_randomness  # noqa: E402

from mmboxcaseg.version import __version__  # noqa: E402

# mmcv's decorator fails when a method is looked up on its class, as autodoc does.
get_of_instance = cache_randomness.__get__
cache_randomness.__get__ = lambda self, instance, owner: (
    self if instance is None else get_of_instance(self, instance, owner)
)

project = 'mmboxcaseg'
copyright = 'the mmboxcaseg contributors'
version = release = __version__

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.napoleon',
    'sphinx.ext.viewcode',
    'command_reference',
    'repository_links',
]
exclude_patterns = ['_build', 'data']
# Two hyphens are an option, not a dash.
smartquotes = False
html_theme = 'furo'
html_title = f'mmboxcaseg {version}'

myst_enable_extensions = ['colon_fence', 'dollarmath']
# Links to headings, as GitHub has them.
myst_heading_anchors = 4

autodoc_member_order = 'bysource'
autodoc_typehints = 'none'
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

# Where the files of the repository can be looked at; Read the Docs knows it.
repository_url = os.environ.get('READTHEDOCS_GIT_CLONE_URL', '').removesuffix('.git')
