"""Pages of the docs, and the commands and examples in them."""

import re
import shlex
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [
    'README.md',
    'CONTRIBUTING.md',
    'demo/README.md',
    *sorted(
        path.relative_to(ROOT).as_posix()
        for pattern in ('docs/**/*.md', 'configs/*/README.md')
        for path in ROOT.glob(pattern)
        if '_build' not in path.parts
    ),
]


def blocks(page: str, language: str) -> list[str]:
    """Code blocks of a page, also those in lists."""
    text = (ROOT / page).read_text()
    found = re.findall(rf'^ *```{language}\n(.*?)^ *```$', text, flags=re.M | re.S)
    return [textwrap.dedent(block) for block in found]


def shell_lines(text: str) -> list[list[str]]:
    """Commands of a block as lists of words.

    Variables that a line of the block sets are put in.
    """
    variables: dict[str, str] = {}
    commands = []
    for line in text.replace('\\\n', ' ').splitlines():
        for name, value in variables.items():
            line = re.sub(rf'\${name}\b', lambda _, to=value: to, line)
        words = shlex.split(line, comments=True)
        if len(words) == 1 and re.match(r'\w+=', words[0]):
            name, _, value = words[0].partition('=')
            variables[name] = value
        elif words:
            commands.append(words)
    return commands


def commands(page: str) -> list[list[str]]:
    """All commands of a page's blocks."""
    return [words for block in blocks(page, 'bash') for words in shell_lines(block)]


def of_boxcaseg(words: list[str]) -> list[str] | None:
    """The arguments of ``boxcaseg``, None for another command."""
    if words[0] == 'boxcaseg':
        return words[1:]
    if 'mmboxcaseg.cli' in words:
        return words[words.index('mmboxcaseg.cli') + 1 :]
    return None
