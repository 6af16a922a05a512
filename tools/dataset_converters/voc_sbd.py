"""Convert VOC 2012 and SBD to COCO json: train_aug and val, with masks.

It needs these archives, unpacked:

- VOC 2012, VOCtrainval_11-May-2012.tar of
  http://host.robots.ox.ac.uk/pascal/VOC/voc2012/: the folder
  ``VOCdevkit/VOC2012`` with ``JPEGImages``, ``Annotations``,
  ``SegmentationObject``, ``SegmentationClass`` and ``ImageSets/Segmentation``;
- SBD, benchmark.tgz of
  http://home.bharathh.info/pubs/codes/SBD/download.html: the folder
  ``benchmark_RELEASE/dataset`` with ``inst``, ``train.txt`` and ``val.txt``.

train_aug is the union of SBD and VOC's segmentation train, without the images
of VOC's segmentation val, some of which SBD has too. Images that are in both
get VOC's instances. It writes::

    OUT/annotations/instances_train_aug.json    10,582 images
    OUT/annotations/instances_val.json           1,449 images
    OUT/JPEGImages/                             links to the photos

If the numbers are not the known ones, nothing is written and the exit code is
1; ``--no-check`` writes the files anyway. docs/data.md explains the rules and the
numbers.

Example:
    python tools/dataset_converters/voc_sbd.py VOCdevkit/VOC2012 \
        benchmark_RELEASE/dataset --out data/voc
"""

import argparse
import os.path as osp
import sys
from collections import Counter
from collections.abc import Callable, Sequence

from mmboxcaseg.cli import main
from mmboxcaseg.converters.coco_subset import take_files, write_coco
from mmboxcaseg.converters.voc_instances import (
    CLASSES,
    import_loadmat,
    read_objects,
    sbd_instances,
    voc_instances,
)
from mmboxcaseg.progress import show_progress
from mmboxcaseg.text import read_lines

KNOWN_IMAGES = {
    'images of VOC train': 1464,
    'images of VOC val': 1449,
    'images of SBD': 11355,
    'images of train_aug': 10582,
}
# How the paper counted is not published, so no rule gives its number exactly.
# With difficult objects for which SBD has no mask, or with the images of val,
# there would be a tenth more.
PAPER_INSTANCES = 25815
INSTANCE_TOLERANCE = 0.03

# Names of images by the name of their set.
Splits = dict[str, list[str]]


def read_splits(voc_root: str, sbd_root: str) -> Splits:
    """Read the names of the images of each set.

    Args:
        voc_root (str): Folder ``VOC2012``.
        sbd_root (str): Folder ``dataset`` of SBD.

    Returns:
        dict[str, list[str]]: Sorted names of the sets ``voc_train``, ``val``,
        ``sbd`` and ``train_aug``, which has no image of ``val``.
    """

    def names(*path: str) -> set:
        return set(read_lines(osp.join(*path)))

    lists = (voc_root, 'ImageSets', 'Segmentation')
    train = names(*lists, 'train.txt')
    val = names(*lists, 'val.txt')
    sbd = names(sbd_root, 'train.txt') | names(sbd_root, 'val.txt')
    splits = dict(voc_train=train, val=val, sbd=sbd, train_aug=(sbd | train) - val)
    return {key: sorted(value) for key, value in splits.items()}


def check_images(splits: Splits) -> list[str]:
    """Compare the sizes of the sets with the known ones.

    Args:
        splits (dict[str, list[str]]): Names of :func:`read_splits`.

    Returns:
        list[str]: A text for each set whose size differs.
    """
    found = dict(
        zip(
            KNOWN_IMAGES,
            (len(splits[key]) for key in ('voc_train', 'val', 'sbd', 'train_aug')),
        )
    )
    return [
        f'{found[key]:,} {key}, not {known:,}'
        for key, known in KNOWN_IMAGES.items()
        if found[key] != known
    ]


