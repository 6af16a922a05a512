"""List the images of DUTS-TR that show a single object.

It needs DUTS-TR (DUTS-TR.zip of http://saliencydetection.net/duts/): the
folder ``DUTS-TR`` with 10,553 photos in ``DUTS-TR-Image`` and as many masks
in ``DUTS-TR-Mask``.

The rule: a mask is the pixels with a grey value above 127. It must be a single
connected component (``--connectivity``), where components smaller than
``--min-area`` pixels don't count. This is not the rule that selected the 7,991
images of the paper, which is not published. With ``--list`` the images are
those of a list, and no rule is applied. ``--exclude-synsets`` then leaves out
images by ImageNet class, and ``--subset`` draws some of the rest at random.

The list has a name on each line, and comments that say how it was made. The
data set of the configs reads it::

    train_dataloader = dict(dataset=dict(
        salient=dict(ann_file='duts_single.txt', single_object=None)))

The numbers are checked: DUTS-TR has 10,553 images, of which the rule without
``--min-area`` keeps 8,721 (4-connected) or 9,367 (8-connected). If a number
differs, nothing is written and the exit code is 1; ``--no-check`` writes the
list anyway.

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
# Numbers of images with one object by connectivity, if all components count.
KNOWN_SINGLES = {4: 8721, 8: 9367}
SYNSET = re.compile(r'n\d{8}(?=_)')


def find_images(duts_root: str, list_file: str) -> list[dict]:
    """Find the photos that have a mask.

    Args:
        duts_root (str): Folder ``DUTS-TR``.
        list_file (str): List of names to use, or ``''`` for all.

    Returns:
        list[dict]: ``img_path`` and ``mask_path`` of each photo, sorted by
        name or in the order of the list.

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
    """Count the objects of each mask.

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
        path (str): Text file whose lines begin with an id, such as
            ``n02084071``. The rest of a line, and lines that begin with
            ``#``, are comments.

    Returns:
        set[str]: The ids.

    Raises:
        ValueError: If a line does not begin with an id, or there is none.
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
        names (Sequence[str]): Names of images, such as ``n02084071_1234``.
        synsets (set[str]): Ids of the classes to leave out.

    Returns:
        tuple[list[str], int]: The remaining names, and how many of them have
        no class in their name.
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
    """Compare numbers of images with the known ones of DUTS-TR.

    Args:
        num_images (int): Number of images with a mask.
        num_singles (int): Number of images with one object.
        connectivity (int): 4 or 8.
        min_area (int): Area of the smallest component that counts, in pixels.

    Returns:
        list[str]: A text for each number that differs.
    """
    off = []
    if num_images != KNOWN_IMAGES:
        off.append(f'{num_images:,} images with a mask, not {KNOWN_IMAGES:,}')
    known = KNOWN_SINGLES[connectivity]
    # Each component has a pixel, so min_area 1 is the same as 0.
    if min_area <= 1 and num_singles != known:
        off.append(
            f'{num_singles:,} images with one {connectivity}-connected '
            f'object, not {known:,}'
        )
    return off


def apply_rule(
    items: Sequence[dict], connectivity: int, min_area: int, no_check: bool
) -> tuple[list[str], list[str]]:
    """Select the images with one object; exit if numbers differ.

    Args:
        items (Sequence[dict]): Images with ``img_path`` and ``mask_path``.
        connectivity (int): 4 or 8.
        min_area (int): Components of fewer pixels don't count.
        no_check (bool): Whether to continue if numbers differ.

    Returns:
        tuple[list[str], list[str]]: Sorted names, and lines that say how they
        were selected.
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
            'writes the list anyway.'
        )
    return names, header


def write_list(path: str, header: Sequence[str], names: Sequence[str]) -> None:
    """Write the list of names with comments at its beginning.

    Args:
        path (str): Path of the list; its folder is made.
        header (Sequence[str]): Comments, without ``#``.
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
        help='neighbours of a pixel that belong to the same object (default: '
        '4, as in the configs)',
    )
    parser.add_argument(
        '--min-area',
        type=int,
        default=0,
        help='components with fewer pixels do not count (default: 0)',
    )
    parser.add_argument(
        '--list', help='take the images of this list instead of applying the rule'
    )
    parser.add_argument(
        '--exclude-synsets',
        metavar='FILE',
        help='list of ImageNet classes, such as n02084071, whose images are '
        'left out; the subclasses of a class must be listed too',
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
        help='write the list even if the numbers are not the known ones',
    )
    parsed = parser.parse_args(args)
    if parsed.list and (parsed.connectivity, parsed.min_area) != (4, 0):
        parser.error(
            '--list replaces the rule, so --connectivity and --min-area have no '
            'effect: leave them out'
        )
    return parsed


def run(args: argparse.Namespace) -> int:
    """Write the list; returns the exit status."""
    # Read first, so that a mistake in it is an error before the counting.
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
        # Sorted, so that the choice doesn't depend on the order of a list.
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
