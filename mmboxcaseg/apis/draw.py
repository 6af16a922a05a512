"""Pictures of proxy masks, image after image or on one sheet."""

import os.path as osp
from collections.abc import Iterable, Sequence

import numpy as np

from mmboxcaseg import visualization as vis
from mmboxcaseg.annotations import BoxFile, MaskFile, read_proxy_masks, with_decisions
from mmboxcaseg.progress import show_progress
from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR, ignored_masks

# Photos on sheets are scaled to fit a square of this side, in pixels.
PHOTO_SIDE = 400


def draw_masks(
    masks: str,
    img_dir: str,
    out: str | None = None,
    *,
    images: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    only_ignored: bool = False,
    agreement_thr: float = DEFAULT_AGREEMENT_THR,
    confidence_thr: float | None = None,
    num: int | None = None,
    side: int = 1000,
    decisions: str | None = None,
) -> list[str]:
    """Draw the masks of a file on their photos.

    Every mask is drawn with its class and its scores; ignored ones are
    hatched in red.

    Args:
        masks (str): A file of :func:`make_proxy_masks`.
        img_dir (str): Folder of its photos.
        out (str | None): Folder to write to as PNGs. None opens each picture
            in a window; closing it goes on. Defaults to None.
        images (Sequence[str] | None): Ids or file names of the images to
            draw. Defaults to None: all that have masks.
        classes (Sequence[str] | None): Only images with an object of one of
            these classes. Defaults to None.
        only_ignored (bool): Whether only images with an ignored mask are
            drawn. Defaults to False.
        agreement_thr (float): Masks with a lower agreement, in [0, 1], are
            ignored. Defaults to 0.95.
        confidence_thr (float | None): So are those with a lower confidence,
            in [0, 1]. Defaults to None.
        num (int | None): Most images. Defaults to None: all.
        side (int): Longer side of the pictures in pixels. Defaults to 1000.
        decisions (str | None): File of what was decided about the masks,
            which the page of :func:`make_report` saves; it is applied.
            Defaults to None.

    Returns:
        list[str]: Paths of the pictures that were written.

    Raises:
        OSError: If the file, the folder of the photos or a photo is not
            there.
        ValueError: If an option is out of its range, the file is of another
            kind, an image or class that was asked for isn't in it, no image
            is left, a photo doesn't fit its masks, or there is no display.
    """
    for name, value in (('num', num), ('side', side)):
        if value is not None and value < 1:
            raise ValueError(f'{name} must be at least 1, not {value}')
    if not osp.isdir(img_dir):
        raise FileNotFoundError(f'no folder of photos {img_dir}')
    file = with_decisions(read_proxy_masks(masks), decisions)
    chosen = choose_images(
        file, images, classes, only_ignored, agreement_thr, confidence_thr
    )[:num]
    if not chosen:
        raise ValueError(f'{masks}: no image to draw')

    def picture(image: int) -> vis.Cell:
        return vis.image_picture(
            file, image, img_dir, side, agreement_thr, confidence_thr, with_classes=True
        )

    if out is None:
        for image in chosen:
            cell = picture(image)
            show(cell.image, cell.caption.replace('\n', ': '))
        return []
    written = []
    with show_progress(len(chosen), 'drawing') as update:
        for image in chosen:
            path = osp.join(out, picture_name(file.boxes, image))
            vis.write_png(path, picture(image).image)
            written.append(path)
            update(1, len(file.boxes.usable_places(image)))
    return written


def choose_images(
    masks: MaskFile,
    images: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    only_ignored: bool = False,
    agreement_thr: float = DEFAULT_AGREEMENT_THR,
    confidence_thr: float | None = None,
) -> list[int]:
    """Choose the images to draw, see :func:`draw_masks`.

    Args:
        masks (MaskFile): Proxy masks.
        images (Sequence[str] | None): Ids or file names. Defaults to None.
        classes (Sequence[str] | None): Names of classes. Defaults to None.
        only_ignored (bool): Defaults to False.
        agreement_thr (float): Defaults to 0.95.
        confidence_thr (float | None): Defaults to None.

    Returns:
        list[int]: Their places in the order of the file.

    Raises:
        ValueError: If an image or class isn't there.
    """
    boxes = masks.boxes
    _check_there(
        boxes.path, 'images', images, (*map(str, boxes.image_ids), *boxes.file_names)
    )
    _check_there(boxes.path, 'classes', classes, boxes.category_names)
    kept = np.ones(len(boxes.image_ids), dtype=bool)
    # An image without masks is of interest only to who asks for it.
    if images is None:
        kept &= _have(boxes, ~boxes.crowd)
    else:
        asked = set(images)
        kept &= np.array(
            [
                bool(asked & {str(image_id), name})
                for image_id, name in zip(boxes.image_ids, boxes.file_names)
            ]
        )
    if classes is not None:
        wanted = np.isin(np.array(boxes.category_names, dtype=object), list(classes))
        kept &= _have(boxes, wanted[boxes.category_index] & ~boxes.crowd)
    if only_ignored:
        # Crowds have NaN, which is below nothing.
        kept &= _have(
            boxes,
            ignored_masks(
                masks.agreement,
                masks.confidence,
                agreement_thr,
                confidence_thr,
                masks.rejected,
            ),
        )
    return np.flatnonzero(kept).tolist()


