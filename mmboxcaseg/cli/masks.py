"""``boxcaseg masks``: a mask for every box, with its scores."""

import argparse
import os
import sys

from . import export
from .common import SKIPPED, add_ann_argument, add_decisions_option, options_of

HELP = 'a mask for every box, as a COCO json with scores'
STOPPED = '; run the same command with --resume to go on'
EPILOG = (
    'Killed? Run the same command with --resume. Exit status: 0 done, '
    f'{SKIPPED} done, but photos or boxes were skipped, which the '
    'report beside --out lists, 1 an error, 2 a wrong command line.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    add_ann_argument(parser, 'ann')
    parser.add_argument('img_dir', help='folder of the photos')
    parser.add_argument(
        '-o',
        '--out',
        required=True,
        help='COCO json to write; with --format the folder for it and for the export',
    )
    parser.add_argument(
        '--model',
        metavar='DIR',
        help='folder of boxcaseg train, in place of --config and --checkpoint; '
        'it is told which of its weights are used, and why',
    )
    parser.add_argument(
        '--config',
        help='config of a BoxCaseg model; default: the model that comes with '
        'the package',
    )
    parser.add_argument(
        '--checkpoint',
        help='its weights; or, without --config, a model that boxcaseg '
        'export-onnx has written',
    )
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``tools/make_proxy_masks.py`` has too.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    boxes = parser.add_argument_group('boxes')
    boxes.add_argument(
        '--ann-format',
        choices=('coco', 'voc', 'yolo'),
        help='format of the boxes; default: found out',
    )
    boxes.add_argument(
        '--classes',
        metavar='FILE',
        help="names of YOLO's classes: a text file with one a line, or a "
        'yaml file with "names"; default: classes.txt or data.yaml beside or '
        'above the boxes',
    )
    boxes.add_argument(
        '--img-ids',
        metavar='FILE',
        help='only these images: a text file with one image id a line',
    )
    boxes.add_argument(
        '--categories',
        nargs='+',
        metavar='NAME',
        help='only boxes of these categories, by name or id',
    )
    add_decisions_option(boxes)
    made = parser.add_argument_group('masks')
    made.add_argument(
        '--no-merge',
        dest='merge',
        action='store_false',
        help='let masks overlap, instead of giving each pixel to one of them',
    )
    made.add_argument(
        '--merge-exponent',
        type=float,
        metavar='G',
        help='give each pixel to the mask with the highest probability * '
        '(box area)^-G, 0 or more; default: as in the config, of which the '
        "paper's give it to the smallest object",
    )
    made.add_argument(
        '--keep-masks',
        action='store_true',
        help='boxes that have a mask already keep it, to the pixel; only the '
        'others get one',
    )
    made.add_argument(
        '--tighten',
        nargs='?',
        type=float,
        const=0.0,
        metavar='G',
        help="for loose boxes: write each mask's tight box too, as "
        '"bbox_tight"; with a number, look for the mask in the box grown by '
        'this part of its width and height on each side',
    )
    made.add_argument(
        '--segmentation',
        choices=('rle', 'polygons'),
        default='rle',
        help='how masks are written; polygons lose their holes; default: rle',
    )
    made.add_argument(
        '--flip',
        action='store_true',
        help='average over each crop and its mirror image',
    )
    made.add_argument(
        '--margins',
        nargs='+',
        type=float,
        metavar='M',
        help='average over crops with these margins around the box, as parts '
        'of its width and height, such as 0 0.2; default: the box alone',
    )
    made.add_argument(
        '--stretch-16bit',
        action='store_true',
        help='for photos of 16 bits of which 14 or fewer are used (cameras, '
        'scanners, microscopes): take the bits that are used, without which '
        'such a photo is nearly black',
    )
    made.add_argument(
        '--precision',
        choices=('fp32', 'bf16'),
        help="numbers the network computes with; default: the config's",
    )
    made.add_argument(
        '--calibration',
        metavar='FILE',
        help='file of boxcaseg calibrate, by which the expected IoU of each '
        'mask is told; default: that of the model that comes with the '
        'package, none for another',
    )
    made.add_argument(
        '--cfg-options',
        nargs='+',
        metavar='KEY=VALUE',
        default=[],
        help='config values to override, such as model.alpha=0.6',
    )
    made.add_argument(
        '--allow-unsafe-checkpoint',
        dest='allow_unsafe',
        action='store_true',
        help='load a checkpoint that holds more than weights, and may run '
        'any code; only for one from a source that you trust',
    )
    exported = parser.add_argument_group('export')
    exported.add_argument(
        '--format',
        choices=export.FORMATS,
        help='write the masks in this format as well: --out is a folder then, '
        'with masks.json in it',
    )
    export.add_options(exported)
    _add_run_options(parser.add_argument_group('run'))


def _add_run_options(group: argparse._ArgumentGroup) -> None:
    """Add the options about the run itself."""
    group.add_argument(
        '--resume',
        action='store_true',
        help='go on where a run that was cut short left off; without it '
        'such results are removed',
    )
    group.add_argument(
        '--strict',
        action='store_true',
        help="a photo or a box that can't be used is an error",
    )
    group.add_argument(
        '--crops-per-batch',
        type=int,
        metavar='N',
        help='most crops that go through the network at once',
    )
    group.add_argument(
        '--jobs',
        type=int,
        default=1,
        metavar='N',
        help='processes that share photos and cores, each with its own copy '
        'of the network; the file is the same to the byte; default: 1',
    )
    group.add_argument(
        '--num-workers',
        type=int,
        metavar='N',
        help='processes that read photos, for each process; with ONNX Runtime threads',
    )
    group.add_argument(
        '--runtime',
        choices=('auto', 'torch', 'onnx'),
        default='auto',
        help='what computes the network: PyTorch, or ONNX Runtime, which the '
        'model of the package and exported ones need nothing else for; '
        'default: ONNX Runtime for these, unless there is a GPU or something '
        'is asked for that only PyTorch can do',
    )
    group.add_argument(
        '--device', choices=('cpu', 'cuda'), help='default: a GPU if there is one'
    )
    group.add_argument(
        '--work-dir', metavar='DIR', help='folder of the log; default: <out>.logs'
    )
    group.add_argument('--verbose', action='store_true', help='print the log as well')
    group.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        default='none',
        help='what started the processes, if there are several',
    )
    group.add_argument(
        '--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS
    )


