"""``boxcaseg train``: train a model on your own boxes."""

import argparse
import os.path as osp
import sys

from .common import add_ann_argument, add_format_options, options_of

HELP = 'trains the model further on your boxes, and says if it got better'
STOPPED = '; run the same command to resume'
EPILOG = (
    'To resume a training that was stopped, run the same command. To make masks '
    'with the trained model, run boxcaseg masks boxes.json photos/ -o masks.json '
    '--model DIR. Exit status: 0 if it has finished, 1 after an error, 2 if the '
    'command line is wrong.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    add_ann_argument(parser, 'ann')
    parser.add_argument('img_dir', help='folder of the photos')
    parser.add_argument(
        '--out', required=True, metavar='DIR', help='folder to write to'
    )
    data = parser.add_argument_group('data')
    data.add_argument(
        '--salient',
        metavar='DIR',
        help='folder of a data set of salient objects, such as DUTS-TR, with one '
        'folder of images and one of masks; without it the head that learns '
        'from masks is not trained',
    )
    data.add_argument(
        '--keep-masks',
        action='store_true',
        help='also train on the masks that the boxes have; without it only on '
        'those that boxcaseg masks has marked as kept',
    )
    add_format_options(data)
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
        help='model to start from: output folder of an earlier boxcaseg train, '
        'or a checkpoint of the same size; default: the model of the package',
    )
    model.add_argument(
        '--size',
        choices=('small', 'hrnet'),
        default='small',
        help='size of the model: small for that of the model of the package, or '
        'hrnet for HRNetV2-W48 with ImageNet weights, meant for a GPU; '
        'default: %(default)s',
    )
    run = parser.add_argument_group('run')
    run.add_argument(
        '--rounds',
        type=int,
        default=1,
        metavar='N',
        help='number of rounds that share the iterations; in each but the first, '
        'the model also learns from its own confident masks, which helps where '
        'masks are good already; default: %(default)s',
    )
    add_budget_options(run)


def add_budget_options(group: argparse._ArgumentGroup) -> None:
    """Add the options of a training's budget and of its run.

    Args:
        group (argparse._ArgumentGroup): Group to add to.
    """
    budget = group.add_mutually_exclusive_group()
    budget.add_argument(
        '--minutes',
        type=float,
        metavar='N',
        help='train for about N minutes; the number of iterations follows from '
        'the speed of the first ones',
    )
    budget.add_argument(
        '--iters',
        type=int,
        metavar='N',
        help='number of iterations; default: 600, or 4000 with --size hrnet',
    )
    group.add_argument(
        '--num-workers',
        type=int,
        metavar='N',
        help='number of processes that read photos',
    )
    group.add_argument(
        '--device',
        choices=('cpu', 'cuda'),
        help='device to train on; default: a GPU if there is one',
    )
    group.add_argument(
        '--cfg-options',
        nargs='+',
        metavar='KEY=VALUE',
        default=[],
        help='settings that replace those of the recipe, such as '
        'optim_wrapper.optimizer.lr=0.004',
    )
    group.add_argument(
        '--verbose', action='store_true', help='print the log to the terminal too'
    )


def run(args: argparse.Namespace) -> int:
    """Train the model, print its verdict, and suggest the next commands.

    Args:
        args (argparse.Namespace): The parsed arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.own_model import TrainOptions, train

    options = options_of(args, TrainOptions)
    # The folder for the traceback of an error.
    args.log_dir = args.out
    verdict = train(options)
    print(verdict.summary(), file=sys.stderr)
    picture = osp.join(args.out, 'before_after.png')
    print(
        f'{picture} shows masks before and after. Next:\n'
        f'  boxcaseg masks {args.ann} {args.img_dir} -o masks.json '
        f'--model {args.out}\n'
        f'  boxcaseg detector masks.json {args.img_dir} --out detector/ '
        f'--backbone {args.out}',
        file=sys.stderr,
    )
    return 0
