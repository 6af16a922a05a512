"""Annotation files and masks in the numbers of COCO train2017."""
import functools
import json
import multiprocessing
import os
import tempfile
import time
from typing import Any, Dict, List

import numpy as np
from measure import in_fresh_process, peak_memory

IMAGES, INSTANCES = 118287, 860001
SIZES = (1000, 10000, IMAGES)


def write_boxes(path: str, images: int) -> None:
    """A COCO json with COCO's number of boxes an image, and polygons.

    Args:
        path (str): File to write.
        images (int): Number of images; 118,287 make 860,001 boxes.
    """
    rng = np.random.default_rng(0)
    total = round(images * INSTANCES / IMAGES)
    polygons = [
        json.dumps([rng.uniform(0, 480, 64).round(2).tolist()])
        for _ in range(500)
    ]
    corners = rng.uniform(0, (400, 250), (total, 2)).round(2).tolist()
    sides = rng.uniform(5, 200, (total, 2)).round(2).tolist()
    with open(path, 'w', encoding='ascii') as file:
        file.write('{"images": [')
        file.write(','.join(
            f'{{"id": {i}, "file_name": "{i:012}.jpg", "height": 480, '
            f'"width": 640, "license": 3, "flickr_url": "{"x" * 60}"}}'
            for i in range(images)))
        file.write('], "categories": [{"id": 1, "name": "object"}], '
                   '"annotations": [')
        for i, ((x, y), (w, h)) in enumerate(zip(corners, sides)):
            file.write(
                f'{"," if i else ""}{{"id": {i}, "image_id": {i % images}, '
                f'"category_id": 1, "iscrowd": 0, "area": {w * h:.2f}, '
                f'"bbox": [{x}, {y}, {w}, {h}], "segmentation": '
                f'{polygons[i % len(polygons)]}}}')
        file.write(']}')


@functools.lru_cache(maxsize=None)
def start_up(images: int) -> Dict[str, float]:
    """Time and memory until a stage-1 data set of that size is ready.

    Args:
        images (int): Number of images.

    Returns:
        dict[str, float]: ``seconds`` of processor time; ``peak`` memory of
        the process, in bytes; ``size`` of the list of boxes in memory, in
        bytes; ``of_worker``, the memory that a worker adds by reading items,
        in bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'boxes.json')
        write_boxes(path, images)
        return in_fresh_process(_start_up, path)


def _start_up(path: str) -> Dict[str, float]:
    from mmboxcaseg.datasets import BoxPatchDataset
    start = time.process_time()
    dataset = BoxPatchDataset(
        ann_file=path, data_prefix=dict(img='photos'), pipeline=[])
    seconds = time.process_time() - start
    receiver, sender = multiprocessing.Pipe(duplex=False)
    # Not by the module, whose processes may have no children.
    if os.fork() == 0:
        before = _private_memory()
        step = max(len(dataset) // 20000, 1)
        for index in range(0, len(dataset), step):
            dataset.get_data_info(index)
        sender.send(_private_memory() - before)
        os._exit(0)
    of_worker = receiver.recv()
    os.wait()
    return dict(
        seconds=seconds,
        peak=peak_memory(),
        size=dataset.data_bytes.nbytes,
        of_worker=of_worker)


def _private_memory() -> int:
    """Memory of this process that it shares with no other, in bytes."""
    with open('/proc/self/smaps_rollup', encoding='ascii') as file:
        return sum(
            int(line.split()[1]) * 1024 for line in file
            if line.startswith('Private_'))


@functools.lru_cache(maxsize=None)
def make_masks(ann_file: str, images: int) -> Dict[str, float]:
    """Time and memory of the masks of many photos, without the network.

    Args:
        ann_file (str): COCO json; the masks of its first photos are repeated.
        images (int): Number of images.

    Returns:
        dict[str, float]: ``merging``, seconds of processor time for merging,
        scoring, encoding and writing the shard; ``joining``, seconds of it
        until the joined file is there; ``peak`` memory of the process, in
        bytes; ``masks``, their number.
    """
    return in_fresh_process(_make_masks, ann_file, images)


def _make_masks(ann_file: str, images: int) -> Dict[str, float]:
    from bench_proxy_masks import read_instances

    from mmboxcaseg import proxy_masks
    photos = read_instances(ann_file)
    with tempfile.TemporaryDirectory() as folder:
        boxes = os.path.join(folder, 'boxes.json')
        out = os.path.join(folder, 'masks.json')
        count = _write_boxes_of(photos, boxes, images)
        shards = proxy_masks.shard_dir(out)
        proxy_masks.prepare_shards(shards, {}, resume=False)
        start = time.process_time()
        writer = proxy_masks.ShardWriter(shards)
        ann_id = 0
        for image_id in range(images):
            photo = photos[image_id % len(photos)]
            size = photo.height, photo.width
            rles, scores = proxy_masks.proxy_rles(photo.masks, photo.rects,
                                                  photo.boxes, *size)
            writer.append(
                image_id=image_id,
                size=size,
                ann_ids=range(ann_id, ann_id + len(rles)),
                rles=rles,
                agreements=scores)
            ann_id += len(rles)
        writer.close()
        merged = time.process_time()
        proxy_masks.join_shards(shards, boxes, out, {})
        return dict(
            merging=merged - start,
            joining=time.process_time() - merged,
            peak=peak_memory(),
            masks=count)


def _write_boxes_of(photos: List[Any], path: str, images: int) -> int:
    """The boxes of the photos again and again; returns how many."""
    count = 0
    with open(path, 'w', encoding='ascii') as file:
        file.write('{"images": [')
        for i in range(images):
            photo = photos[i % len(photos)]
            file.write(f'{"," if i else ""}{{"id": {i}, "file_name": '
                       f'"{i:012}.jpg", "height": {photo.height}, '
                       f'"width": {photo.width}}}')
        file.write('], "categories": [{"id": 1, "name": "object"}], '
                   '"annotations": [')
        for i in range(images):
            for x0, y0, x1, y1 in photos[i % len(photos)].boxes.tolist():
                file.write(
                    f'{"," if count else ""}{{"id": {count}, "image_id": {i}, '
                    '"category_id": 1, "iscrowd": 0, '
                    f'"bbox": [{x0}, {y0}, {x1 - x0}, {y1 - y0}]}}')
                count += 1
        file.write(']}')
    return count
