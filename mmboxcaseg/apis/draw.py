"""Drawing proxy masks, one picture per image or many images on a sheet."""

import logging
import os.path as osp
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from mmboxcaseg import visualization as vis
from mmboxcaseg.annotations import BoxFile, MaskFile, read_proxy_masks, with_decisions
from mmboxcaseg.annotations.output import check_not_photos, check_output_folder
from mmboxcaseg.annotations.photos import check_photo_folder
from mmboxcaseg.progress import show_progress
from mmboxcaseg.text import listed
from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR, ignored_masks

_log = logging.getLogger(__name__)

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
    agreement_thr: float | None = None,
    confidence_thr: float | None = None,
    num: int | None = None,
    side: int = 1000,
    decisions: str | None = None,
    on_skip: Callable[[str], None] | None = None,
) -> list[str]:
    """Draw proxy masks on their photos.

    Photos that are missing are skipped, with a warning that counts them.

    Every mask is drawn with its class and its scores. Masks below a threshold
    that is given, and those that a person rejected, are hatched in red: the
    training of a detector would ignore them.

    Args:
        masks (str): A file of :func:`make_proxy_masks`.
        img_dir (str): Folder of its photos.
        out (str | None): Folder to write the pictures to, as PNGs. Defaults
            to None: each picture opens in a window until it is closed.
        images (Sequence[str] | None): Ids or file names of the images to
            draw. Defaults to None: all that have masks.
        classes (Sequence[str] | None): Only images with an object of one of
            these classes. Defaults to None.
        only_ignored (bool): Whether only images with a hatched mask are
            drawn. Defaults to False.
        agreement_thr (float | None): Threshold of the agreement, in [0, 1]:
            masks with a lower one are hatched. Defaults to None, see
            :func:`draw_threshold`.
        confidence_thr (float | None): Threshold of the confidence, in [0, 1].
            Defaults to None: confidence is not looked at.
        num (int | None): Largest number of images. Defaults to None: all.
        side (int): Longer side of the pictures in pixels. Defaults to 1000.
        decisions (str | None): File of decisions about the masks, as the page
            of :func:`make_report` saves it. They are applied to the masks
            before drawing. Defaults to None.
        on_skip (Callable[[str], None] | None): Function that gets the file
            name of each photo that is skipped. Defaults to None.

    Returns:
        list[str]: Paths of the pictures written; empty if ``out`` is None.

    Raises:
        OSError: If the file, the folder of the photos or all photos to draw
            do not exist.
        ValueError: If an option is out of its range, the file has no proxy
            masks or lacks an image or class that was asked for, no image is
            left, a photo doesn't fit its masks, or there is no display.
    """
    for name, value in (('num', num), ('side', side)):
        if value is not None and value < 1:
            raise ValueError(f'{name} must be at least 1, not {value}')
    check_photo_folder(img_dir, 'photos: ', masks)
    if out is not None:
        check_output_folder('--out', out)
        check_not_photos('--out', out, img_dir)
    file = with_decisions(read_proxy_masks(masks), decisions)
    agreement_thr = draw_threshold(agreement_thr, confidence_thr, only_ignored)
    chosen = choose_images(
        file, images, classes, only_ignored, agreement_thr, confidence_thr
    )[:num]
    if not chosen:
        raise ValueError(f'{masks}: no image to draw')
    chosen = _with_photo(file.boxes, chosen, img_dir, on_skip)

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


def draw_threshold(
    agreement_thr: float | None,
    confidence_thr: float | None = None,
    only_ignored: bool = False,
) -> float:
    """The threshold of the agreement that :func:`draw_masks` uses.

    Args:
        agreement_thr (float | None): The threshold that is asked for, in
            [0, 1], if one is.
        confidence_thr (float | None): The threshold of the confidence, if one
            is asked for. Defaults to None.
        only_ignored (bool): Whether only images with an ignored mask are
            wanted. Defaults to False.

    Returns:
        float: ``agreement_thr`` if it is given. Otherwise 0, by which no mask
        is ignored; but 0.95, as in the paper's training, if only ignored
        masks are wanted and no threshold says which they are.
    """
    if agreement_thr is not None:
        return agreement_thr
    return DEFAULT_AGREEMENT_THR if only_ignored and confidence_thr is None else 0.0


