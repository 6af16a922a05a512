"""Writing Label Studio's tasks, with masks, boxes and scores."""

import os.path as osp
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import numpy as np

from mmboxcaseg.version import __version__

from ..output import write_json, write_text
from .folder import ExportPlace, check_file
from .job import ExportImage, ExportJob, ExportObject

# Names of the tags in the labelling interface.
MASK, BOX, IMAGE = 'mask', 'box', 'image'
# Beginnings of the tasks and of the labelling interface.
TASKS = '[{"data": {"image": "/data/local-files/?d='
VIEW = f'<View>\n  <Image name="{IMAGE}" value="${IMAGE}" zoom="true"/>\n'
# Numbers of bits for the length of a run; each run takes the smallest that
# suffices.
SIZES = (4, 8, 12, 16)
CHANNELS = 4


def check_labelstudio(place: ExportPlace) -> None:
    """Check that :func:`write_labelstudio` may write its files.

    Args:
        place (ExportPlace): The file of the export.

    Raises:
        ValueError: See :func:`~.folder.check_file`.
    """
    check_file(
        place.out,
        'labelstudio',
        lambda head: head.startswith(TASKS) or head.strip() == '[]',
    )
    check_file(
        _interface_path(place.out),
        'labelstudio',
        lambda head: head.startswith(VIEW),
    )


def write_labelstudio(job: ExportJob) -> None:
    """Write tasks with predictions, and the labelling interface for them.

    Args:
        job (ExportJob): The export. ``out`` is the path of the json with the
            tasks; the interface goes to ``<out without suffix>.xml``.

    Raises:
        OSError: If a file can't be written.
    """
    names = job.masks.boxes.category_names
    # Label Studio serves folders below its root, not the root itself.
    folder = ''
    if job.img_dir is not None:
        folder = f'{osp.basename(osp.abspath(job.img_dir))}/'
    tasks = [_task(image, names, folder) for image in job.images()]
    write_json(job.out, tasks)
    path = _interface_path(job.out)
    write_text(path, interface(names))
    job.notes.append(f'the labelling interface is in {path}')


def interface(names: tuple[str, ...]) -> str:
    """Make a labelling interface with a brush and a box for each class.

    Args:
        names (tuple[str, ...]): Names of the classes.

    Returns:
        str: The interface as XML.
    """
    labels = ''.join(f'    <Label value={quoteattr(name)}/>\n' for name in names)
    return (
        f'{VIEW}'
        f'  <BrushLabels name="{MASK}" toName="{IMAGE}">\n{labels}'
        f'  </BrushLabels>\n'
        f'  <RectangleLabels name="{BOX}" toName="{IMAGE}">\n{labels}'
        f'  </RectangleLabels>\n</View>\n'
    )


def brush_rle(mask: np.ndarray) -> list[int]:
    """Encode a mask as the run lengths of Label Studio's brush.

    The pixels are RGBA with equal channels, in the format rle-pack of thi.ng.
    Its head has the number of values in 32 bits, the number of bits of a
    value, less 1, in 5 bits, and each of the four ``SIZES``, less 1, in 4
    bits. Each run has a bit that marks it as a run, the index of its size in
    2 bits, its length, less 1, and its value.

    Args:
        mask (np.ndarray): Mask of the whole image, (H, W) bool.

    Returns:
        list[int]: Bytes, 0 to 255.
    """
    values = mask.ravel()
    ends = np.append(np.flatnonzero(values[1:] != values[:-1]) + 1, len(values))
    lengths = np.diff(ends, prepend=0) * CHANNELS
    bits = [f'{len(values) * CHANNELS:032b}', f'{8 - 1:05b}']
    bits += [f'{size - 1:04b}' for size in SIZES]
    filled = bool(values[0])
    for length in lengths.tolist():
        value = '1' * 8 if filled else '0' * 8
        while length:
            part = min(length, 1 << SIZES[-1])
            place = next(place for place, size in enumerate(SIZES) if part <= 1 << size)
            bits.append(f'1{place:02b}{part - 1:0{SIZES[place]}b}{value}')
            length -= part
        filled = not filled
    text = ''.join(bits)
    text += '0' * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, 'big'))


def _interface_path(out: str) -> str:
    """Path of the labelling interface."""
    return f'{osp.splitext(out)[0]}.xml'


def _task(image: ExportImage, names: tuple[str, ...], folder: str) -> dict[str, Any]:
    """The task of an image, with its masks and boxes as predictions."""
    results = []
    for found in image.objects:
        results += _results(found, image, names[found.category])
    scores = [
        one.scores['confidence'] for one in image.objects if 'confidence' in one.scores
    ]
    data: dict[str, Any] = dict(
        image=f'/data/local-files/?d={quote(folder + image.name)}', file_name=image.name
    )
    prediction: dict[str, Any] = dict(
        model_version=f'boxcaseg {__version__}', result=results
    )
    if scores:
        data['lowest_confidence'] = min(scores)
        prediction['score'] = sum(scores) / len(scores)
    return dict(data=data, predictions=[prediction])


def _results(
    found: ExportObject, image: ExportImage, name: str
) -> list[dict[str, Any]]:
    """The brush and the box of an object."""
    height, width = image.size
    x0, y0, x1, y1 = (
        found.box.clip(0, [width, height] * 2) / ([width, height] * 2) * 100
    ).tolist()
    common: dict[str, Any] = dict(
        to_name=IMAGE,
        original_width=width,
        original_height=height,
        image_rotation=0,
        meta=dict(text=[f'annotation {found.id}', *_told(found.scores)]),
    )
    if 'confidence' in found.scores:
        common['score'] = found.scores['confidence']
    results = [
        dict(
            common,
            id=f'box-{found.place}',
            type='rectanglelabels',
            from_name=BOX,
            value=dict(
                x=x0,
                y=y0,
                width=x1 - x0,
                height=y1 - y0,
                rotation=0,
                rectanglelabels=[name],
            ),
        )
    ]
    if not found.empty:
        whole = np.zeros((height, width), dtype=bool)
        left, top, right, bottom = found.rect
        whole[top:bottom, left:right] = found.mask
        results.append(
            dict(
                common,
                id=f'mask-{found.place}',
                type='brushlabels',
                from_name=MASK,
                value=dict(format='rle', rle=brush_rle(whole), brushlabels=[name]),
            )
        )
    return results


def _told(scores: dict[str, float]) -> list[str]:
    return [f'{name} {value:.3f}' for name, value in scores.items()]
