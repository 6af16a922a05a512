"""Cut a subset out of a COCO annotation file, and of its images if asked.

The images are given by a list of ids, or drawn at random, or all are taken.
Annotations, crowds included, and their order stay as they are.  With
``--categories`` or ``--voc20`` images without an annotation that is left are
left out too.

Example:
    python tools/dataset_converters/coco_subset.py \
        data/coco/annotations/instances_val2017.json \
        data/coco_100/annotations/instances_val2017.json \
        --count 100 --seed 0 --voc20 \
        --img-dir data/coco/val2017 --out-img-dir data/coco_100/val2017
"""
import argparse
import json
import os
import os.path as osp
import random
import shutil
from typing import Dict, List, Optional, Sequence

# COCO's names of the categories of PASCAL VOC, in the order of VOC's ids.
VOC_BY_COCO_NAME = {
    'airplane': 'aeroplane',
    'bicycle': 'bicycle',
    'bird': 'bird',
    'boat': 'boat',
    'bottle': 'bottle',
    'bus': 'bus',
    'car': 'car',
    'cat': 'cat',
    'chair': 'chair',
    'cow': 'cow',
    'dining table': 'diningtable',
    'dog': 'dog',
    'horse': 'horse',
    'motorcycle': 'motorbike',
    'person': 'person',
    'potted plant': 'pottedplant',
    'sheep': 'sheep',
    'couch': 'sofa',
    'train': 'train',
    'tv': 'tvmonitor',
}


def read_lines(path: str) -> List[str]:
    """Lines of a list file, without blank ones.

    Args:
        path (str): Text file with one entry a line.

    Returns:
        list[str]: The entries.

    Raises:
        ValueError: If there is none.
    """
    with open(path, encoding='utf-8') as file:
        lines = [line.strip() for line in file if line.strip()]
    if not lines:
        raise ValueError(f'{path} lists nothing; put one entry on a line')
    return lines


def draw_ids(coco: Dict, count: int, seed: int) -> List[int]:
    """Draw images at random.

    Args:
        coco (dict): COCO annotations.
        count (int): Number of images.
        seed (int): Seed of the draw; it doesn't depend on the order of the
            images.

    Returns:
        list[int]: Ids of the images, ascending.

    Raises:
        ValueError: If there are fewer images than that.
    """
    ids = sorted(image['id'] for image in coco['images'])
    if not 0 < count <= len(ids):
        raise ValueError(f'can\'t draw {count} of {len(ids)} images')
    return sorted(random.Random(seed).sample(ids, count))


def keep_images(coco: Dict, image_ids: Sequence[int]) -> Dict:
    """Keep the images of a list, and their annotations.

    Args:
        coco (dict): COCO annotations.
        image_ids (Sequence[int]): Ids of the images to keep.

    Returns:
        dict: The subset, images by ascending id; its entries are those of
        ``coco``, not copies.

    Raises:
        ValueError: If there is no image of some id.
    """
    wanted = set(image_ids)
    images = [image for image in coco['images'] if image['id'] in wanted]
    missing = sorted(wanted - {image['id'] for image in images})
    if missing:
        raise ValueError(f'{len(missing)} of {len(wanted)} image ids are not '
                         f'in the annotations, the first: {missing[:5]}')
    return dict(
        coco,
        images=sorted(images, key=lambda image: image['id']),
        annotations=[
            ann for ann in coco['annotations'] if ann['image_id'] in wanted
        ])


def _keep_category_ids(coco: Dict, new_id: Dict[int, int],
                       categories: List[Dict]) -> Dict:
    """Renumber the categories; drop the others, and images left without."""
    annotations = [
        dict(ann, category_id=new_id[ann['category_id']])
        for ann in coco['annotations'] if ann['category_id'] in new_id
    ]
    left = {ann['image_id'] for ann in annotations}
    return dict(
        coco,
        images=[image for image in coco['images'] if image['id'] in left],
        annotations=annotations,
        categories=categories)


def keep_categories(coco: Dict, names: Sequence[str]) -> Dict:
    """Keep some categories, and the images that show one of them.

    Args:
        coco (dict): COCO annotations.
        names (Sequence[str]): Names of the categories to keep.

    Returns:
        dict: The subset, category ids unchanged.

    Raises:
        ValueError: If there is no category of some name.
    """
    known = {category['name'] for category in coco['categories']}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f'no categories of the names {unknown}; there are '
                         f'{sorted(known)}')
    categories = [c for c in coco['categories'] if c['name'] in set(names)]
    return _keep_category_ids(coco, {c['id']: c['id']
                                     for c in categories}, categories)


