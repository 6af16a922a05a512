"""The one writer of Markdown tables."""

from collections.abc import Sequence

# A text, a count, a number, or a mean with its spread over several runs.
Number = float | None
Cell = str | int | Number | tuple[Number, Number]


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], padded: bool = False
) -> str:
    """A Markdown table.

    Args:
        header (Sequence[str]): Titles of the C columns.
        rows (Sequence[Sequence[Cell]]): C cells each. Texts are at the left
            of their column, numbers at the right.
        padded (bool): Whether all cells of a column get the same width, to
            be read as plain text. Defaults to False.

    Returns:
        str: The table, without a newline at the end.
    """
    lines = [list(header), *([to_text(cell) for cell in row] for row in rows)]
    columns = range(len(header))
    right = [not any(isinstance(row[c], str) for row in rows) for c in columns]
    widths = [
        max(5, *(len(line[c]) for line in lines)) if padded else 0 for c in columns
    ]
    rule = [
        '-' * max(width - side, 3) + ':' * side for width, side in zip(widths, right)
    ]
    lines = [
        [
            text.rjust(width) if side else text.ljust(width)
            for text, width, side in zip(line, widths, right)
        ]
        for line in lines
    ]
    lines.insert(1, rule)
    return '\n'.join(
        '|' + ''.join(f' {text} |' if text else ' |' for text in line) for line in lines
    )


def to_text(cell: Cell) -> str:
    """A cell: numbers with a digit behind the point, ``-`` for None."""
    if isinstance(cell, tuple):
        mean, spread = cell
        return to_text(mean) + ('' if spread is None else f' ± {spread:.1f}')
    if cell is None:
        return '-'
    if isinstance(cell, str):
        # What would break the table.
        return ' '.join(cell.splitlines()).replace('|', r'\|')
    return f'{cell:.1f}' if isinstance(cell, float) else str(cell)