def run(args: argparse.Namespace) -> int:
    """Make the masks.

    Args:
        args (argparse.Namespace): The arguments.

    Returns:
        int: Exit status.
    """
    _check(args)
    from mmboxcaseg.apis.export import ExportOptions, export_masks, export_path
    from mmboxcaseg.apis.proxy_masks import MaskOptions, make_proxy_masks
    from mmboxcaseg.proxy_masks import report_path
    from mmboxcaseg.text import read_lines

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    exported = None
    if args.format is not None:
        # Before hours of work, not after them.
        exported = ExportOptions(
            format=args.format, **{name: getattr(args, name) for name in export.CHOICES}
        )
        folder, args.out = args.out, os.path.join(args.out, 'masks.json')
    options = options_of(
        args,
        MaskOptions,
        polygons=args.segmentation == 'polygons',
        img_ids=args.img_ids and read_lines(args.img_ids),
    )
    # For whoever tells an error.
    args.log_dir = options.log_dir
    report = make_proxy_masks(options)
    if report is None:
        return 0
    print(f'{args.out}: {report.summary()}', file=sys.stderr)
    if exported is not None:
        place = export_path(folder, exported)
        done = export_masks(args.out, place, exported, img_dir=args.img_dir)
        print(f'{place}: {done.summary()}', file=sys.stderr)
    skips = report.skips()
    if skips is None:
        return 0
    text = f'{skips}, listed in {report_path(args.out)}'
    if args.strict:
        raise ValueError(f'--strict: {text}')
    print(f'warning: {text}', file=sys.stderr)
    return SKIPPED


def _check(args: argparse.Namespace) -> None:
    """Raise ValueError if an option has no sense, OSError if a file of one is
    not there."""
    if args.crops_per_batch is not None and args.crops_per_batch < 1:
        raise ValueError('--crops-per-batch must be at least 1')
    if args.jobs < 1:
        raise ValueError('--jobs must be at least 1')
    if args.jobs > 1 and args.launcher != 'none':
        raise ValueError(
            f'--jobs {args.jobs} with --launcher {args.launcher}: the launcher '
            'starts the processes already; give one of the two'
        )
    if args.num_workers is not None and args.num_workers < 0:
        raise ValueError('--num-workers must not be negative')
    if args.merge_exponent is not None and not (
        args.merge and args.merge_exponent >= 0
    ):
        raise ValueError(
            '--merge-exponent must be 0 or more, and has no sense with --no-merge'
        )
    if args.tighten is not None and not 0 <= args.tighten <= 1:
        raise ValueError('--tighten must be a number from 0 to 1')
    if args.margins and not all(0 <= margin <= 10 for margin in args.margins):
        raise ValueError('--margins must be numbers from 0 to 10')
    if args.img_ids is not None and not os.path.exists(args.img_ids):
        raise FileNotFoundError(f'--img-ids: no file {args.img_ids}')
    if args.format is None:
        given = [name for name in export.CHOICES if getattr(args, name)]
        if given:
            raise ValueError(
                f'--{given[0].replace("_", "-")} is about an export; name its --format'
            )
    elif args.out.endswith('.json') or os.path.isfile(args.out):
        raise ValueError(
            f'--format: --out {args.out} must be a folder; '
            'masks.json and the export go into it'
        )
