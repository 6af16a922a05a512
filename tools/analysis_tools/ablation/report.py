"""From the metrics of a table's rows to a Markdown table beside the paper's
numbers."""
import json
import os.path as osp
from typing import Any, Dict, List, Optional, Sequence

from .plan import PlannedRow
from .tables import BOXCASEG, MASK_RCNN, PROXY, Column, Table


def _proxy_metric(summary: dict, key: str, thr: float) -> Optional[float]:
    """A number of the proxy masks kept or dropped by a threshold.

    Args:
        summary (dict): JSON of ``eval_masks.py``.
        key (str): ``'dropped'``, the percentage of masks dropped, or a
            metric of those that are kept.
        thr (float): The threshold, in [0, 1].

    Returns:
        float or None: In percent; None if that threshold wasn't scored.
    """
    rows = {row['name']: row for row in summary['rows']}
    if key == 'dropped':
        row = rows.get(f'agreement < {thr:g} (dropped)')
        return 0.0 if thr == 0 else row and row['share']
    row = rows['masks'] if thr == 0 else rows.get(
        f'agreement >= {thr:g} (kept)')
    return row and row[key]


def value_of(column: Column, planned: PlannedRow) -> Optional[float]:
    """The number of a finished row in a column.

    Args:
        column (Column): The column.
        planned (PlannedRow): The row.

    Returns:
        float or None: In percent; None where there is none.

    Raises:
        KeyError: If the file of metrics lacks it.
    """
    path = planned.files[column.source]
    with open(path, encoding='utf-8') as file:
        metrics = json.load(file)
    if column.source == PROXY:
        return _proxy_metric(metrics, column.key, planned.agreement_thr)
    key = column.key
    if column.coco_key and planned.row.data == 'coco':
        key = column.coco_key
    if key not in metrics:
        raise KeyError(f'{path} has no {key!r}, only {sorted(metrics)}')
    # mmdet's CocoMetric gives shares.
    return metrics[key] * (100 if key.startswith('coco/') else 1)


def collect(table: Table, planned: Sequence[PlannedRow]) -> List[dict]:
    """The numbers of finished rows.

    Args:
        table (Table): Their table.
        planned (Sequence[PlannedRow]): The rows.

    Returns:
        list[dict]: For each row ``row`` (its name), ``data`` (of the paper's
        row), ``from``, ``files`` (metrics by source), and ``ours`` and
        ``paper``, numbers in percent or None by the columns' titles.
    """
    return [
        dict({
            'row': one.row.name,
            'data': one.row.data,
            'from': one.origin,
            'files': one.files,
            'ours': {
                column.title: value_of(column, one)
                for column in table.columns
            },
            'paper': {
                column.title: number
                for column, number in zip(table.columns, one.row.paper)
            }
        }) for one in planned
    ]


def _cell(value: Optional[float]) -> str:
    return '-' if value is None else f'{value:.1f}'


def to_markdown(table: Table, rows: Sequence[Dict[str, Any]]) -> str:
    """A Markdown table of ours and the paper's numbers.

    Args:
        table (Table): The table.
        rows (Sequence[dict]): Of :func:`collect`.

    Returns:
        str: The table, without a newline at the end.
    """
    in_paper = {
        column.title: any(row['paper'][column.title] is not None
                          for row in rows)
        for column in table.columns
    }
    head, rule = [table.head], ['---']
    for title, shown in in_paper.items():
        head += [title, 'paper'] if shown else [title]
        rule += ['---:', '---:'] if shown else ['---:']
    lines = [[*head, 'from'], [*rule, '---']]
    for row in rows:
        cells = [row['row']]
        for title, shown in in_paper.items():
            cells.append(_cell(row['ours'][title]))
            if shown:
                cells.append(_cell(row['paper'][title]))
        lines.append([*cells, row['from']])
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def trends(table: Table, rows: Sequence[Dict[str, Any]]) -> List[str]:
    """How far the order of the rows agrees with the paper's.

    Args:
        table (Table): The table.
        rows (Sequence[dict]): Of :func:`collect`.

    Returns:
        list[str]: A line for each data set and column with three or more
        numbers of both: the best rows of either, and Spearman's rank
        correlation.
    """
    lines = []
    for data in dict.fromkeys(row['data'] for row in rows):
        for column in table.columns:
            pairs = [(row['row'], row['ours'][column.title],
                      row['paper'][column.title]) for row in rows
                     if row['data'] == data]
            pairs = [pair for pair in pairs if None not in pair]
            if len(pairs) >= 3 and column.key != 'dropped':
                lines.append(f'- {column.title}: {_trend(*zip(*pairs))}.')
    return lines


def _trend(names: Sequence[str], ours: Sequence[float],
           paper: Sequence[float]) -> str:
    """The best rows of two columns, and how alike their orders are."""
    from scipy.stats import spearmanr
    best = [
        ' and '.join(name for name, value in zip(names, values)
                     if value == max(values)) for values in (ours, paper)
    ]
    text = f'best is {best[0]}, in the paper {best[1]}'
    if len(set(ours)) > 1 and len(set(paper)) > 1:
        text += ("; rank correlation of the rows with the paper's "
                 f'{float(spearmanr(ours, paper)[0]):.2f}')
    return text


def box_line(table: Table, planned: Sequence[PlannedRow]) -> str:
    """What the filled boxes themselves score, which masks should beat.

    Args:
        table (Table): The table.
        planned (Sequence[PlannedRow]): Finished rows.

    Returns:
        str: A line, empty for a table without masks of given boxes.
    """
    parts = []
    for column in table.columns:
        if column.source == BOXCASEG:
            with open(planned[0].files[BOXCASEG], encoding='utf-8') as file:
                parts.append(f'{column.title} '
                             f'{json.load(file)["box_" + column.key]:.1f}')
    return f'- The filled box itself: {", ".join(parts)}.' if parts else ''


def caption(table: Table, planned: Sequence[PlannedRow]) -> str:
    """A line that says what was run.

    Args:
        table (Table): The table.
        planned (Sequence[PlannedRow]): The rows.

    Returns:
        str: The table's number and title, the base configs, the last
        checkpoints, which tell the schedule, and the options.
    """
    parts = []
    for setup in {one.setup.name: one.setup for one in planned}.values():
        given = osp.basename(setup.checkpoint or '')
        parts.append(f'`{osp.basename(setup.stage1)}` to {setup.stage1_last}' +
                     (f' (full model: {given})' if given else ''))
        parts += [f'`{option}`' for option in setup.stage1_options]
        if table.uses(MASK_RCNN):
            parts.append(
                f'`{osp.basename(setup.stage3)}` to {setup.stage3_last}')
            parts += [f'`{option}`' for option in setup.stage3_options]
    if planned[0].setup.seed is not None:
        parts.append(f'seed {planned[0].setup.seed}')
    return (f'Table {table.number}, {table.title}, in percent: ' +
            ', '.join(parts))
