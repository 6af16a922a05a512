"""Reading, writing and joining as many masks as COCO train2017 has.

A synthetic annotation file goes through the functions of ``boxcaseg masks``, with
its own polygons as predicted masks. Photos and network are left out.
"""

import functools
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np

from mmboxcaseg.annotations import coco, read_coco
from mmboxcaseg.annotations.given import keep_given_masks
from mmboxcaseg.masks import (
    decode_rle,
    merged_confidence,
    pixel_rects,
    proxy_rles,
    rle_area,
    to_rle,
)
from mmboxcaseg.proxy_masks import ShardWriter, join_shards, prepare_shards, shard_dir

from .inputs import IMAGES, INSTANCES, Inputs
from .measure import Row, in_fresh_process, peak_memory, private_memory

HEIGHT, WIDTH = 480, 640
# Number of different objects in a synthetic file; the annotations repeat them in
# their order.
OBJECTS = 500
# Number of categories. The file is sorted by category, as COCO's is, so the
# annotations of a photo do not follow each other.
CATEGORIES = 3


@dataclass(frozen=True)
class Step:
    """A measured step of a process.

    Attributes:
        seconds (float): Processor time of the step.
        peak (int): Peak memory of the process until the end of the step, in
            bytes.
    """

    seconds: float
    peak: int


@dataclass(frozen=True)
class StartUp(Step):
    """The start of a stage-1 data set.

    Attributes:
        shared (int): Size of the list of boxes that workers share, in bytes.
        of_worker (int): Memory that a worker adds by reading items, in bytes.
        checking (float): Processor time of the check of the boxes, which is
            included in ``seconds``.
    """

    shared: int
    of_worker: int
    checking: float


def rows(inputs: Inputs) -> list[Row]:
    """Measure reading, and making a file of masks."""
    found = reading_rows(inputs.images)
    for name, step in measure(make_masks, inputs.images).items():
        what = f'{name}, {instances(inputs.images)} boxes of {inputs.images} photos'
        found += [
            Row(what, 's', step.seconds),
            Row('the same, peak memory until then', 'GB', step.peak / 1e9),
        ]
    return found


def reading_rows(images: int) -> list[Row]:
    """Compare reading boxes with the parser of json, without masks and with
    masks that are kept."""
    found = []
    for what, ours, plain in (
        ('reading', read, read_plainly),
        ('reading, --keep-masks', read_kept, read_kept_plainly),
    ):
        step, plain_step = measure(ours, images), measure(plain, images)
        found += [
            Row(
                f'{what}, against the parser of json',
                's',
                step.seconds,
                plain_step.seconds,
            ),
            Row('the same, peak memory', 'GB', step.peak / 1e9, plain_step.peak / 1e9),
        ]
    return found


def read(path: str) -> Step:
    """Read the boxes of a file, as ``boxcaseg masks`` does."""
    return _timed(lambda: read_coco(path))


def read_kept(path: str) -> Step:
    """Read the boxes and the masks, as ``boxcaseg masks --keep-masks`` does."""
    return _timed(lambda: keep_given_masks(read_coco(path, with_masks=True)))


def read_plainly(path: str) -> Step:
    """Do what :func:`read` does, but parse all annotations at once."""
    with mock.patch.object(coco, 'parse_lazily', _not_lazily):
        return read(path)


def read_kept_plainly(path: str) -> Step:
    """Do what :func:`read_kept` does, but parse all annotations at once."""
    with mock.patch.object(coco, 'parse_lazily', _not_lazily):
        return read_kept(path)


def _not_lazily(text: bytes, with_masks: bool) -> None:
    """Replacement of the lazy parser, which, unlike a mock, stores no text."""


def _timed(function: Callable[[], Any]) -> Step:
    start = time.process_time()
    function()
    return Step(time.process_time() - start, peak_memory())


def instances(images: int) -> int:
    """Number of boxes of a synthetic file: as many for a photo as in COCO train."""
    return round(images * INSTANCES / IMAGES)


def made_outlines() -> list[np.ndarray]:
    """Make polygons whose sizes and numbers of points are like COCO's, (P, 2)."""
    rng = np.random.default_rng(0)
    outlines = []
    for _ in range(OBJECTS):
        aspect = rng.lognormal(0, 0.4)
        size = rng.lognormal(4, 1) * np.array([aspect, 1 / aspect])
        size = size.clip(2, (WIDTH, HEIGHT))
        count = 4 + int(rng.lognormal(2.5, 0.9))
        angles = np.sort(rng.uniform(0, 2 * np.pi, count))
        points = np.stack([np.cos(angles), np.sin(angles)], 1)
        points *= rng.uniform(0.7, 1, (count, 1))
        points = (points - points.min(0)) / np.ptp(points, 0) * size
        points += rng.uniform(0, (WIDTH, HEIGHT) - size)
        outlines.append(points.round(2))
    return outlines


