"""Run a table of the paper's ablations, and print it beside the paper's.

Rows whose results are in the work folder are not run again, and a training
that was stopped goes on from its last checkpoint: run the same command again.

Tables 3 to 6 vary BoxCaseg, 7 and 8 the proxy masks that Mask R-CNN is
trained on:

  3  number of salient images           VOC
  4  segmentation heads                 VOC
  5  ratio of box to salient patches    COCO
  6  share of the salient head, alpha   VOC
  7  merging and dropping               VOC and COCO
  8  threshold of agreement             COCO

The rows' configs are in configs/boxcaseg/ablations/ and
configs/proxy_mask_rcnn/ablations/; with --mini the same settings are put on
the configs of the mini data (docs/mini_benchmark.md).

Example:
    python tools/analysis_tools/run_ablation.py 4 --gpus 2
    python tools/analysis_tools/run_ablation.py 6 --mini --dry-run
"""
import argparse
import os.path as osp
import sys
from typing import Dict, List, Optional

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))
from ablation import cli, execute, plan, report, setups, tables  # noqa: E402


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line; imports nothing heavy."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'table', type=int, choices=sorted(tables.TABLES), help='its number')
    parser.add_argument(
        '--mini',
        action='store_true',
        help='on the mini data instead of VOC or COCO; all rows of tables '
        '3, 7 and 8 then share one detector and train its mask head only')
    parser.add_argument(
        '--rows',
        nargs='+',
        metavar='ROW',
        help='only these rows, by the names in the first column')
    parser.add_argument(
        '--retrain',
        action=argparse.BooleanOptionalAction,
        help='train the rows of tables 4 and 6 on their own, or take them '
        "from the full model's checkpoint (default: table 4 trains, as the "
        'paper did; table 6 does not)')
    parser.add_argument(
        '--checkpoint',
        metavar='FILE',
        help='BoxCaseg trained by the base config; trained if not given')
    parser.add_argument(
        '--detector',
        metavar='FILE',
        help='with --mini: the detector that all rows share; trained if not '
        'given')
    parser.add_argument(
        '--seed', type=int, default=0, help='of every training (default: 0)')
    parser.add_argument(
        '--out',
        metavar='FILE',
        help='Markdown file to write the table to as well, and the numbers to '
        'the same name with .json (default: table<N>.md in the work folder '
        'of the data)')
    cli.add_options(parser, osp.join('work_dirs', 'ablations'))
    args = parser.parse_args(argv)
    _check(parser, args)
    return args


def _check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """End the program if options don't go together."""
    table = tables.TABLES[args.table]
    names = [row.name for row in chosen_rows(table, args.mini, None)]
    unknown = [name for name in args.rows or () if name not in names]
    if unknown:
        parser.error(f'--rows: table {table.number} '
                     f'{"on the mini data " if args.mini else ""}has the '
                     f'rows {names}, not {unknown}')
    if args.retrain is not None and table.retrain is None:
        parser.error('--retrain and --no-retrain are for tables 4 and 6; '
                     f'table {table.number} leaves no choice')
    data = {row.data for row in table.rows if row.name in (args.rows or names)}
    given = [
        name for name in ('checkpoint', 'stage1', 'stage3')
        if getattr(args, name)
    ]
    if given and len(data) > 1 and not args.mini:
        parser.error(f'--{given[0]} is for one data set; choose the rows of '
                     'one by --rows')
    if args.detector and not args.mini:
        parser.error('--detector is for --mini; otherwise every row trains a '
                     'Mask R-CNN of its own')
    if args.gpus < 1:
        parser.error(f'--gpus must be at least 1, got {args.gpus}')
    cli.check_options(parser, args,
                      ['checkpoint', 'detector', 'stage1', 'stage3'])


def chosen_rows(table: tables.Table, mini: bool,
                names: Optional[List[str]]) -> List[tables.Row]:
    """The rows of a table to run.

    Args:
        table (Table): The table.
        mini (bool): Whether it is run on the mini data.
        names (list[str], optional): Names of the rows; None for all.

    Returns:
        list[Row]: In the order of the table.
    """
    return [
        row for row in table.rows
        if (row.mini or not mini) and (names is None or row.name in names)
    ]


def make_plan(args: argparse.Namespace) -> List[plan.PlannedRow]:
    """Plan the rows that are asked for.

    Args:
        args (argparse.Namespace): The options.

    Returns:
        list[PlannedRow]: In the order of the table.
    """
    table = tables.TABLES[args.table]
    by_data: Dict[str, List[tables.Row]] = {}
    for row in chosen_rows(table, args.mini, args.rows):
        by_data.setdefault('mini' if args.mini else row.data, []).append(row)
    planned = []
    for data, rows in by_data.items():
        folder = osp.join(args.work_dir, data)
        setup = setups.make_setup(data, table, rows, folder, args)
        if not args.dry_run:
            execute.check_bases(folder, setup)
            setups.check_given_lists(setup, rows)
        planned += [
            plan.plan_row(table, row, setup, folder, args.retrain)
            for row in rows
        ]
    return planned


def main(argv: Optional[List[str]] = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    table = tables.TABLES[args.table]
    with cli.errors_of('run_ablation'):
        planned = make_plan(args)
        if args.dry_run:
            cli.print_left(planned, args)
            return
        execute.run_rows(planned, args.work_dir, args.gpus)
    rows = report.collect(table, planned)
    notes = [*report.trends(table, rows), report.box_line(table, planned)]
    text = '\n\n'.join([
        report.caption(table, planned),
        report.to_markdown(table, rows), '\n'.join(notes)
    ]).strip()
    out = args.out or osp.join(args.work_dir, 'mini' if args.mini else 'full',
                               f'table{table.number}.md')
    cli.write(out, text, rows)


if __name__ == '__main__':
    main()
