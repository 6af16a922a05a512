"""Salient images resized once, in a file that all workers map."""

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
    """How many transforms give the same result every time.

    Args:
        transforms (Sequence[Callable]): Steps of a pipeline that loads an
            image and its mask and resizes them to a fixed size.

    Returns:
        int: Number of steps up to and with that ``Resize``.

    Raises:
        ValueError: If there is none, or it keeps the aspect ratio.
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
    """Image and mask of every item after the first steps of the pipeline.

    They stand in a NumPy file (N, 4, H, W), uint8, which is mapped into
    memory: the first three quarters of an item are the image (H, W, 3), the
    last is the mask; the pages are read from the disk
    when they are needed, and all workers and processes of a machine share
    them. 7,991 images at 320 x 320 take 3.3 GB. The file's name has a
    fingerprint of the steps and of path, size and time of every file, so
    what has changed is made anew.

    Args:
        folder (str): Folder of the file; made if need be.
        items (Sequence[dict]): Items with ``img_path`` and ``mask_path``.
        steps (Sequence[Callable]): Transforms that load and resize an item.
    """

    def __init__(
        self, folder: str, items: Sequence[dict], steps: Sequence[Callable]
    ) -> None:
        self.steps = steps
        self.path = osp.join(folder, f'salient_{_fingerprint(items, steps)}.npy')
        # One process of the run first; then those of other machines, whose
        # folder may be another one.
        if is_main_process():
            self._make(items)
        barrier()
        self._make(items)
        self._array = np.load(self.path, mmap_mode='r')

    def _make(self, items: Sequence[dict]) -> None:
        """Write the file, unless it is there; it is whole or absent."""
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
        """An item after the steps, without the file."""
        for step in self.steps:
            item = step(item)
        return item

    def read(self, index: int, item: dict) -> dict:
        """An item as the steps would leave it.

        Args:
            index (int): Place of the item.
            item (dict): The item.

        Returns:
            dict: With ``img`` and ``gt_seg_map``, copies that later steps
            may change, and the keys that mmcv's transforms keep beside them.
            ``ori_shape`` is the resized shape.
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
    """Names the files and the steps they go through."""
    # Not their repr, which is an address where a transform has none.
    settings = [(type(step).__name__, sorted(vars(step).items())) for step in steps]
    digest = hashlib.sha256(repr(settings).encode())
    for item in items:
        for path in (item['img_path'], item['mask_path']):
            state = os.stat(path)
            digest.update(
                repr((osp.abspath(path), state.st_size, state.st_mtime_ns)).encode()
            )
    return digest.hexdigest()[:16]
