"""Make the small subsets of COCO 2017 and DUTS-TR that the mini configs use.

It needs COCO 2017 (``annotations/instances_{train,val}2017.json``,
``train2017/``, ``val2017/``) and DUTS-TR (``DUTS-TR-Image/``,
``DUTS-TR-Mask/``). The folder ``mini`` beside this file lists the images. It
writes::

    OUT/coco_mini/annotations/instances_{train,val}2017.json
    OUT/coco_mini/annotations/instances_{train,val}2017_voc20.json
    OUT/coco_mini/{train,val}2017/
    OUT/duts_tr_mini/{DUTS-TR-Image,DUTS-TR-Mask}/

The ``_voc20`` files have only VOC's 20 classes, with VOC's names and ids. With
``--midi`` it also writes the training set of the midi configs, which has the
training photos of the mini data and 2,528 more::

    OUT/coco_midi/annotations/instances.json
    OUT/coco_midi/images/

Images and masks are links to the originals unless ``--copy`` is given.

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

FOLDER = osp.dirname(osp.abspath(__file__))
LISTS = osp.join(FOLDER, 'mini')
MIDI_LIST = osp.join(FOLDER, 'midi', 'coco_val_ids.txt')


def read_part(coco_root: str, split: str, list_file: str) -> dict:
    """Read the images of a list from a split of COCO 2017.

    Args:
        coco_root (str): Folder of COCO 2017.
        split (str): ``'train'`` or ``'val'``.
        list_file (str): Text file with an image id on each line.

    Returns:
        dict: Content of a COCO json.
    """
    path = osp.join(coco_root, 'annotations', f'instances_{split}2017.json')
    return keep_images(read_coco(path), [int(line) for line in read_lines(list_file)])


def prepare_coco(coco_root: str, out: str, copy: bool) -> None:
    """Make the subset of COCO.

    Args:
        coco_root (str): Folder of COCO 2017.
        out (str): Folder to write to.
        copy (bool): Whether images are copied instead of linked.
    """
    for split in ('train', 'val'):
        name = f'instances_{split}2017'
        subset = read_part(coco_root, split, osp.join(LISTS, f'coco_{split}_ids.txt'))
        annotations = osp.join(out, 'annotations')
        write_coco(osp.join(annotations, f'{name}.json'), subset)
        write_coco(osp.join(annotations, f'{name}_voc20.json'), to_voc20(subset))
        take_files(
            [image['file_name'] for image in subset['images']],
            osp.join(coco_root, f'{split}2017'),
            osp.join(out, f'{split}2017'),
            copy,
        )


def prepare_midi(coco_root: str, out: str, copy: bool) -> None:
    """Make the training set of the midi configs.

    Args:
        coco_root (str): Folder of COCO 2017.
        out (str): Folder to write to.
        copy (bool): Whether images are copied instead of linked.
    """
    parts = {
        'train': read_part(coco_root, 'train', osp.join(LISTS, 'coco_train_ids.txt')),
        'val': read_part(coco_root, 'val', MIDI_LIST),
    }
    # COCO's ids of images and annotations are unique across its splits.
    whole = dict(
        parts['train'],
        **{
            key: [entry for part in parts.values() for entry in part[key]]
            for key in ('images', 'annotations')
        },
    )
    write_coco(osp.join(out, 'annotations', 'instances.json'), whole)
    for split, part in parts.items():
        take_files(
            [image['file_name'] for image in part['images']],
            osp.join(coco_root, f'{split}2017'),
            osp.join(out, 'images'),
            copy,
        )


def prepare_duts(duts_root: str, out: str, copy: bool) -> None:
    """Make the subset of DUTS-TR.

    Args:
        duts_root (str): Folder of DUTS-TR.
        out (str): Folder to write to.
        copy (bool): Whether images and masks are copied instead of linked.
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
        '--midi', action='store_true', help='also build the set of the midi configs'
    )
    parser.add_argument(
        '--copy',
        action='store_true',
        help='copy images and masks instead of linking them',
    )
    return parser.parse_args(args)


def run(args: argparse.Namespace) -> int:
    """Make the subsets; returns the exit status."""
    prepare_coco(args.coco_root, osp.join(args.out, 'coco_mini'), args.copy)
    if args.midi:
        prepare_midi(args.coco_root, osp.join(args.out, 'coco_midi'), args.copy)
    prepare_duts(args.duts_root, osp.join(args.out, 'duts_tr_mini'), args.copy)
    return 0


if __name__ == '__main__':
    sys.exit(main.run(sys.modules[__name__], parse_args(), 'prepare_mini'))