def write_annotations(path: str, images: int) -> None:
    """Write a synthetic COCO json with polygons.

    Args:
        path (str): Path of the file to write.
        images (int): Number of images; 118,287 images give 860,001 boxes.
    """
    texts = []
    for points in made_outlines():
        low, size = points.min(0), np.ptp(points, 0).round(2)
        texts.append(
            f'"iscrowd": 0, "area": {size.prod() / 2:.4f}, "bbox": '
            f'{[*low.tolist(), *size.tolist()]}, "segmentation": '
            f'{[points.ravel().tolist()]}'
        )
    # Each photo has a box, and a few have many.
    rng = np.random.default_rng(0)
    total = instances(images)
    weights = rng.exponential(size=images)
    of_box = np.concatenate(
        [
            np.arange(images),
            rng.choice(images, total - images, p=weights / weights.sum()),
        ]
    )
    category = rng.integers(CATEGORIES, size=total)
    order = np.lexsort([of_box, category])
    entries = zip(of_box[order].tolist(), category[order].tolist())
    with open(path, 'w', encoding='ascii') as file:
        file.write('{"images": [')
        file.write(
            ', '.join(
                f'{{"license": 3, "file_name": "{i:012}.jpg", "coco_url": '
                f'"{"x" * 56}", "height": {HEIGHT}, "width": {WIDTH}, '
                f'"flickr_url": "{"x" * 60}", "id": {i}}}'
                for i in range(images)
            )
        )
        names = [dict(id=i, name=f'category {i}') for i in range(CATEGORIES)]
        file.write(f'], "categories": {json.dumps(names)}, "annotations": [')
        for i, (image, label) in enumerate(entries):
            file.write(
                f'{", " if i else ""}{{"id": {i}, "image_id": {image}, '
                f'"category_id": {label}, {texts[i % OBJECTS]}}}'
            )
        file.write(']}')


@functools.cache
def measure(function: Callable[[str], Any], images: int) -> Any:
    """Call a function with a synthetic file, in a new process.

    Args:
        function (Callable[[str], Any]): Function of this module that takes
            the path of the file.
        images (int): Number of images of the file.

    Returns:
        Any: Returned value of the function.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'boxes.json')
        write_annotations(path, images)
        return in_fresh_process(function, path)


def start_up(path: str) -> StartUp:
    """Build a stage-1 data set of a file of :func:`write_annotations`."""
    from mmboxcaseg.datasets import BoxPatchDataset, box_patch

    check = box_patch.log_oddities
    checking = []

    def timed(*args: Any) -> None:
        before = time.process_time()
        check(*args)
        checking.append(time.process_time() - before)

    box_patch.log_oddities = timed
    start = time.process_time()
    dataset = BoxPatchDataset(
        ann_file=path, data_prefix=dict(img='photos'), pipeline=[]
    )
    seconds = time.process_time() - start
    box_patch.log_oddities = check
    receiver, sender = multiprocessing.Pipe(duplex=False)
    # Not by multiprocessing, whose processes may have no children.
    if os.fork() == 0:
        before = private_memory()
        for index in range(0, len(dataset), max(len(dataset) // 20000, 1)):
            dataset.get_data_info(index)
        sender.send(private_memory() - before)
        os._exit(0)
    of_worker = receiver.recv()
    os.wait()
    return StartUp(
        seconds, peak_memory(), dataset.data_bytes.nbytes, of_worker, *checking
    )


def make_masks(path: str) -> dict[str, Step]:
    """Make a file of masks, as ``boxcaseg masks`` does, without its network.

    Args:
        path (str): Path of a file of :func:`write_annotations`;
            ``masks.json`` is written beside it.

    Returns:
        dict[str, Step]: The steps ``'reading'``, ``'writing shards'`` and
        ``'joining'``.
    """
    masks = []
    for points in made_outlines():
        (rect,) = pixel_rects([[*points.min(0), *points.max(0)]], HEIGHT, WIDTH)
        x0, y0, x1, y1 = rect.tolist()
        rle = to_rle([points.ravel().tolist()], HEIGHT, WIDTH)
        masks.append(decode_rle(rle)[y0:y1, x0:x1].copy(order='C'))
    steps = {}
    start = time.process_time()
    boxes = read_coco(path)
    steps['reading'] = Step(time.process_time() - start, peak_memory())

    start = time.process_time()
    out = os.path.join(os.path.dirname(path), 'masks.json')
    folder = shard_dir(out)
    prepare_shards(folder, {}, resume=False)
    writer = ShardWriter(folder)
    for image in boxes.wanted.tolist():
        places = boxes.usable_places(image)
        height, width = boxes.sizes[image].tolist()
        xyxy = boxes.boxes[places]
        rects = pixel_rects(xyxy, height, width)
        rles, agreements = proxy_rles(
            [masks[place % OBJECTS] for place in places.tolist()],
            rects,
            xyxy,
            height,
            width,
        )
        writer.append(
            image_id=boxes.image_ids[image],
            size=(height, width),
            ann_ids=[boxes.box_ids[place] for place in places.tolist()],
            rles=rles,
            agreements=agreements,
            confidences=merged_confidence(
                np.ones(len(rles)), [rle_area(rle) for rle in rles], rects
            ),
        )
    writer.close()
    steps['writing shards'] = Step(time.process_time() - start, peak_memory())

    start = time.process_time()
    join_shards(folder, boxes, out, {})
    steps['joining'] = Step(time.process_time() - start, peak_memory())
    return steps
