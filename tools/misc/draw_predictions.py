"""Draw results into one picture: masks by head, proxy masks, detections.

``masks`` draws the masks of each head of BoxCaseg for boxes of the test set,
beside the true masks. Its instances are spread evenly over the range of IoU.
``proxy`` draws the masks of a proxy-mask file with their scores; ignored masks
are hatched in red. ``detections`` draws the detections of a detector in test
images, beside the truth. The same seed gives the same choice.

Examples:
    python tools/misc/draw_predictions.py masks CONFIG CHECKPOINT \
        --out masks.png
    python tools/misc/draw_predictions.py proxy MASKS.json --img-dir DIR \
        --out proxy.png
    python tools/misc/draw_predictions.py detections CONFIG CHECKPOINT \
        --out detections.png
"""

import argparse
import os.path as osp
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmboxcaseg.cli import main as cli
from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR

if TYPE_CHECKING:
    import numpy as np


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(
        dest='command', required=True, metavar='masks | proxy | detections'
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument('--out', required=True, help='PNG file to write')
    common.add_argument('--seed', type=int, default=0, help='default: %(default)s')
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument('config', help='config file')
    model.add_argument('checkpoint', help='checkpoint file')
    model.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help="settings that replace the config's",
    )
    model.add_argument(
        '--allow-unsafe-checkpoint',
        action='store_true',
        help='read a checkpoint that may run any code when it is loaded',
    )

    masks = commands.add_parser('masks', parents=[model, common])
    masks.add_argument(
        '--num', type=int, default=8, help='instances; default: %(default)s'
    )
    masks.add_argument(
        '--max-images',
        type=int,
        default=200,
        metavar='N',
        help='images to choose them from, drawn at random; default: %(default)s',
    )
    masks.add_argument(
        '--min-side',
        type=int,
        default=32,
        metavar='PX',
        help='boxes with a shorter side are not drawn; default: %(default)s',
    )
    proxy = commands.add_parser('proxy', parents=[common])
    proxy.add_argument('masks', help='COCO json of boxcaseg masks')
    proxy.add_argument('--img-dir', required=True, help='its photos')
    proxy.add_argument(
        '--num', type=int, default=6, help='images; default: %(default)s'
    )
    proxy.add_argument(
        '--agreement-thr',
        type=float,
        default=DEFAULT_AGREEMENT_THR,
        help='masks with a lower agreement are ignored; default: %(default)s',
    )
    proxy.add_argument(
        '--max-instances',
        type=int,
        default=12,
        metavar='N',
        help='images with more masks are not drawn; default: %(default)s',
    )
    found = commands.add_parser('detections', parents=[model, common])
    found.add_argument(
        '--num', type=int, default=6, help='images; default: %(default)s'
    )
    found.add_argument(
        '--score-thr',
        type=float,
        default=0.3,
        help='detections with a lower score are not drawn; default: %(default)s',
    )

    args = parser.parse_args(argv)
    for name in ('config', 'checkpoint', 'masks'):
        path = getattr(args, name, None)
        if path is not None and not osp.isfile(path):
            parser.error(f'{name}: no file {path}')
    if not args.out.lower().endswith('.png'):
        parser.error(f'--out must end in .png, got {args.out}')
    if args.num < 1:
        parser.error('--num must be at least 1')
    return args


def make_sheet(args: argparse.Namespace) -> 'np.ndarray':
    """The sheet that the command line asks for, RGB, uint8."""
    if args.command == 'proxy':
        from mmboxcaseg.apis.draw import proxy_sheet

        return proxy_sheet(
            args.masks,
            args.img_dir,
            args.num,
            args.agreement_thr,
            args.max_instances,
            args.seed,
        )
    from mmboxcaseg.apis import sheets
    from mmboxcaseg.engine.launch import load_config

    cfg = load_config(args.config, args.cfg_options)
    if args.command == 'masks':
        return sheets.heads_sheet(
            cfg,
            args.checkpoint,
            args.num,
            args.max_images,
            args.min_side,
            args.seed,
            args.allow_unsafe_checkpoint,
        )
    return sheets.detections_sheet(
        cfg,
        args.checkpoint,
        args.num,
        args.score_thr,
        args.seed,
        args.allow_unsafe_checkpoint,
    )


def run(args: argparse.Namespace) -> int:
    """Draw the sheet; returns the exit status."""
    from mmboxcaseg.visualization import write_png

    write_png(args.out, make_sheet(args))
    print(f'saved {args.out}')
    return 0


if __name__ == '__main__':
    sys.exit(cli.run(sys.modules[__name__], parse_args(None), 'draw_predictions'))
