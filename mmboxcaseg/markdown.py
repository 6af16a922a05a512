"""Writing Markdown tables."""

from collections.abc import Sequence

# A cell is a text, a count, a number (None if there is none), or a mean with
# its spread over several runs.
Number = float | None
Cell = str | int | Number | tuple[Number, Number]


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], padded: bool = False
) -> str:
    """Format rows as a Markdown table.

    Args:
        header (Sequence[str]): Titles of the C columns.
        rows (Sequence[Sequence[Cell]]): Rows of C cells, which
            :func:`to_text` formats. Columns of numbers are aligned right, the
            others left.
        padded (bool): Whether the cells of a column are padded to the same
            width, so that the source is easy to read. Defaults to False.

    Returns:
        str: The table, without a newline at the end.

    Example:
        >>> print(markdown_table(['run', 'IoU'], [['a', 75.0], ['b', None]]))
        | run | IoU |
        | --- | ---: |
        | a | 75.0 |
        | b | - |
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
    """Format a cell of a Markdown table.

    Args:
        cell (Cell): Text, count, number, or mean and spread.

    Returns:
        str: Floats have one decimal, None is ``-``. Texts are put on one line
        and their pipes escaped.

    Example:
        >>> to_text(75.04), to_text((75.0, 0.25)), to_text(None)
        ('75.0', '75.0 ± 0.2', '-')
    """
    if isinstance(cell, tuple):
        mean, spread = cell
        return to_text(mean) + ('' if spread is None else f' ± {spread:.1f}')
    if cell is None:
        return '-'
    if isinstance(cell, str):
        # Line breaks and pipes would break the table.
        return ' '.join(cell.splitlines()).replace('|', r'\|')
    return f'{cell:.1f}' if isinstance(cell, float) else str(cell)
