"""List the images of DUTS-TR that show a single object.

Needed is DUTS-TR, DUTS-TR.zip of http://saliencydetection.net/duts/: the
folder ``DUTS-TR`` with 10,553 photos in ``DUTS-TR-Image`` and as many masks
in ``DUTS-TR-Mask``.

The rule: a mask is cut at grey value 127, and must be one connected component
(``--connectivity``), not counting those smaller than ``--min-area`` pixels.
It is not the paper's, whose 7,991 images were picked by a rule that isn't
published.  With ``--list`` no rule is applied, and the images are those of a
list.  From either ``--exclude-synsets`` leaves out images by ImageNet class,
and ``--subset`` then draws some at random.

The list has one name a line; its header says how it was made.  The data set
of the configs reads it::

    train_dataloader = dict(dataset=dict(
        salient=dict(ann_file='duts_single.txt', single_object=None)))

All 10,553 images, and the 8,721 (4-connected) or 9,367 (8-connected) of them
that the rule keeps without ``--min-area``, must be found, or else nothing is
written and the exit code is 1; ``--no-check`` goes on.

Example:
    python tools/dataset_converters/duts_single.py data/DUTS/DUTS-TR \
        data/DUTS/DUTS-TR/duts_single_500.txt --subset 500 --seed 0
"""

import argparse
import os
import os.path as osp
import random
import re
import sys
from collections.abc import Sequence

from mmboxcaseg.cli import main
from mmboxcaseg.progress import show_progress

KNOWN_IMAGES = 10553
# Images with one object, by connectivity, where all components count.
KNOWN_SINGLES = {4: 8721, 8: 9367}
SYNSET = re.compile(r'n\d{8}(?=_)')


def find_images(duts_root: str, list_file: str) -> list[dict]:
    """Find the photos that have a mask.

    Args:
        duts_root (str): Folder ``DUTS-TR``.
        list_file (str): List of names to use, or ``''`` for all.

    Returns:
        list[dict]: ``img_path`` and ``mask_path`` of each, by name or in the
        order of the list.

    Raises:
        FileNotFoundError: If a folder or a photo of the list is missing.
        ValueError: If there is no image.
    """
    from mmboxcaseg.datasets import SalientObjectDataset

    dataset = SalientObjectDataset(
        data_root=duts_root,
        data_prefix=dict(img='DUTS-TR-Image', mask='DUTS-TR-Mask'),
        ann_file=osp.abspath(list_file) if list_file else '',
        lazy_init=True,
    )
    return dataset.load_data_list()


def name_of(item: dict) -> str:
    """Name of an image, without folder and suffix."""
    return osp.splitext(osp.basename(item['img_path']))[0]


def count_all(items: Sequence[dict], connectivity: int, min_area: int) -> list[int]:
    """Count the objects of every mask.

    Args:
        items (Sequence[dict]): Images with ``mask_path``.
        connectivity (int): 4 or 8.
        min_area (int): Components of fewer pixels don't count.

    Returns:
        list[int]: Number of objects of each image.
    """
    from mmboxcaseg.datasets.salient_mask import count_objects, read_mask

    counts = []
    with show_progress(len(items), 'counting objects') as update:
        for item in items:
            mask = read_mask(item['mask_path'])
            counts.append(count_objects(mask, connectivity, min_area))
            update(1, counts[-1])
    return counts


def read_synsets(path: str) -> set[str]:
    """Read a list of ImageNet classes.

    Args:
        path (str): Text file with an id such as ``n02084071`` first on each
            line; what follows it, and lines that begin with ``#``, is
            comment.

    Returns:
        set[str]: The ids.

    Raises:
        ValueError: If a line begins otherwise, or there is no id.
    """
    with open(path, encoding='utf-8') as file:
        lines = [line.split() for line in file]
    words = [line[0] for line in lines if line and line[0][0] != '#']
    wrong = [word for word in words if not re.fullmatch(r'n\d{8}', word)]
    if wrong or not words:
        raise ValueError(
            f'{path}: {wrong[0]!r} is no id of an ImageNet class, such as n02084071'
            if wrong
            else f'{path} lists no ImageNet classes'
        )
    return set(words)


def without_synsets(names: Sequence[str], synsets: set[str]) -> tuple[list[str], int]:
    """Leave out images by the ImageNet class in their name.

    Args:
        names (Sequence[str]): Names such as ``n02084071_1234``.
        synsets (set[str]): Ids of classes to leave out.

    Returns:
        tuple[list[str], int]: The names left, and how many of them don't say
        their class.
    """
    classes = {name: SYNSET.match(name) for name in names}
    kept = [
        name
        for name in names
        if classes[name] is None or classes[name].group() not in synsets
    ]
    return kept, sum(classes[name] is None for name in kept)