def to_voc20(coco: Dict) -> Dict:
    """Keep VOC's 20 categories under VOC's names and ids.

    Args:
        coco (dict): COCO annotations with COCO's category names.

    Returns:
        dict: The subset, categories 1 (aeroplane) to 20 (tvmonitor), without
        the images that show none of them.
    """
    voc_id = {name: i for i, name in enumerate(VOC_BY_COCO_NAME, start=1)}
    categories = [
        dict(id=i, name=name, supercategory='none')
        for i, name in enumerate(VOC_BY_COCO_NAME.values(), start=1)
    ]
    new_id = {
        category['id']: voc_id[category['name']]
        for category in coco['categories'] if category['name'] in voc_id
    }
    return _keep_category_ids(coco, new_id, categories)


def read_coco(path: str) -> Dict:
    """Read a COCO annotation file.

    Args:
        path (str): The json file.

    Returns:
        dict: The annotations.

    Raises:
        KeyError: If it lacks one of COCO's lists.
    """
    with open(path, encoding='utf-8') as file:
        coco = json.load(file)
    for key in ('images', 'annotations', 'categories'):
        if key not in coco:
            raise KeyError(
                f'{path} has no {key!r}; give a COCO instances file')
    return coco


def write_coco(path: str, coco: Dict) -> None:
    """Write COCO annotations and print what they hold.

    Args:
        path (str): The json file; its folder is made.
        coco (dict): The annotations.
    """
    os.makedirs(osp.dirname(osp.abspath(path)), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(coco, file)
    crowds = sum(ann.get('iscrowd', 0) for ann in coco['annotations'])
    print(f'{path}: {len(coco["images"])} images, '
          f'{len(coco["annotations"])} annotations, {crowds} of them crowds')


def take_files(names: Sequence[str], source: str, target: str,
               copy: bool) -> None:
    """Link or copy files into a folder; those that are there are kept.

    Args:
        names (Sequence[str]): Names of the files, relative to both folders.
        source (str): Folder that has them.
        target (str): Folder to put them into; it is made.
        copy (bool): Copy rather than link.

    Raises:
        FileNotFoundError: If a file is missing from ``source``.
    """
    for name in names:
        old = osp.abspath(osp.join(source, name))
        new = osp.join(target, name)
        if not osp.isfile(old):
            raise FileNotFoundError(
                f'{old} is missing, one of {len(names)} files wanted of '
                f'{source}')
        os.makedirs(osp.dirname(osp.abspath(new)), exist_ok=True)
        if osp.lexists(new):
            continue
        if copy:
            shutil.copyfile(old, new)
        else:
            os.symlink(old, new)
    print(f'{target}: {len(names)} files')


def parse_args(args: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('ann', help='COCO annotation file to cut from')
    parser.add_argument('out', help='annotation file to write')
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--ids', help='text file, an image id a line')
    which.add_argument('--count', type=int, help='images to draw at random')
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of --count (default: 0)')
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        '--categories', nargs='+', help='names of the categories to keep')
    what.add_argument(
        '--voc20',
        action='store_true',
        help='keep VOC\'s 20 categories, with VOC\'s names and ids')
    parser.add_argument('--img-dir', help='folder of the images')
    parser.add_argument('--out-img-dir', help='folder to link them into')
    parser.add_argument(
        '--copy', action='store_true', help='copy the images, don\'t link')
    parsed = parser.parse_args(args)
    if (parsed.img_dir is None) != (parsed.out_img_dir is None):
        parser.error('--img-dir and --out-img-dir go together')
    return parsed


def main() -> None:
    """Run the command line tool."""
    args = parse_args()
    coco = read_coco(args.ann)
    if args.ids is not None:
        coco = keep_images(coco, [int(line) for line in read_lines(args.ids)])
    elif args.count is not None:
        coco = keep_images(coco, draw_ids(coco, args.count, args.seed))
    if args.categories is not None:
        coco = keep_categories(coco, args.categories)
    elif args.voc20:
        coco = to_voc20(coco)
    write_coco(args.out, coco)
    if args.img_dir is not None:
        names = [image['file_name'] for image in coco['images']]
        take_files(names, args.img_dir, args.out_img_dir, args.copy)


if __name__ == '__main__':
    main()
