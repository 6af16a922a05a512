"""Making subsets of a COCO annotation file and of its photos."""

import json
import os
import os.path as osp
import random
import shutil
from collections.abc import Sequence

# COCO's and VOC's names of the categories of Pascal VOC, in the order of
# VOC's ids.
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


def draw_ids(coco: dict, count: int, seed: int) -> list[int]:
    """Draw images at random, whatever their order in the file.

    Args:
        coco (dict): Content of a COCO json.
        count (int): Number of images to draw, 1 or more.
        seed (int): Seed of the draw.

    Returns:
        list[int]: Ids of the images, sorted.

    Raises:
        ValueError: If the file has fewer images, or ``count`` is below 1.
    """
    ids = sorted(image['id'] for image in coco['images'])
    if not 0 < count <= len(ids):
        raise ValueError(f"can't draw {count} of {len(ids)} images")
    return sorted(random.Random(seed).sample(ids, count))


def keep_images(coco: dict, image_ids: Sequence[int]) -> dict:
    """Keep some images and their annotations.

    Args:
        coco (dict): Content of a COCO json.
        image_ids (Sequence[int]): Ids of the images to keep.

    Returns:
        dict: The subset, with images sorted by id. Its images and annotations
        are those of ``coco``, not copies.

    Raises:
        ValueError: If an id belongs to no image.

    Example:
        >>> coco = dict(images=[dict(id=2), dict(id=1)], annotations=[])
        >>> keep_images(coco, [1])['images']
        [{'id': 1}]
    """
    wanted = set(image_ids)
    images = [image for image in coco['images'] if image['id'] in wanted]
    missing = sorted(wanted - {image['id'] for image in images})
    if missing:
        raise ValueError(
            f'{len(missing)} of {len(wanted)} image ids are not '
            f'in the annotations, such as {missing[:5]}'
        )
    return dict(
        coco,
        images=sorted(images, key=lambda image: image['id']),
        annotations=[ann for ann in coco['annotations'] if ann['image_id'] in wanted],
    )


def _keep_category_ids(
    coco: dict, new_id: dict[int, int], categories: list[dict]
) -> dict:
    """Renumber some categories; drop the others, and images without any."""
    annotations = [
        dict(ann, category_id=new_id[ann['category_id']])
        for ann in coco['annotations']
        if ann['category_id'] in new_id
    ]
    left = {ann['image_id'] for ann in annotations}
    return dict(
        coco,
        images=[image for image in coco['images'] if image['id'] in left],
        annotations=annotations,
        categories=categories,
    )


def keep_categories(coco: dict, names: Sequence[str]) -> dict:
    """Keep some categories, and the images that show one of them.

    Args:
        coco (dict): Content of a COCO json.
        names (Sequence[str]): Names of the categories to keep.

    Returns:
        dict: The subset, with unchanged category ids.

    Raises:
        ValueError: If there is no category with one of the names.
    """
    known = {category['name'] for category in coco['categories']}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f'there are no categories {unknown}; the file has {sorted(known)}'
        )
    categories = [c for c in coco['categories'] if c['name'] in set(names)]
    return _keep_category_ids(coco, {c['id']: c['id'] for c in categories}, categories)


def to_voc20(coco: dict) -> dict:
    """Keep VOC's 20 categories, with VOC's names and ids.

    Args:
        coco (dict): Content of a COCO json with COCO's category names.

    Returns:
        dict: The subset, with categories 1 (aeroplane) to 20 (tvmonitor) and
        the images that show one of them.
    """
    voc_id = {name: i for i, name in enumerate(VOC_BY_COCO_NAME, start=1)}
    categories = [
        dict(id=i, name=name, supercategory='none')
        for i, name in enumerate(VOC_BY_COCO_NAME.values(), start=1)
    ]
    new_id = {
        category['id']: voc_id[category['name']]
        for category in coco['categories']
        if category['name'] in voc_id
    }
    return _keep_category_ids(coco, new_id, categories)