def check_instances(train_aug: dict, odd: Counter) -> list[str]:
    """Check the instances of train_aug.

    Args:
        train_aug (dict): The converted set, content of a COCO json.
        odd (Counter): Counts of inconsistencies in VOC's images.

    Returns:
        list[str]: A text for each check that failed.
    """
    count = len(train_aug['annotations'])
    off = []
    if abs(count / PAPER_INSTANCES - 1) > INSTANCE_TOLERANCE:
        off.append(
            f'{count:,} instances of train_aug, more than '
            f"{INSTANCE_TOLERANCE:.0%} off the paper's "
            f'{PAPER_INSTANCES:,}'
        )
    mixed = odd['masks of another class than the object']
    if mixed > 0.01 * count:
        off.append(
            f'{mixed:,} masks are of another class than the object of '
            "their number: masks and XML files don't belong together"
        )
    return off


def convert(names: Sequence[str], read: Callable, title: str) -> dict:
    """Convert a set of images.

    Args:
        names (Sequence[str]): Names of the images.
        read (Callable[[str], tuple[dict, list[dict]]]): Function of a name
            that returns the image and its annotations.
        title (str): Title of the progress bar.

    Returns:
        dict: Content of a COCO json with VOC's 20 categories, ids 1 to 20.
    """
    coco = dict(
        images=[],
        annotations=[],
        categories=[
            dict(id=i, name=name, supercategory='none')
            for i, name in enumerate(CLASSES, start=1)
        ],
    )
    with show_progress(len(names), title) as update:
        for name in names:
            image, anns = read(name)
            coco['images'].append(image)
            for ann in anns:
                number = len(coco['annotations']) + 1
                coco['annotations'].append(dict(id=number, **ann))
            update(1, len(anns))
    return coco


def count_shown(names: Sequence[str], title: str, count: Callable[[str], int]) -> int:
    """Sum up a count over images, with a progress bar.

    Args:
        names (Sequence[str]): Names of the images.
        title (str): Title of the progress bar.
        count (Callable[[str], int]): Function of a name that returns the
            count of the image.

    Returns:
        int: The sum.
    """
    total = 0
    with show_progress(len(names), title) as update:
        for name in names:
            found = count(name)
            total += found
            update(1, found)
    return total


def count_other_rules(
    voc_root: str, sbd_root: str, splits: Splits, train_aug: dict
) -> dict[str, int]:
    """Count the instances that train_aug would have by other rules.

    Args:
        voc_root (str): Folder ``VOC2012``.
        sbd_root (str): Folder ``dataset`` of SBD.
        splits (dict[str, list[str]]): Names of :func:`read_splits`.
        train_aug (dict): The converted set, content of a COCO json.

    Returns:
        dict[str, int]: Number of instances by rule, ours first.
    """
    ours = len(train_aug['annotations'])
    both = set(splits['voc_train']) & set(splits['sbd'])
    file_names = {f'{name}.jpg' for name in both}
    ids = {
        image['id'] for image in train_aug['images'] if image['file_name'] in file_names
    }
    of_voc = sum(ann['image_id'] in ids for ann in train_aug['annotations'])
    unused: Counter = Counter()
    of_sbd = count_shown(
        sorted(both),
        "SBD's masks of VOC's train",
        lambda name: len(sbd_instances(voc_root, sbd_root, name, unused)[1]),
    )
    difficult: Counter = Counter()

    def count_objects(name: str) -> int:
        path = osp.join(voc_root, 'Annotations', f'{name}.xml')
        objects = read_objects(path)
        difficult.update(item['difficult'] for item in objects)
        return len(objects)

    everything = count_shown(splits['train_aug'], 'boxes of the XML', count_objects)
    return {
        "masks, VOC's before SBD's (written)": ours,
        "masks, SBD's before VOC's": ours - of_voc + of_sbd,
        'objects of the XML, not difficult': difficult[0],
        'objects of the XML, all': everything,
    }


