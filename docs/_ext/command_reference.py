"""The directive ``boxcaseg-commands``: all subcommands, from argparse."""

import argparse

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class BoxcasegCommands(SphinxDirective):
    """A section for each subcommand: usage, arguments and options."""

    def run(self) -> list[nodes.Node]:
        """Make the sections."""
        return [self.section(*one) for one in subcommands().items()]

    def section(self, name: str, parser: argparse.ArgumentParser) -> nodes.section:
        """The section of a subcommand."""
        title = f'boxcaseg {name}'
        section = nodes.section('', nodes.title(text=title), names=[title])
        self.state.document.note_implicit_target(section, section)
        usage = nodes.literal_block(text=parser.format_usage().strip())
        usage['language'] = 'text'
        section += [paragraph(parser.description), usage]
        for group in parser._action_groups:
            if group._group_actions:
                section += [nodes.rubric(text=group.title), arguments(parser, group)]
        if parser.epilog:
            section += paragraph(parser.epilog)
        return section


def subcommands() -> dict[str, argparse.ArgumentParser]:
    """The parser of each subcommand of ``boxcaseg``."""
    from mmboxcaseg.cli.main import parser

    (commands,) = parser()._subparsers._group_actions
    return commands.choices


def paragraph(text: str) -> nodes.paragraph:
    """A paragraph of plain text."""
    return nodes.paragraph(text=' '.join(text.split()))


def arguments(
    parser: argparse.ArgumentParser, group: argparse._ArgumentGroup
) -> nodes.definition_list:
    """A definition for each argument of a group that help shows."""
    formatter = parser._get_formatter()
    found = nodes.definition_list()
    for action in group._group_actions:
        if action.help == argparse.SUPPRESS:
            continue
        name = formatter._format_action_invocation(action)
        term = nodes.term('', '', nodes.literal(text=name))
        told = paragraph(formatter._expand_help(action) if action.help else '')
        found += nodes.definition_list_item('', term, nodes.definition('', told))
    return found


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive('boxcaseg-commands', BoxcasegCommands)
    return {'parallel_read_safe': True}
