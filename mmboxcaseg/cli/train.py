"""``boxcaseg train``: a model of one's own from one's own boxes."""

import argparse
import sys

from .common import add_ann_argument, options_of

HELP = 'trains the model further on your boxes, and says if it got better'
STOPPED = '; run the same command to go on'
EPILOG = (
    'Killed? Run the same command. Then: boxcaseg masks boxes.json photos/ '
    '-o masks.json --model DIR. Exit status: 0 done, 1 an error, 2 a wrong '
    'command line.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    add_ann_argument(parser, 'ann')
    parser.add_argument('img_dir', help='folder of the photos')
    parser.add_argument('--out', required=True, metavar='DIR', help='folder to write')
    data = parser.add_argument_group('data')
    data.add_argument(
        '--salient',
        metavar='DIR',
        help='folder with a folder of salient images and one of their masks, '
        'such as DUTS-TR; without it the head that learns from masks keeps what '
        'it knows',
    )
    data.add_argument(
        '--keep-masks',
        action='store_true',
        help='masks that boxes were given teach too; without it those only '
        'that boxcaseg masks has marked as kept',
    )
    data.add_argument(
        '--ann-format',
        choices=('coco', 'voc', 'yolo'),
        help='format of the boxes; default: found out',
    )
    data.add_argument(
        '--classes',
        metavar='FILE',
        help="names of YOLO's classes; default: classes.txt or data.yaml "
        'beside or above the boxes',
    )
    data.add_argument(
        '--categories',
        nargs='+',
        metavar='NAME',
        help='only boxes of these categories, by name or id',
    )
    model = parser.add_argument_group('model')
    model.add_argument(
        '--from',
        dest='start',
        metavar='MODEL',
        help='what to start from: DIR of an earlier boxcaseg train, or a '
        'checkpoint of the same size; default: the model of the package',
    )
    model.add_argument(
        '--size',
        choices=('small', 'hrnet'),
        default='small',
        help='small: the size of the model of the package; hrnet: '
        'HRNetV2-W48, from ImageNet weights, for a GPU; default: %(default)s',
    )
    add_budget_options(parser.add_argument_group('run'))


def add_budget_options(group: argparse._ArgumentGroup) -> None:
    """Add the options of commands that train.

    Args:
        group (argparse._ArgumentGroup): Group to add to.
    """
    budget = group.add_mutually_exclusive_group()
    budget.add_argument(
        '--minutes',
        type=float,
        metavar='N',
        help='as many iterations as fit, by the speed of the first ones',
    )
    budget.add_argument(
        '--iters', type=int, metavar='N', help="iterations; default: the recipe's"
    )
    group.add_argument(
        '--num-workers', type=int, metavar='N', help='processes that read photos'
    )
    group.add_argument(
        '--device', choices=('cpu', 'cuda'), help='default: a GPU if there is one'
    )
    group.add_argument(
        '--cfg-options',
        nargs='+',
        metavar='KEY=VALUE',
        default=[],
        help="settings that replace the recipe's, such as "
        'optim_wrapper.optimizer.lr=0.004',
    )
    group.add_argument('--verbose', action='store_true', help='print the log as well')


def run(args: argparse.Namespace) -> int:
    """Train.

    Args:
        args (argparse.Namespace): The arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.own_model import TrainOptions, train

    options = options_of(args, TrainOptions)
    # For whoever tells an error.
    args.log_dir = args.out
    verdict = train(options)
    print(verdict.summary(), file=sys.stderr)
    print(
        f'{args.out}/before_after.png shows it. Next:\n'
        f'  boxcaseg masks {args.ann} {args.img_dir} -o masks.json '
        f'--model {args.out}\n'
        f'  boxcaseg detector masks.json {args.img_dir} --out detector/ '
        f'--backbone {args.out}',
        file=sys.stderr,
    )
    return 0
