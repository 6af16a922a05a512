"""Build the small subsets of COCO 2017 and DUTS-TR that the mini configs use.

Needed are COCO 2017 (``annotations/instances_{train,val}2017.json``,
``train2017/``, ``val2017/``) and DUTS-TR (``DUTS-TR-Image/``,
``DUTS-TR-Mask/``).  Which images are taken is listed in the folder ``mini``
beside this file.  Written are::

    OUT/coco_mini/annotations/instances_{train,val}2017.json
    OUT/coco_mini/annotations/instances_{train,val}2017_voc20.json
    OUT/coco_mini/{train,val}2017/
    OUT/duts_tr_mini/{DUTS-TR-Image,DUTS-TR-Mask}/

The ``_voc20`` files keep VOC's 20 classes, with VOC's names and ids.  Images
and masks are links to the originals unless ``--copy`` is given.

Example:
    python tools/dataset_converters/prepare_mini.py data/coco data/DUTS-TR
"""

import argparse
import os.path as osp
import sys
from collections.abc import Sequence

from mmboxcaseg.cli import main
from mmboxcaseg.converters.coco_subset import (
    keep_images,
    read_coco,
    take_files,
    to_voc20,
    write_coco,
)
from mmboxcaseg.text import read_lines

LISTS = osp.join(osp.dirname(osp.abspath(__file__)), 'mini')


def prepare_coco(coco_root: str, out: str, copy: bool) -> None:
    """Build the subset of COCO.

    Args:
        coco_root (str): Folder of COCO 2017.
        out (str): Folder to write.
        copy (bool): Copy the images rather than link them.
    """
    for split in ('train', 'val'):
        ids = read_lines(osp.join(LISTS, f'coco_{split}_ids.txt'))
        name = f'instances_{split}2017'
        coco = read_coco(osp.join(coco_root, 'annotations', f'{name}.json'))
        subset = keep_images(coco, [int(image_id) for image_id in ids])
        annotations = osp.join(out, 'annotations')
        write_coco(osp.join(annotations, f'{name}.json'), subset)
        write_coco(osp.join(annotations, f'{name}_voc20.json'), to_voc20(subset))
        take_files(
            [image['file_name'] for image in subset['images']],
            osp.join(coco_root, f'{split}2017'),
            osp.join(out, f'{split}2017'),
            copy,
        )


def prepare_duts(duts_root: str, out: str, copy: bool) -> None:
    """Build the subset of DUTS-TR.

    Args:
        duts_root (str): Folder of DUTS-TR.
        out (str): Folder to write.
        copy (bool): Copy images and masks rather than link them.
    """
    names = read_lines(osp.join(LISTS, 'duts_names.txt'))
    for folder, ext in (('DUTS-TR-Image', '.jpg'), ('DUTS-TR-Mask', '.png')):
        take_files(
            [name + ext for name in names],
            osp.join(duts_root, folder),
            osp.join(out, folder),
            copy,
        )


def parse_args(args: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('coco_root', help='folder of COCO 2017')
    parser.add_argument('duts_root', help='folder of DUTS-TR')
    parser.add_argument('--out', default='data', help='folder to write (default: data)')
    parser.add_argument(
        '--copy', action='store_true', help="copy images and masks, don't link"
    )
    return parser.parse_args(args)


def run(args: argparse.Namespace) -> int:
    """Build both subsets; the exit status."""
    prepare_coco(args.coco_root, osp.join(args.out, 'coco_mini'), args.copy)
    prepare_duts(args.duts_root, osp.join(args.out, 'duts_tr_mini'), args.copy)
    return 0


if __name__ == '__main__':
    sys.exit(main.run(sys.modules[__name__], parse_args(), 'prepare_mini'))