def print_summary(
    splits: Splits,
    sets: dict[str, dict],
    odd: dict[str, Counter],
    rules: dict[str, int],
) -> None:
    """Print what was found."""
    sbd = set(splits['sbd'])
    print(
        f"SBD has {len(sbd & set(splits['val'])):,} images of VOC's val, "
        f'which are kept out of train_aug, and '
        f'{len(sbd & set(splits["voc_train"])):,} of its train'
    )
    for key, coco in sets.items():
        anns = coco['annotations']
        sources = Counter(image['source'] for image in coco['images'])
        empty = len(coco['images']) - len({ann['image_id'] for ann in anns})
        print(
            f'{key}: {len(coco["images"]):,} images ('
            f"{sources['voc']:,} with VOC's masks, {sources['sbd']:,} with "
            f"SBD's; {empty:,} without instances), {len(anns):,} "
            f'instances, {sum(a.get("difficult", 0) for a in anns):,} of '
            'them difficult'
        )
        for what, count in sorted(odd[key].items()):
            print(f'    {what}: {count:,}')
    print(f'instances of train_aug by rule; the paper has {PAPER_INSTANCES:,}:')
    for rule, count in rules.items():
        print(f'    {rule}: {count:,} ({count - PAPER_INSTANCES:+,})')


def stop_if_off(off: list[str], no_check: bool) -> None:
    """Exit if a check failed; with ``no_check``, only print it."""
    if not off:
        return
    message = '\n'.join(f'CHECK FAILED: {sentence}' for sentence in off)
    if no_check:
        print(message)
    else:
        sys.exit(
            f'{message}\nNothing was written. See docs/data.md for what '
            'the archives must contain; --no-check writes the files anyway.'
        )


def parse_args(args: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('voc_root', help='folder VOCdevkit/VOC2012')
    parser.add_argument('sbd_root', help='folder benchmark_RELEASE/dataset')
    parser.add_argument(
        '--out', default='data/voc', help='folder to write (default: data/voc)'
    )
    parser.add_argument(
        '--copy', action='store_true', help='copy the photos instead of linking them'
    )
    parser.add_argument(
        '--no-check',
        action='store_true',
        help='write the files even if the numbers are not the known ones',
    )
    return parser.parse_args(args)


def run(args: argparse.Namespace) -> int:
    """Convert both sets; returns the exit status."""
    import_loadmat()
    voc_root, sbd_root = args.voc_root, args.sbd_root
    splits = read_splits(voc_root, sbd_root)
    stop_if_off(check_images(splits), args.no_check)

    odd: dict[str, Counter] = dict(train_aug=Counter(), val=Counter())
    in_voc = set(splits['voc_train'])

    def read_train(name: str):
        if name in in_voc:
            return voc_instances(voc_root, name, odd['train_aug'])
        return sbd_instances(voc_root, sbd_root, name, odd['train_aug'])

    sets = dict(
        train_aug=convert(splits['train_aug'], read_train, 'train_aug'),
        val=convert(
            splits['val'], lambda name: voc_instances(voc_root, name, odd['val']), 'val'
        ),
    )
    rules = count_other_rules(voc_root, sbd_root, splits, sets['train_aug'])
    print_summary(splits, sets, odd, rules)
    stop_if_off(check_instances(sets['train_aug'], odd['train_aug']), args.no_check)

    for key, coco in sets.items():
        write_coco(osp.join(args.out, 'annotations', f'instances_{key}.json'), coco)
    take_files(
        [image['file_name'] for coco in sets.values() for image in coco['images']],
        osp.join(voc_root, 'JPEGImages'),
        osp.join(args.out, 'JPEGImages'),
        args.copy,
    )
    return 0


if __name__ == '__main__':
    sys.exit(main.run(sys.modules[__name__], parse_args(), 'voc_sbd'))
