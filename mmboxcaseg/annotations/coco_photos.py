"""Correcting the names and sizes of the photos in a COCO json."""

import os.path as osp

from .box_file import Id, SkippedFile
from .photos import photo_size
from .resolve import PhotoFinder, base_name, stays_below


def put_names_right(images: list[dict], finder: PhotoFinder) -> set[Id]:
    """Replace file names that don't quite match by those of the photos.

    A photo that another image names exactly is not used.

    Args:
        images (list[dict]): Images of a COCO json. ``file_name`` is changed
            in place if the photo has a slightly different name.
        finder (PhotoFinder): Finder in the folder of the photos.

    Returns:
        set[int | str]: Ids of the images whose photo was not found.
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
    """Read missing sizes from the photos.

    Args:
        content (dict): Content of a COCO json. Sizes are filled in in place.
            An image whose photo can't be read is removed together with its
            annotations.
        finder (PhotoFinder): Finder in the folder of the photos.
        path (str): Path of the file, for messages.

    Returns:
        list[SkippedFile]: The images that were removed.

    Raises:
        ValueError: If the name of an image without a size leads out of the
            folder.
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
                    f'no "width" and "height", and the photo can\'t be read: {error}',
                )
            )
            continue
        image['height'], image['width'] = size
    if unknown:
        # An id may be a number in one list and text in the other.
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
    """Check that an image lies below the image folder.

    Args:
        name (str): ``file_name`` of the image.
        image_id (int | str): Id of the image, for the message.
        path (str): Path of the annotation file, for the message.
        finder (PhotoFinder, optional): Finder of the photo that the message
            suggests. Defaults to None: no suggestion.

    Raises:
        ValueError: If the name is empty, absolute, or leads out of the
            folder by ``..``.
    """
    if stays_below(name):
        return
    found = finder and finder.find(base_name(name))
    hint = f'; perhaps {found}' if found else ''
    raise ValueError(
        f'{path}: "file_name" of image {image_id!r} is {name!r}; it must be '
        'a path below the image folder, neither absolute nor with '
        f'".."{hint}'
    )
