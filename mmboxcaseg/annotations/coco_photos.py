"""The photos of a COCO json: their names and sizes put right."""

import os.path as osp

from .box_file import Id, SkippedFile
from .photos import photo_size
from .resolve import PhotoFinder, base_name, stays_below


def put_names_right(images: list[dict], finder: PhotoFinder) -> set[Id]:
    """Give images the names of the photos that are meant.

    A photo that another image names as it is called is not taken.

    Args:
        images (list[dict]): The images; ``file_name`` is changed in place
            where a photo of another name is found.
        finder (PhotoFinder): It finds the photos.

    Returns:
        set: Ids of the images whose photo is not there.
    """
    missing = [image for image in images if not finder.has(image['file_name'])]
    if not missing:
        return set()
    lacking = set(map(id, missing))
    taken = {
        osp.normpath(image['file_name']) for image in images if id(image) not in lacking
    }
    gone = set()
    for image in missing:
        name = image['file_name']
        found = finder.find(name) if stays_below(name) else None
        if found and osp.normpath(found) not in taken:
            image['file_name'] = found
        elif '\0' in name or not osp.isfile(osp.join(finder.img_dir, name)):
            gone.add(image['id'])
    return gone


def ask_sizes(content: dict, finder: PhotoFinder, path: str) -> list[SkippedFile]:
    """Ask photos for sizes that are missing.

    Args:
        content (dict): Content of a COCO json; sizes are put into it, and
            images whose photo can't be asked leave it with their annotations.
        finder (PhotoFinder): It has the folder of the photos.
        path (str): What to call the file in messages.

    Returns:
        list[SkippedFile]: The images that left.

    Raises:
        ValueError: If the name of such an image leads out of the folder.
    """
    unknown: set[Id] = set()
    left_out = []
    for image in content['images']:
        if image['height'] and image['width']:
            continue
        name = image['file_name']
        check_file_name(name, image['id'], path, finder)
        try:
            size = photo_size(osp.join(finder.img_dir, name))
        except ValueError as error:
            unknown.add(image['id'])
            left_out.append(
                SkippedFile(
                    name,
                    f'no "width" and "height", and the photo can\'t be asked: {error}',
                )
            )
            continue
        image['height'], image['width'] = size
    if unknown:
        # An id that is text here and a number there is the same.
        texts = {str(one) for one in unknown}
        content['images'] = [
            image for image in content['images'] if image['id'] not in unknown
        ]
        content['annotations'] = [
            ann
            for ann in content['annotations']
            if str(ann.get('image_id')) not in texts
        ]
    return left_out


def check_file_name(
    name: str, image_id: Id, path: str, finder: PhotoFinder | None = None
) -> None:
    """Check that an image lies below the folder of the images.

    Args:
        name (str): Its ``file_name``.
        image_id (int | str): Its id.
        path (str): What to call the file in messages.
        finder (PhotoFinder, optional): It looks for a photo to name in the
            message. Defaults to None.

    Raises:
        ValueError: If the name is empty, absolute, or climbs out of the
            folder by ``..``.
    """
    if stays_below(name):
        return
    found = finder and finder.find(base_name(name))
    hint = f'; perhaps {found}' if found else ''
    raise ValueError(
        f'{path}: "file_name" of image {image_id!r} is {name!r}; it must be '
        'a path below the folder of the images, neither absolute nor with '
        f'".."{hint}'
    )
