"""Time and memory of making proxy masks at the scale of COCO train.

Generated annotations of 118,287 images and 860,001 boxes go the whole way of
make_proxy_masks.py but for the photos and the network, in place of which
ellipses fill the boxes: reading, merging, agreement, sharding, joining.
"""
import argparse
import json
import multiprocessing
import os
import os.path as osp
import resource
import sys
import tempfile
import time
from types import SimpleNamespace
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

IMAGES, BOXES = 118287, 860001
IMAGES_PER_BATCH = 4
# Of the ellipse, which is resized to the boxes.
SIDE = 320


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--images', type=int, default=IMAGES, help=f'default: {IMAGES}')
    parser.add_argument(
        '--boxes', type=int, default=BOXES, help=f'default: {BOXES}')
    parser.add_argument(
        '--work-dir',
        metavar='DIR',
        help='where the annotations, shards and masks go, about 1.5 GB; '
        'default: a temporary folder, which is removed')
    args = parser.parse_args(argv)
    if args.images < 1 or args.boxes < args.images:
        parser.error('at least one image, and a box an image')
    return args


def peak_memory() -> float:
    """Most memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Bytes on macOS, kilobytes on Linux.
    return peak / (2**20 if sys.platform == 'darwin' else 2**10)


def write_annotations(path: str, images: int, boxes: int) -> None:
    """A COCO json with random boxes, at least one an image.

    Sides are log-uniform from 8 pixels to the photo's, so that objects of all
    sizes overlap as in COCO.
    """
    rng = np.random.default_rng(0)
    of_box = np.sort(
        np.concatenate(
            [np.arange(images),
             rng.integers(0, images, boxes - images)]))
    sizes = np.array([(480, 640), (640, 480), (427, 640)])
    sizes = sizes[rng.integers(0, 3, images)]
    limits = sizes[of_box][:, ::-1]
    sides = 8 * (limits / 8)**rng.random((boxes, 2))
    corners = rng.random((boxes, 2)) * (limits - sides)
    xywh = np.concatenate([corners, sides], axis=1).round(2)
    data = dict(
        images=[
            dict(id=i, file_name=f'{i:012d}.jpg', height=h, width=w)
            for i, (h, w) in enumerate(sizes.tolist())
        ],
        annotations=[
            dict(id=i, image_id=image, category_id=1, bbox=box, iscrowd=0)
            for i, (image,
                    box) in enumerate(zip(of_box.tolist(), xywh.tolist()))
        ],
        categories=[dict(id=1, name='thing')])
    with open(path, 'w', encoding='ascii') as file:
        json.dump(data, file)


def batches(dataset: Any) -> Iterator[list]:
    """What the model would return, batch after batch."""
    import torch
    from mmengine.structures import BaseDataElement, InstanceData

    from mmboxcaseg.proxy_masks import pixel_rects
    centres = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    ellipse = centres[None]**2 + centres[:, None]**2 < 1
    batch = []
    for index in range(len(dataset)):
        item = dataset.get_data_info(index)
        height, width = item['height'], item['width']
        rects = pixel_rects(item['boxes'], height, width)
        sample = BaseDataElement(
            metainfo=dict(img_id=item['img_id'], ori_shape=(height, width)))
        sample.prompt_instances = InstanceData(
            bboxes=torch.tensor(item['boxes'], dtype=torch.float64),
            ann_ids=item['ann_ids'])
        sample.pred_instances = InstanceData(
            rects=torch.from_numpy(rects),
            masks=[_resize(ellipse, *rect) for rect in rects.tolist()])
        batch.append(sample)
        if len(batch) == IMAGES_PER_BATCH or index == len(dataset) - 1:
            yield batch
            batch = []


def _resize(mask: np.ndarray, x0: int, y0: int, x1: int,
            y1: int) -> np.ndarray:
    """The nearest pixels of a square mask, for each pixel of a rectangle."""
    rows = np.arange(y1 - y0) * len(mask) // (y1 - y0)
    columns = np.arange(x1 - x0) * len(mask) // (x1 - x0)
    return mask[rows][:, columns]


def measure(folder: str, images: int, boxes: int) -> Dict[str, Tuple]:
    """Make the masks.

    Returns:
        dict: For each step its seconds, its seconds of CPU time, and the peak
        of memory until its end in MB.
    """
    from mmengine.logging import MMLogger

    from mmboxcaseg.datasets import BoxPromptDataset
    from mmboxcaseg.engine import ProxyMaskHook
    ann_file = osp.join(folder, 'boxes.json')
    # In a process of its own, whose memory does not count.
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        pool.apply(write_annotations, (ann_file, images, boxes))
    steps: Dict[str, Tuple] = {}
    begin = time.perf_counter(), time.process_time()

    def done(step: str) -> None:
        nonlocal begin
        now = time.perf_counter(), time.process_time()
        steps[step] = now[0] - begin[0], now[1] - begin[1], peak_memory()
        begin = now
        print(
            '{}: {:.0f} s, {:.0f} s of CPU time, peak {:.0f} MB'.format(
                step, *steps[step]),
            flush=True)

    done('start')
    dataset = BoxPromptDataset(
        ann_file=ann_file,
        data_prefix=dict(img=folder),
        pipeline=[],
        test_mode=True)
    done('read')
    hook = ProxyMaskHook(osp.join(folder, 'masks.json'), ann_file)
    runner = SimpleNamespace(
        rank=0,
        world_size=1,
        logger=MMLogger.get_instance('proxy_mask_scale'),
        test_dataloader=SimpleNamespace(sampler=range(len(dataset))))
    hook.before_test(runner)
    half = len(dataset) // 2
    count = 0
    for index, outputs in enumerate(batches(dataset)):
        hook.after_test_iter(runner, index, None, outputs)
        before, count = count, count + len(outputs)
        if before < half <= count:
            done('first half of the images')
    done('second half of the images')
    hook.after_test(runner)
    done('joined')
    return steps


def main(argv: Optional[List[str]] = None) -> Dict[str, Tuple]:
    """Measure in the folder that the command line names."""
    args = parse_args(argv)
    if args.work_dir:
        os.makedirs(args.work_dir, exist_ok=True)
        return measure(args.work_dir, args.images, args.boxes)
    with tempfile.TemporaryDirectory() as folder:
        return measure(folder, args.images, args.boxes)


if __name__ == '__main__':
    main()