def _check_there(
    path: str, what: str, asked: Sequence[str] | None, there: Iterable[str]
) -> None:
    known = set(there)
    missing = [name for name in asked or () if name not in known]
    if missing:
        raise ValueError(f'{what}: {missing[0]} is not in {path}')


def _have(boxes: BoxFile, chosen: np.ndarray) -> np.ndarray:
    """Which images have one of some annotations, bool, shape (I,)."""
    return np.bincount(boxes.image_index[chosen], minlength=len(boxes.image_ids)) > 0


def picture_name(boxes: BoxFile, image: int) -> str:
    """Name of the PNG of an image.

    Args:
        boxes (BoxFile): The boxes.
        image (int): Place of the image.

    Returns:
        str: ``<id>_<name of the photo>.png``: file names of two folders, or
        with two endings, may be alike.
    """
    name = osp.splitext(boxes.file_names[image])[0]
    name = f'{boxes.image_ids[image]}_{name}'
    return f'{name}.png'.replace('/', '_').replace('\\', '_')


def show(picture: np.ndarray, title: str) -> None:
    """Open a picture in a window until it is closed.

    Args:
        picture (np.ndarray): RGB, uint8, shape (H, W, 3).
        title (str): Title of the window.

    Raises:
        ValueError: If there is no display.
    """
    from matplotlib import pyplot

    if pyplot.get_backend().lower() == 'agg':
        raise ValueError(
            'there is no display to open a window on; save the pictures with --out DIR'
        )
    figure = pyplot.figure(title, layout='constrained')
    axes = figure.add_subplot()
    axes.imshow(picture)
    axes.set_axis_off()
    pyplot.show()


def proxy_sheet(
    masks: str,
    img_dir: str,
    num: int = 6,
    agreement_thr: float = DEFAULT_AGREEMENT_THR,
    max_instances: int = 12,
    seed: int = 0,
) -> np.ndarray:
    """Some images of a file of proxy masks, the ignored masks hatched.

    Args:
        masks (str): A file of :func:`make_proxy_masks`.
        img_dir (str): Folder of its photos.
        num (int): Images to draw, chosen at random. Defaults to 6.
        agreement_thr (float): Masks with a lower agreement are ignored.
            Defaults to 0.95.
        max_instances (int): Images with more masks are not drawn. Defaults
            to 12.
        seed (int): Seed of the choice. Defaults to 0.

    Returns:
        np.ndarray: The sheet, RGB, uint8.

    Raises:
        OSError: If there is no such file or photo.
        ValueError: If the file is of another kind, no image has as few
            masks, or a photo doesn't fit its masks.
    """
    file = read_proxy_masks(masks)
    boxes = file.boxes
    counts = np.bincount(
        boxes.image_index[~boxes.crowd], minlength=len(boxes.image_ids)
    )
    images = np.flatnonzero((counts > 0) & (counts <= max_instances)).tolist()
    if not images:
        raise ValueError(f'{masks}: no image has between 1 and {max_instances} masks')
    cells = [
        vis.image_picture(file, images[index], img_dir, PHOTO_SIDE, agreement_thr)
        for index in choose(num, len(images), seed)
    ]
    ignored = ignored_masks(
        file.agreement[~boxes.crowd],
        agreement_thr=agreement_thr,
        rejected=file.rejected[~boxes.crowd],
    )
    legend = vis.score_legend(file.confidence is not None)
    return vis.make_sheet(
        vis.in_rows(cells, 3),
        f'{osp.basename(masks)}: proxy masks',
        f'{100 * ignored.mean():.0f} % of all {len(ignored)} masks are '
        f'ignored, with an agreement below {agreement_thr:g}; {legend}',
        legend=[
            (vis.swatch(vis.color_of(0), 'mask'), 'kept'),
            (vis.swatch(vis.IGNORED, 'hatched'), 'ignored: only box and class train'),
        ],
    )


def choose(count: int, total: int, seed: int) -> list[int]:
    """``count`` of ``total`` numbers (or all), drawn at random, sorted."""
    return sorted(np.random.default_rng(seed).permutation(total)[:count].tolist())
