"""Show the masks of a proxy-mask file image after image, or save them.

Every mask is drawn with its class and agreement; those below the threshold,
which the mask loss would ignore, are hatched in red. Without --out each image
opens in a window; close it to go on.

Examples:
    python tools/misc/browse_proxy_masks.py masks.json --img-dir photos/ \
        --out pictures/ --classes cat dog --num 20
    python tools/misc/browse_proxy_masks.py masks.json --img-dir photos/ \
        --images 000000000139.jpg 285
"""
import argparse
import os.path as osp
import sys
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np
from draw_predictions import proxy_cell

from mmboxcaseg import proxy_masks
from mmboxcaseg import visualization as vis


def chosen_images(data: Dict[str, Any],
                  args: argparse.Namespace) -> Iterator[Tuple[dict, list]]:
    """The images to draw, with their annotations.

    Args:
        data (dict): Content of the proxy-mask file.
        args (argparse.Namespace): The command line.

    Yields:
        tuple[dict, list[dict]]: Entry of ``images`` and its annotations; no
        crowds.

    Raises:
        ValueError: If an image or class that was asked for isn't there, or no
            image is left.
    """
    anns: Dict[Any, List[dict]] = {}
    for ann in proxy_masks.scored_annotations(data, args.masks):
        anns.setdefault(ann['image_id'], []).append(ann)
    ids = {str(one['name']): one['id'] for one in data['categories']}
    known = {str(image['id']) for image in data['images']}
    known |= {image['file_name'] for image in data['images']}
    for option, asked, there in (('--images', args.images, known),
                                 ('--classes', args.classes, ids)):
        missing = [name for name in asked or () if name not in there]
        if missing:
            raise ValueError(f'{option}: {missing[0]} is not in {args.masks}')
    wanted = {ids[name] for name in args.classes or ()}
    count = 0
    for image in data['images']:
        of_image = anns.get(image['id'], [])
        names = {str(image['id']), image['file_name']}
        if args.images and not names & set(args.images):
            continue
        if wanted and not any(ann['category_id'] in wanted
                              for ann in of_image):
            continue
        if args.only_ignored and not any(
                ann['proxy_agreement'] < args.agreement_thr
                for ann in of_image):
            continue
        # An image without masks is of interest only to who asks for it.
        if not of_image and not args.images:
            continue
        yield image, of_image
        count += 1
        if count == args.num:
            return
    if not count:
        raise ValueError(f'{args.masks}: no image to draw')


def save(picture: np.ndarray, image: dict, out_dir: str) -> str:
    """Write a picture; returns its path."""
    name = osp.splitext(image['file_name'])[0]
    # File names of two folders, or with two endings, may be alike.
    name = f'{image["id"]}_{name}'.replace('/', '_').replace('\\', '_')
    path = osp.join(out_dir, f'{name}.png')
    vis.write_png(path, picture)
    return path


def show(picture: np.ndarray, title: str) -> None:
    """Open a picture in a window until it is closed.

    Raises:
        ValueError: If there is no display.
    """
    from matplotlib import pyplot
    if pyplot.get_backend().lower() == 'agg':
        raise ValueError('there is no display to open a window on; save the '
                         'pictures with --out DIR')
    figure = pyplot.figure(title, layout='constrained')
    axes = figure.add_subplot()
    axes.imshow(picture)
    axes.set_axis_off()
    pyplot.show()


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('masks', help='COCO json of tools/make_proxy_masks.py')
    parser.add_argument('--img-dir', required=True, help='its images')
    parser.add_argument(
        '--out', metavar='DIR', help='save pictures there, as PNGs')
    parser.add_argument(
        '--images', nargs='+', metavar='IMAGE', help='ids or file names')
    parser.add_argument(
        '--classes',
        nargs='+',
        metavar='NAME',
        help='only images with an object of one of these classes')
    parser.add_argument(
        '--only-ignored',
        action='store_true',
        help='only images with a mask below the threshold')
    parser.add_argument(
        '--agreement-thr', type=float, default=0.95, help='default: 0.95')
    parser.add_argument(
        '--num', type=int, metavar='N', help='most images; default: all')
    parser.add_argument(
        '--side',
        type=int,
        default=1000,
        metavar='PX',
        help='longer side of the pictures; default: 1000')
    args = parser.parse_args(argv)
    if not osp.isfile(args.masks):
        parser.error(f'no file {args.masks}')
    if not osp.isdir(args.img_dir):
        parser.error(f'--img-dir: no folder {args.img_dir}')
    for name in ('num', 'side'):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            parser.error(f'--{name} must be at least 1')
    return args


def main(argv: Optional[List[str]] = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    try:
        data = proxy_masks.load_coco(args.masks)
        names = {one['id']: one['name'] for one in data['categories']}
        for image, anns in chosen_images(data, args):
            cell = proxy_cell(image, anns, args.img_dir, args.agreement_thr,
                              args.side, names)
            if args.out:
                print(f'saved {save(cell.image, image, args.out)}')
            else:
                show(cell.image, cell.caption.replace('\n', ': '))
    except (OSError, ValueError) as error:
        sys.exit(f'browse_proxy_masks: error: {error}')


if __name__ == '__main__':
    main()
