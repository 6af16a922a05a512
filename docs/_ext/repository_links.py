"""Links of a page to files of the repository that are no pages.

On GitHub ``[x](../configs/a.py)`` opens the file. On the site it leads to the
file in the repository if its address is known, and else the text stays
without a link.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

LINK = re.compile(r'(?<!!)\[([^\]]+)\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)')


def point_to_repository(app: Sphinx, docname: str, source: list[str]) -> None:
    """Rewrite the links of a page.

    Args:
        app (Sphinx): The site.
        docname (str): Name of the page.
        source (list[str]): Its text, which is replaced.
    """
    folder = (Path(app.srcdir) / docname).parent
    root = Path(app.srcdir).parent
    url = app.config.repository_url

    def replaced(match: re.Match) -> str:
        text, path, anchor = match.groups()
        target = (folder / path).resolve()
        if Path(app.srcdir) in target.parents or not url:
            return match.group() if Path(app.srcdir) in target.parents else text
        return f'[{text}]({url}/blob/main/{target.relative_to(root)}{anchor or ""})'

    source[0] = LINK.sub(replaced, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_config_value('repository_url', '', 'env')
    app.connect('source-read', point_to_repository)
    return {'parallel_read_safe': True}
