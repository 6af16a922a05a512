"""A cache of resized salient images that all workers share."""

import hashlib
import os
import os.path as osp
from collections.abc import Callable, Sequence

import numpy as np
from mmcv.transforms import Resize
from mmengine.dist import barrier, is_main_process
from mmengine.logging import print_log
from rich.progress import track


def split_at_resize(transforms: Sequence[Callable]) -> int:
    """Count the first transforms of a pipeline, whose results can be cached.

    Args:
        transforms (Sequence[Callable]): Transforms of a pipeline that loads
            an image and its mask and resizes them to a fixed size.

    Returns:
        int: Number of transforms up to and including that ``Resize``.

    Raises:
        ValueError: If there is no ``Resize`` with a fixed scale and without
            ``keep_ratio``.
    """
    for place, transform in enumerate(transforms):
        if isinstance(transform, Resize):
            if transform.scale is None or transform.keep_ratio:
                break
            return place + 1
    raise ValueError(
        'SalientObjectDataset: cache_dir needs a Resize with a fixed scale '
        'and keep_ratio=False in the pipeline, so that all images have one '
        f'size, but the pipeline is {list(transforms)}; leave cache_dir out'
    )


class SalientCache:
    """Cache of the images and masks after the first steps of a pipeline.

    The cache is a NumPy file, (N, 4, H, W) uint8. The first three quarters of
    an item are the image, (H, W, 3); the last quarter is the mask. The file is
    mapped into memory: pages are read from the disk when they are needed, and
    all workers and processes of a machine share them. 7,991 images at 320 x
    320 take 3.3 GB. The name of the file has a fingerprint of the steps and of
    the path, size and time of each input file, so the cache is made again if
    one of them changes.

    Args:
        folder (str): Folder of the cache. It is made if there is none.
        items (Sequence[dict]): Items with ``img_path`` and ``mask_path``.
        steps (Sequence[Callable]): Transforms that load and resize an item.

    Attributes:
        path (str): Path of the file.
    """

    def __init__(
        self, folder: str, items: Sequence[dict], steps: Sequence[Callable]
    ) -> None:
        self.steps = steps
        self.path = osp.join(folder, f'salient_{_fingerprint(items, steps)}.npy')
        # The main process makes the file first. Processes on other machines
        # may have another folder, so they then check for it too.
        if is_main_process():
            self._make(items)
        barrier()
        self._make(items)
        self._array = np.load(self.path, mmap_mode='r')

    def _make(self, items: Sequence[dict]) -> None:
        """Write the file if it does not exist; it is absent or complete."""
        if osp.isfile(self.path):
            return
        os.makedirs(osp.dirname(self.path) or '.', exist_ok=True)
        temporary = f'{self.path}.{os.getpid()}.tmp'
        array = None
        try:
            for index, item in enumerate(
                track(
                    items,
                    description='resizing salient images',
                    disable=not is_main_process(),
                )
            ):
                result = self.run_steps(dict(item))
                mask = result['gt_seg_map']
                pixels = np.concatenate([result['img'].ravel(), mask.ravel()])
                if array is None:
                    array = np.lib.format.open_memmap(
                        temporary, 'w+', np.uint8, (len(items), 4, *mask.shape)
                    )
                array[index] = pixels.reshape(4, *mask.shape)
            array.flush()
            os.replace(temporary, self.path)
        finally:
            if osp.exists(temporary):
                os.remove(temporary)
        print_log(
            f'{self.path}: {len(items)} salient images of '
            f'{array.shape[3]} x {array.shape[2]} pixels',
            logger='current',
        )

    def run_steps(self, item: dict) -> dict:
        """Apply the steps to an item, without the cache.

        Args:
            item (dict): Item with ``img_path`` and ``mask_path``.

        Returns:
            dict: Result of the steps.
        """
        for step in self.steps:
            item = step(item)
        return item

    def read(self, index: int, item: dict) -> dict:
        """Read the result of the steps from the cache.

        Args:
            index (int): Index of the item.
            item (dict): The item.

        Returns:
            dict: The item with ``img`` and ``gt_seg_map``, as copies that
            later steps may change, and with the keys that mmcv's transforms
            add. ``ori_shape`` is the shape after resizing.
        """
        pixels = np.array(self._array[index])
        shape = pixels.shape[1:]
        item.update(
            img=pixels[:3].reshape(*shape, 3),
            gt_seg_map=pixels[3],
            seg_fields=['gt_seg_map'],
            ori_shape=shape,
            img_shape=shape,
        )
        return item


def _fingerprint(items: Sequence[dict], steps: Sequence[Callable]) -> str:
    """Compute a fingerprint of the input files and the steps."""
    # The repr of a transform without __repr__ would be a memory address.
    settings = [(type(step).__name__, sorted(vars(step).items())) for step in steps]
    digest = hashlib.sha256(repr(settings).encode())
    for item in items:
        for path in (item['img_path'], item['mask_path']):
            state = os.stat(path)
            digest.update(
                repr((osp.abspath(path), state.st_size, state.st_mtime_ns)).encode()
            )
    return digest.hexdigest()[:16]
