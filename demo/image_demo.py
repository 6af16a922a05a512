"""Draw the masks of some boxes of a photo.

Without a config and a checkpoint the small model of the package makes the
masks. Each box is given as x0 y0 x1 y1, in pixels of the photo.

Example:
    python demo/image_demo.py demo/photos/astronaut.jpg --out masks.jpg \
        --box 19 15 364 512 --box 277 344 512 512
"""

import argparse
import sys
from collections.abc import Sequence

from mmboxcaseg.cli import main as cli


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('photo', help='photo file')
    parser.add_argument(
        '--box',
        nargs=4,
        type=float,
        action='append',
        required=True,
        metavar=('X0', 'Y0', 'X1', 'Y1'),
        help='box of an object, in pixels; may be given several times',
    )
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument('--config', help='config of a BoxCaseg model')
    parser.add_argument('--checkpoint', help='its weights')
    parser.add_argument('--device', help='such as cpu or cuda:0')
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Make the masks and draw them; returns the exit status."""
    from PIL import Image

    from mmboxcaseg.quiet import unprinted

    with unprinted():
        from mmboxcaseg.apis import BoxCasegInferencer

        infer = BoxCasegInferencer(args.config, args.checkpoint, args.device)
    result = infer(args.photo, args.box, return_vis=True)
    Image.fromarray(result.visualization).save(args.out)
    scores = ', '.join(f'{score:.2f}' for score in result.confidence)
    print(f'{args.out}: {len(args.box)} masks of confidence {scores}')
    return 0


if __name__ == '__main__':
    sys.exit(cli.run(sys.modules[__name__], parse_args(None), 'image_demo'))