def check(
    num_images: int, num_singles: int, connectivity: int, min_area: int
) -> list[str]:
    """Compare with the numbers that are known of the whole of DUTS-TR.

    Args:
        num_images (int): Images with a mask.
        num_singles (int): Those with one object.
        connectivity (int): 4 or 8.
        min_area (int): Smallest component that counts, in pixels.

    Returns:
        list[str]: A sentence for each number that is off.
    """
    off = []
    if num_images != KNOWN_IMAGES:
        off.append(f'{num_images:,} images with a mask, not {KNOWN_IMAGES:,}')
    known = KNOWN_SINGLES[connectivity]
    # Without specks to ignore, min_area 1 is as good as 0.
    if min_area <= 1 and num_singles != known:
        off.append(
            f'{num_singles:,} images with one {connectivity}-connected '
            f'object, not {known:,}'
        )
    return off


def apply_rule(
    items: Sequence[dict], connectivity: int, min_area: int, no_check: bool
) -> tuple[list[str], list[str]]:
    """Keep the images with one object; end the program if numbers are off.

    Args:
        items (Sequence[dict]): Images with ``img_path`` and ``mask_path``.
        connectivity (int): 4 or 8.
        min_area (int): Components of fewer pixels don't count.
        no_check (bool): Go on if numbers are off.

    Returns:
        tuple[list[str], list[str]]: Sorted names, and lines that say how they
        were found.
    """
    counts = count_all(items, connectivity, min_area)
    names = sorted(name_of(item) for item, n in zip(items, counts) if n == 1)
    header = [
        'Rule: one connected component of grey values above 127, '
        f'connectivity={connectivity}, min_area={min_area}.',
        f'Images with one object: {len(names)} of {len(items)}; with none: '
        f'{counts.count(0)}; with several: {sum(n > 1 for n in counts)}.',
    ]
    off = check(len(items), len(names), connectivity, min_area)
    header += [f'CHECK FAILED: {sentence}' for sentence in off]
    if off and not no_check:
        sys.exit(
            '\n'.join(header) + '\nNothing was written. See '
            'docs/data.md for what DUTS-TR must contain; --no-check '
            'goes on with it as it is.'
        )
    return names, header


def write_list(path: str, header: Sequence[str], names: Sequence[str]) -> None:
    """Write the names, and how they were come by as comments before them.

    Args:
        path (str): The list; its folder is made.
        header (Sequence[str]): Lines to put first, without ``#``.
        names (Sequence[str]): The names.
    """
    os.makedirs(osp.dirname(osp.abspath(path)), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        for line in [*(f'# {line}' for line in header), *names]:
            file.write(f'{line}\n')


def parse_args(args: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('duts_root', help='folder DUTS-TR')
    parser.add_argument('out', help='list to write')
    parser.add_argument(
        '--connectivity',
        type=int,
        choices=(4, 8),
        default=4,
        help='neighbours of a pixel that are of the same object (default: 4, '
        'as in the configs)',
    )
    parser.add_argument(
        '--min-area',
        type=int,
        default=0,
        help='pixels below which a component does not count (default: 0)',
    )
    parser.add_argument(
        '--list', help='take the images of this list instead of the rule'
    )
    parser.add_argument(
        '--exclude-synsets',
        metavar='FILE',
        help='list of ImageNet classes, such as n02084071, whose images are '
        'left out; a class does not stand for those below it',
    )
    parser.add_argument(
        '--subset', type=int, help='images to draw at random from the rest'
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of --subset (default: 0)'
    )
    parser.add_argument(
        '--no-check',
        action='store_true',
        help='go on if the numbers are not the known ones',
    )
    parsed = parser.parse_args(args)
    if parsed.list and (parsed.connectivity, parsed.min_area) != (4, 0):
        parser.error(
            '--list takes the place of the rule: leave out '
            '--connectivity and --min-area'
        )
    return parsed


def run(args: argparse.Namespace) -> int:
    """Write the list; the exit status."""
    # Read first: a mistake in it should not cost the count.
    synsets = read_synsets(args.exclude_synsets) if args.exclude_synsets else None
    items = find_images(args.duts_root, args.list or '')
    if args.list:
        names = [name_of(item) for item in items]
        header = [f'Images of the list {osp.basename(args.list)}: {len(names)}.']
    else:
        names, header = apply_rule(
            items, args.connectivity, args.min_area, args.no_check
        )
    if synsets is not None:
        before = len(names)
        names, unknown = without_synsets(names, synsets)
        header.append(
            f'Left out: {before - len(names)} images of {len(synsets)} '
            f'ImageNet classes ({osp.basename(args.exclude_synsets)}); '
            f"{unknown} of the {len(names)} left don't say their class."
        )
    if args.subset is not None:
        if not 0 < args.subset <= len(names):
            sys.exit(f'--subset {args.subset}: there are {len(names)} images')
        # Sorted, so that the draw doesn't depend on the order of a list.
        names = sorted(random.Random(args.seed).sample(sorted(names), args.subset))
        header.append(f'Drawn at random: {len(names)}, seed {args.seed}.')
    print('\n'.join(header))
    write_list(
        args.out,
        ['Written by tools/dataset_converters/duts_single.py.', *header],
        names,
    )
    print(f'{args.out}: {len(names)} images')
    return 0


if __name__ == '__main__':
    sys.exit(main.run(sys.modules[__name__], parse_args(), 'duts_single'))
