"""Train and compare variants of BoxCaseg on the mini data, with spread.

Every variant is trained with every seed under one budget, makes masks for the
true boxes of val2017 and merged proxy masks of train2017, and is scored
against the true masks; with --detector a Mask R-CNN's mask head is trained on
the proxy masks as well. What has been done in the work folder is not done
again, and a training that was stopped goes on: run the same command again.

A variant is one of

  box, grabcut, truth   masks without a training, by baseline_masks.py
  paper                 the base config as it is
  NAME, NAME+NAME ...   with the keys of configs/boxcaseg/mini/ablations/
                        mobilenetv2_coco-mini_NAME.py, or of the paper's own
                        ablations, as in object-crops+ema or heads-weak

docs/mini_benchmark.md says where the data and the weights come from.

Example:
    python tools/analysis_tools/mini_benchmark.py \
        --variants box grabcut heads-weak paper object-crops \
        object-crops+oracle --seeds 0 1 2 --max-iters 800
"""
import argparse
import os.path as osp
import sys
from typing import Dict, List, Optional

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))
from ablation import spread  # noqa: E402
from ablation import tables  # noqa: E402
from ablation import cli, execute, goals, mini, setups  # noqa: E402
from ablation.plan import PlannedRow  # noqa: E402


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line; imports nothing heavy."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--variants',
        nargs='+',
        default=[
            'box', 'grabcut', 'box-only', 'salient-only', 'paper',
            'object-crops', 'object-crops+oracle'
        ],
        metavar='NAME',
        help='what to compare (default: %(default)s)')
    parser.add_argument(
        '--seeds',
        nargs='+',
        type=int,
        default=[0],
        help='of the trainings (default: 0)')
    parser.add_argument(
        '--max-iters',
        type=int,
        metavar='N',
        help="iterations of BoxCaseg (default: the base config's)")
    parser.add_argument(
        '--detector',
        metavar='FILE',
        help='checkpoint of a Mask R-CNN; its mask head is trained on the '
        'masks of each variant, and the mask AP is given (default: not)')
    parser.add_argument(
        '--out',
        metavar='FILE',
        help='Markdown file to write the table to, and the numbers to the '
        'same name with .json (default: table.md in the work folder)')
    parser.add_argument(
        '--pictures',
        metavar='FILE',
        help='PNG file for pictures of eight instances of val2017 in every '
        'variant')
    cli.add_options(parser, osp.join('work_dirs', 'mini_benchmark'))
    args = parser.parse_args(argv)
    cli.check_options(parser, args, ['detector', 'stage1', 'stage3'])
    for name in ('variants', 'seeds'):
        values = getattr(args, name)
        if len(set(values)) < len(values):
            parser.error(f'--{name}: a value occurs twice')
    if args.gpus < 1 or (args.max_iters or 1) < 1:
        parser.error('--gpus and --max-iters must be at least 1')
    if args.max_iters:
        args.stage1_options += [
            f'train_cfg.max_iters={args.max_iters}',
            f'param_scheduler.end={args.max_iters}'
        ]
    # What the setup of an ablation asks for besides.
    args.checkpoint, args.seed = None, None
    return args


def make_planner(args: argparse.Namespace) -> mini.Planner:
    """Read the base configs.

    Args:
        args (argparse.Namespace): The options.

    Returns:
        Planner: It plans the variants.

    Raises:
        ValueError: If the work folder is that of other base configs.
    """
    # Table 8 is one that trains detectors on proxy masks.
    table = tables.TABLES[8 if args.detector else 4]
    setup = setups.make_setup('mini', table, [], args.work_dir, args)
    if not args.dry_run:
        execute.check_bases(args.work_dir, setup)
    return mini.Planner(setup, args.work_dir, bool(args.detector))


def write_table(args: argparse.Namespace,
                planned: Dict[str, List[PlannedRow]]) -> None:
    """Write the table and the numbers, and print the table."""
    runs = {
        variant: [spread.read_scores(row) for row in rows]
        for variant, rows in planned.items()
    }
    rows = spread.summarize(runs)
    oracle = goals.find_oracle(rows)
    lines = [spread.to_markdown(rows), *map(str, goals.check(rows))]
    if oracle:
        lines += [
            f'{name}: {value:.1f} % of the {title} of {oracle}'
            for name, title, value in spread.ratios(rows, oracle)
            if name not in mini.BASELINES
        ]
    text = '\n\n'.join([lines[0],
                        '\n'.join(f'- {one}' for one in lines[1:])]).strip()
    out = args.out or osp.join(args.work_dir, 'table.md')
    cli.write(
        out, text,
        dict(
            settings=dict(
                seeds=args.seeds,
                stage1_options=args.stage1_options,
                stage3_options=args.stage3_options),
            rows=rows,
            runs=runs))


def main(argv: Optional[List[str]] = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    with cli.errors_of('mini_benchmark'):
        planner = make_planner(args)
        planned = {
            variant: [planner.plan(variant, seed) for seed in args.seeds]
            for variant in args.variants
        }
        rows = [row for of_variant in planned.values() for row in of_variant]
        if args.dry_run:
            cli.print_left(rows, args)
            return
        execute.run_rows(rows, args.work_dir, args.gpus)
    write_table(args, planned)
    if args.pictures:
        from ablation import variant_pictures
        variant_pictures.draw(args.variants, planner, args.seeds[0],
                              args.pictures)
        print(f'saved {args.pictures}')


if __name__ == '__main__':
    main()