def keep_mask_share(coco: dict, share: float, seed: int) -> dict:
    """Remove the masks of all but a share of the annotations.

    This simulates a data set in which few masks were drawn by hand, but many
    boxes. With the same seed a larger share contains the smaller ones. Crowds
    keep their masks and are not counted.

    Args:
        coco (dict): Content of a COCO json.
        share (float): Share of the annotations that keep their masks, in
            [0, 1]. Their number is rounded.
        seed (int): Seed of the draw.

    Returns:
        dict: A copy with new annotations; the input is not changed.

    Raises:
        ValueError: If the share is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f'the share of masks is {share!r}; it must lie in [0, 1]')
    anns = coco['annotations']
    order = [ann['id'] for ann in anns if not ann.get('iscrowd')]
    random.Random(seed).shuffle(order)
    kept = set(order[: round(share * len(order))])
    return dict(
        coco,
        annotations=[
            ann
            if ann.get('iscrowd') or ann['id'] in kept
            else {key: value for key, value in ann.items() if key != 'segmentation'}
            for ann in anns
        ],
    )


def read_coco(path: str) -> dict:
    """Read a COCO json as a dictionary.

    Args:
        path (str): Path of the json.

    Returns:
        dict: Content of the json.

    Raises:
        OSError: If the file can't be read.
        ValueError: If the file is no json, or lacks one of COCO's lists.
    """
    # Some editors put a byte order mark before the text.
    with open(path, encoding='utf-8-sig') as file:
        try:
            coco = json.load(file)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f'{path} is not valid json: {error}') from error
    for key in ('images', 'annotations', 'categories'):
        if not isinstance(coco, dict) or not isinstance(coco.get(key), list):
            raise ValueError(
                f'{path} has no list {key!r}; give a COCO json with instances'
            )
    return coco


def ids_of_lines(coco: dict, lines: Sequence[str], path: str) -> list:
    """Convert image ids from text to numbers if the json has numbers.

    Args:
        coco (dict): Content of a COCO json.
        lines (Sequence[str]): Image ids as text.
        path (str): Path of the file that lists the ids, for the message.

    Returns:
        list[int | str]: The ids as in the json.

    Raises:
        ValueError: If an id belongs to no image.

    Example:
        >>> ids_of_lines(dict(images=[dict(id=7)]), ['7'], 'ids.txt')
        [7]
    """
    by_text = {str(image['id']): image['id'] for image in coco['images']}
    unknown = [line for line in lines if line not in by_text]
    if unknown:
        raise ValueError(
            f'{path}: {len(unknown)} of {len(lines)} image ids '
            f'are not in the annotations, such as {unknown[:5]}'
        )
    return [by_text[line] for line in lines]


def write_coco(path: str, coco: dict) -> None:
    """Write a COCO json, and print how many images and annotations it has.

    Args:
        path (str): Path of the json. Its folder is made if there is none.
        coco (dict): Content of the json.

    Raises:
        OSError: If the file can't be written.
    """
    os.makedirs(osp.dirname(osp.abspath(path)), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(coco, file)
    crowds = sum(ann.get('iscrowd', 0) for ann in coco['annotations'])
    print(
        f'{path}: {len(coco["images"])} images, '
        f'{len(coco["annotations"])} annotations, {crowds} of them crowds'
    )


def take_files(names: Sequence[str], source: str, target: str, copy: bool) -> None:
    """Link or copy files into a folder; existing files are kept.

    Args:
        names (Sequence[str]): Paths of the files, relative to both folders.
        source (str): Folder that has the files.
        target (str): Folder to put them into. It is made if there is none.
        copy (bool): Whether the files are copied instead of linked.

    Raises:
        FileNotFoundError: If a file is missing from ``source``.
        OSError: If a file can't be linked or copied.
    """
    for name in names:
        old = osp.abspath(osp.join(source, name))
        if not osp.isfile(old):
            raise FileNotFoundError(
                f'{old} is missing; it is one of {len(names)} files that are '
                f'needed from {source}'
            )
    for name in names:
        old = osp.abspath(osp.join(source, name))
        new = osp.join(target, name)
        os.makedirs(osp.dirname(osp.abspath(new)), exist_ok=True)
        if osp.lexists(new):
            continue
        if copy:
            shutil.copyfile(old, new)
        else:
            os.symlink(old, new)
    print(f'{target}: {len(names)} files')
