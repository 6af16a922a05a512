"""``boxcaseg masks``: make a mask for every box, with its scores."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from . import export
from .common import (
    EXIT_SKIPPED,
    add_ann_argument,
    add_decisions_option,
    add_format_options,
    check_merging,
    options_of,
)

if TYPE_CHECKING:
    from mmboxcaseg.annotations import BoxFile

HELP = 'makes a mask for every box, and writes a COCO json with scores'
STOPPED = '; run the same command with --resume to go on'
EPILOG = (
    'To go on with a run that was stopped, run the same command with --resume. '
    f'Exit status: 0 if it has finished, {EXIT_SKIPPED} if it has finished, but '
    'photos or boxes were skipped (the report next to --out lists them), 1 '
    'after an error, 2 if the command line is wrong.'
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
        help='COCO json to write; with --format a folder for masks.json and the export',
    )
    parser.add_argument(
        '--model',
        metavar='DIR',
        help='output folder of boxcaseg train, instead of --config and '
        '--checkpoint; the command says which weights it uses, and why',
    )
    parser.add_argument(
        '--config',
        help='config of a BoxCaseg model; default: the model of the package',
    )
    parser.add_argument(
        '--checkpoint',
        help='checkpoint of the model; or, without --config, a model that '
        'boxcaseg export-onnx has written',
    )
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``tools/make_proxy_masks.py`` has too.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    boxes = parser.add_argument_group('boxes')
    add_format_options(boxes)
    boxes.add_argument(
        '--img-ids',
        metavar='FILE',
        help='only the images in this text file, which has one image id per line',
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
        help='let each mask keep all its pixels, whatever other masks claim',
    )
    made.add_argument(
        '--merge-exponent',
        type=float,
        metavar='G',
        help='give a pixel that several masks claim to the one with the highest '
        'probability * (box area)^-G, where G is 0 or more, up to '
        '--merge-tolerance; default: as in the config, which in the configs of the '
        'paper gives it to the smallest object',
    )
    made.add_argument(
        '--merge-tolerance',
        type=float,
        metavar='T',
        help='with an exponent, let a mask keep a pixel unless another mask claims '
        'it more than T times as strongly; 1: no pixel belongs to two masks '
        '(default: as in the config)',
    )
    made.add_argument(
        '--keep-masks',
        action='store_true',
        help='keep the masks that boxes have already, and make masks only for '
        'the other boxes',
    )
    made.add_argument(
        '--tighten',
        nargs='?',
        type=float,
        const=0.0,
        metavar='G',
        help='for loose boxes: also write the tight box of each mask, as '
        '"bbox_tight"; with a number from 0 to 1, first grow each box by this '
        'fraction of its width and height on each side',
    )
    made.add_argument(
        '--segmentation',
        choices=('rle', 'polygons'),
        default='rle',
        help='how masks are written; polygons have no holes; default: rle',
    )
    made.add_argument(
        '--flip',
        action='store_true',
        help='average the predictions for each crop and its mirror image',
    )
    made.add_argument(
        '--margins',
        nargs='+',
        type=float,
        metavar='M',
        help='average the predictions for crops with these margins around the '
        'box, as fractions of its width and height, such as 0 0.2; default: '
        'no margin',
    )
    made.add_argument(
        '--stretch-16bit',
        action='store_true',
        help='for photos of 16 bits that use 14 or fewer of them (from cameras, '
        'scanners, microscopes): take the 8 highest bits that are used; '
        'otherwise such a photo is nearly black',
    )
    made.add_argument(
        '--precision',
        choices=('fp32', 'bf16'),
        help='precision of the network; default: that of the config',
    )
    made.add_argument(
        '--calibration',
        metavar='FILE',
        help='file that boxcaseg calibrate has written, to add the expected IoU '
        'of each mask; default: the calibration of the model of the package, '
        'or none for another model',
    )
    made.add_argument(
        '--cfg-options',
        nargs='+',
        metavar='KEY=VALUE',
        default=[],
        help='settings that replace those of the config, such as model.alpha=0.6',
    )
    made.add_argument(
        '--allow-unsafe-checkpoint',
        dest='allow_unsafe',
        action='store_true',
        help='load a checkpoint that contains more than weights; it can run any '
        'code, so its source must be one that you trust',
    )
    exported = parser.add_argument_group('export')
    exported.add_argument(
        '--format',
        choices=export.FORMATS,
        help='also write the masks in this format; --out is then a folder, '
        'with masks.json in it',
    )
    export.add_options(exported)
    _add_run_options(parser.add_argument_group('run'))


def _add_run_options(group: argparse._ArgumentGroup) -> None:
    """Add the options about the run itself."""
    group.add_argument(
        '--resume',
        action='store_true',
        help='go on with a run that was stopped; without it the results of '
        'such a run are removed',
    )
    group.add_argument(
        '--strict',
        action='store_true',
        help="stop with an error if a photo or a box can't be used, instead of "
        'skipping it',
    )
    group.add_argument(
        '--crops-per-batch',
        type=int,
        metavar='N',
        help='at most N crops go through the network at once; default: as in '
        'the config',
    )
    group.add_argument(
        '--jobs',
        type=int,
        default=1,
        metavar='N',
        help='number of processes that share the photos and the cores, each '
        'with its own copy of the network; the file is the same to the byte; '
        'default: 1',
    )
    group.add_argument(
        '--num-workers',
        type=int,
        metavar='N',
        help='number of processes that read photos, for each of the --jobs; '
        'with ONNX Runtime these are threads',
    )
    group.add_argument(
        '--runtime',
        choices=('auto', 'torch', 'onnx'),
        default='auto',
        help='runtime of the network: PyTorch (torch), or ONNX Runtime (onnx), '
        'which runs the model of the package and exported models; default: ONNX '
        'Runtime for these models, unless there is a GPU or an option needs '
        'PyTorch',
    )
    group.add_argument(
        '--device',
        choices=('cpu', 'cuda'),
        help='device of the network; default: a GPU if there is one',
    )
    group.add_argument(
        '--work-dir',
        metavar='DIR',
        help='folder for the log; default: <out>.logs, which is removed when all '
        'masks are written',
    )
    group.add_argument(
        '--verbose', action='store_true', help='print the log to the terminal too'
    )
    group.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        default='none',
        help='launcher of a distributed run; default: %(default)s',
    )
    group.add_argument(
        '--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS
    )


def run(args: argparse.Namespace) -> int:
    """Make the masks and print a summary.

    Args:
        args (argparse.Namespace): The parsed arguments.

    Returns:
        int: Exit status.
    """
    _check(args)
    from mmboxcaseg.apis.export import (
        ExportOptions,
        check_export,
        export_masks,
        export_path,
    )
    from mmboxcaseg.apis.proxy_masks import MaskOptions, make_proxy_masks
    from mmboxcaseg.proxy_masks import report_path
    from mmboxcaseg.text import read_lines

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    exported = None
    if args.format is not None:
        # Wrong options are reported now, not after hours of work.
        exported = ExportOptions(
            format=args.format, **{name: getattr(args, name) for name in export.CHOICES}
        )
        place = export_path(args.out, exported)
        args.out = os.path.join(args.out, 'masks.json')
    options = options_of(
        args,
        MaskOptions,
        polygons=args.segmentation == 'polygons',
        img_ids=args.img_ids and read_lines(args.img_ids),
    )

    def begin(boxes: 'BoxFile') -> None:
        if exported is not None:
            check_export(boxes, place, exported, args.img_dir)
        # Errors before this are the user's: their tracebacks tell nothing.
        args.log_dir = options.log_dir

    report = make_proxy_masks(options, on_boxes=begin)
    if report is None:
        return 0
    print(f'{args.out}: {report.summary()}', file=sys.stderr)
    if exported is not None:
        done = export_masks(args.out, place, exported, img_dir=args.img_dir)
        print(f'{place}: {done.summary()}', file=sys.stderr)
    skips = report.skips()
    if skips is None:
        return 0
    text = f'{skips}, listed in {report_path(args.out)}'
    if args.strict:
        raise ValueError(f'--strict: {text}')
    print(f'warning: {text}', file=sys.stderr)
    return EXIT_SKIPPED


def _check(args: argparse.Namespace) -> None:
    """Raise ValueError if an option is not valid, OSError if a file is missing."""
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
    check_merging(args)
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
                f'--{given[0].replace("_", "-")} needs --format, the format of an '
                'export; give it, or leave the option out'
            )
        if args.out.endswith(('/', os.sep)) or os.path.isdir(args.out):
            raise ValueError(
                f'--out {args.out} is a folder, but must be the json to write, such '
                f'as {os.path.join(args.out, "masks.json")}; for an export into the '
                'folder give --format, such as --format yolo-seg'
            )
    elif args.out.endswith('.json') or os.path.isfile(args.out):
        raise ValueError(
            f'--out {args.out} must be a folder, because --format is given: '
            'masks.json and the export are written into it'
        )