def choose_images(
    masks: MaskFile,
    images: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    only_ignored: bool = False,
    agreement_thr: float = DEFAULT_AGREEMENT_THR,
    confidence_thr: float | None = None,
) -> list[int]:
    """Choose the images to draw.

    Args:
        masks (MaskFile): Proxy masks.
        images (Sequence[str] | None): Ids or file names of images. Defaults
            to None: all that have masks.
        classes (Sequence[str] | None): Names of classes, of which an image
            must have one. Defaults to None: any class.
        only_ignored (bool): Whether an image must have an ignored mask.
            Defaults to False.
        agreement_thr (float): Masks with a lower agreement, in [0, 1], are
            ignored. Defaults to 0.95.
        confidence_thr (float | None): Masks with a lower confidence, in
            [0, 1], are ignored too. Defaults to None: confidence is not
            looked at.

    Returns:
        list[int]: Places of the images in the file, ascending.

    Raises:
        ValueError: If the file has no such image or class, or as of
            :func:`~mmboxcaseg.thresholds.ignored_masks`.
    """
    boxes = masks.boxes
    _check_there(
        boxes.path, 'image', images, (*map(str, boxes.image_ids), *boxes.file_names)
    )
    _check_there(boxes.path, 'class', classes, boxes.category_names)
    kept = np.ones(len(boxes.image_ids), dtype=bool)
    # An image without masks is drawn only if its name is given.
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


def _with_photo(
    boxes: BoxFile,
    chosen: Sequence[int],
    img_dir: str,
    on_skip: Callable[[str], None] | None,
) -> list[int]:
    """The images whose photo exists; a warning counts the others."""
    there = [
        image
        for image in chosen
        if osp.exists(osp.join(img_dir, boxes.file_names[image]))
    ]
    found = set(there)
    missing = [boxes.file_names[image] for image in chosen if image not in found]
    if not there:
        raise FileNotFoundError(
            f'{img_dir} has none of the {len(missing)} photos to draw, such as '
            f'{missing[0]}; give the folder that holds them'
        )
    if missing:
        _log.warning(
            '%d images are not in %s: %s; skipped',
            len(missing),
            img_dir,
            listed(missing, '; '),
        )
    if on_skip is not None:
        for name in missing:
            on_skip(name)
    return there


def _check_there(
    path: str, what: str, asked: Sequence[str] | None, there: Iterable[str]
) -> None:
    known = set(there)
    missing = [name for name in asked or () if name not in known]
    if missing:
        raise ValueError(f'{path} has no {what} {missing[0]!r}')


def _have(boxes: BoxFile, chosen: np.ndarray) -> np.ndarray:
    """(I,) bool, True for images with at least one chosen annotation."""
    return np.bincount(boxes.image_index[chosen], minlength=len(boxes.image_ids)) > 0


def picture_name(boxes: BoxFile, image: int) -> str:
    """Make the file name for the picture of an image.

    Args:
        boxes (BoxFile): The boxes.
        image (int): Place of the image.

    Returns:
        str: ``<id>_<name of the photo>.png``. The id tells photos apart that
        have the same name but another folder or suffix.
    """
    name = osp.splitext(boxes.file_names[image])[0]
    name = f'{boxes.image_ids[image]}_{name}'
    return f'{name}.png'.replace('/', '_').replace('\\', '_')


def show(picture: np.ndarray, title: str) -> None:
    """Show a picture in a window, and wait until it is closed.

    Args:
        picture (np.ndarray): Picture in RGB, (H, W, 3) uint8.
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
    """Draw a sheet of some images with their proxy masks.

    The ignored masks are hatched in red.

    Args:
        masks (str): A file of :func:`make_proxy_masks`.
        img_dir (str): Folder of its photos.
        num (int): Number of images to draw, chosen at random. Defaults to 6.
        agreement_thr (float): Masks with a lower agreement, in [0, 1], are
            ignored. Defaults to 0.95.
        max_instances (int): Images with more masks are not drawn. Defaults
            to 12.
        seed (int): Seed of the choice. Defaults to 0.

    Returns:
        np.ndarray: The sheet in RGB, (H, W, 3) uint8.

    Raises:
        OSError: If the file or a photo does not exist.
        ValueError: If the file has no proxy masks, no image has so few of
            them, or a photo doesn't fit its masks.
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
    """Draw numbers at random.

    Args:
        count (int): How many; all if there are fewer.
        total (int): Numbers to draw from: 0 to ``total - 1``.
        seed (int): Seed of the generator.

    Returns:
        list[int]: The numbers, ascending, all different.
    """
    return sorted(np.random.default_rng(seed).permutation(total)[:count].tolist())
