"""Makes the masks of a run with an exported model, without PyTorch."""

import logging
import os
import os.path as osp
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmboxcaseg import process
from mmboxcaseg.annotations import BadInputError, BoxFile, CalibrationFile
from mmboxcaseg.prediction import BoxCrops, box_masks
from mmboxcaseg.prediction.ahead import done_behind, map_ahead
from mmboxcaseg.prediction.onnx_model import ModelCard, OnnxModel
from mmboxcaseg.prediction.photos import read_photo
from mmboxcaseg.prediction.predictor import predict_probs
from mmboxcaseg.progress import Progress, Update, show_progress

from .jobs import Part
from .mask_writer import MaskWriter
from .options import MaskOptions
from .report import JoinReport
from .run import Run
from .settings import apply_options, run_settings
from .shards import ShardWriter

# Threads that read photos, unless an option says otherwise.
READERS = 1


@dataclass(frozen=True, eq=False)
class _Read:
    """A photo that has been read.

    Attributes:
        image (int): Place of the image in the boxes.
        crops (BoxCrops | None): Crops of its boxes; None if the photo can't
            be used.
        reason (str): Why the photo can't be used.
        dim (bool): Whether the photo has 16 bits and stays nearly black in
            eight.
    """

    image: int
    crops: BoxCrops | None = None
    reason: str = ''
    dim: bool = False


class OnnxMaker:
    """Makes masks with a model of ``boxcaseg export-onnx``, see :class:`Maker`.

    Args:
        model (OnnxModel): The model.
        options (MaskOptions): Options of the run.

    Raises:
        ValueError: If the model does not support an option.
    """

    def __init__(self, model: OnnxModel, options: MaskOptions) -> None:
        self.network = model.network
        self.sha256 = model.sha256
        self.options = options
        self.card = self._with_options(model.card)
        self.steps = self.card.steps
        self.predict_options = self.card.options

    def _with_options(self, card: ModelCard) -> ModelCard:
        """The card of the model with the options of the run applied."""
        parts = dict(card.model_config)
        parts['model'] = dict(parts['model'])
        parts['pipeline'] = [dict(step) for step in parts['pipeline']]
        apply_options(parts['model'], parts['pipeline'], self.options)
        return ModelCard(parts, card.checkpoint_sha256, card.package_version)

    def settings(
        self, boxes: BoxFile, calibration: CalibrationFile | None
    ) -> dict[str, Any]:
        """As in :class:`Maker`."""
        return run_settings(
            self.card.model_config,
            self.options,
            boxes,
            self.card.checkpoint_sha256,
            calibration,
            onnx_sha256=self.sha256,
        )

    def alone(self, run: Run) -> tuple[list[str], JoinReport]:
        """As in :class:`Maker`."""
        run.prepare()
        count = sum(map(len, self.blocks(run, Part())))
        with show_progress(count, 'masks') as update:
            dim = self.part(run, Part(), update)
        return dim, run.join()

    def start_method(self, fresh: bool) -> str:
        """As in :class:`Maker`."""
        return 'fork' if sys.platform == 'linux' and fresh else 'spawn'

    def blocks(self, run: Run, part: Part) -> list[list[int]]:
        """The blocks of images that go through the network together.

        Blocks hold the same images in every run, see
        :class:`~mmboxcaseg.datasets.BlockSampler`.

        Args:
            run (Run): The run. Blocks whose images are all done are skipped.
            part (Part): The part of the run whose blocks are wanted.

        Returns:
            list[list[int]]: Places of the images of each block.
        """
        wanted, size = run.boxes.wanted.tolist(), self.card.images_per_batch
        blocks = [wanted[start : start + size] for start in range(0, len(wanted), size)]
        left = [
            block
            for block in blocks
            if any(run.boxes.image_ids[image] not in run.done for image in block)
        ]
        return left[part.number :: part.of]

    def part(self, run: Run, part: Part, update: Update) -> list[str]:
        """As in :class:`Maker`.

        While the network computes, other threads read the next photos, and
        merge and write the masks of the last ones.

        Raises:
            BadInputError: If the run is strict and a photo can't be used.
        """
        boxes, readers = run.boxes, self.options.num_workers
        readers = READERS if readers is None else readers
        self.network.threads = network_threads(part.of)
        shard = ShardWriter(run.folder, part.number)
        writer = MaskWriter(shard, self.options.merge, boxes)
        blocks = self.blocks(run, part)
        dim: list[str] = []
        try:
            with (
                run_log(self.options, part, sum(map(len, blocks)), update) as told,
                done_behind(readers) as behind,
            ):
                for block in map_ahead(
                    lambda images: [self._read(boxes, image) for image in images],
                    blocks,
                    readers,
                ):
                    self._predict(block, boxes, writer, behind, told)
                    dim += [self._path(boxes, read.image) for read in block if read.dim]
        finally:
            shard.close()
        return dim

    def _path(self, boxes: BoxFile, image: int) -> str:
        return osp.join(self.options.img_dir, boxes.file_names[image])

    def _read(self, boxes: BoxFile, image: int) -> _Read:
        """Read a photo and crop its boxes."""
        path = self._path(boxes, image)
        height, width = boxes.sizes[image].tolist()
        try:
            photo = read_photo(path, height, width, self.steps.stretch_16bit)
        except BadInputError as error:
            if self.options.strict:
                raise BadInputError(f'{path}: {error} (--strict)') from error
            return _Read(image, reason=str(error))
        crops = self.steps.crop(photo.image, boxes.boxes[boxes.usable_places(image)])
        return _Read(image, crops, dim=photo.used_bits is not None)

    def _predict(
        self,
        block: list[_Read],
        boxes: BoxFile,
        writer: MaskWriter,
        behind: Any,
        told: Update,
    ) -> None:
        """Run the network on a block, and queue its masks for writing."""
        found = predict_probs(
            self.network,
            [read.crops for read in block if read.crops is not None],
            self.predict_options,
        )
        for read in block:
            probs = [] if read.crops is None else next(found)
            behind(self._write, read, probs, boxes, writer, told)

    def _write(
        self,
        read: _Read,
        probs: list[np.ndarray],
        boxes: BoxFile,
        writer: MaskWriter,
        told: Update,
    ) -> None:
        """Write the masks of an image, or why it was skipped."""
        image_id = boxes.image_ids[read.image]
        if read.crops is None:
            writer.shard.skip(image_id, read.reason)
            told(1, 0)
            return
        places = boxes.usable_places(read.image)
        writer.append(
            image_id,
            boxes.sizes[read.image].tolist(),
            [boxes.box_ids[place] for place in places.tolist()],
            boxes.boxes[places],
            box_masks(
                iter(probs), read.crops.rects, read.crops.windows, self.predict_options
            ),
        )
        told(1, len(places))


def network_threads(processes: int) -> int:
    """Number of threads for a network that shares this machine.

    Args:
        processes (int): Number of processes that each run a network.

    Returns:
        int: Threads for each network; 0 means all cores.
    """
    threads = process.threads_of(processes)
    return int(os.environ['OMP_NUM_THREADS']) if threads is None else threads


@contextmanager
def run_log(
    options: MaskOptions, part: Part, count: int, update: Update
) -> Iterator[Update]:
    """Write the progress of a run to a log file, a line every few seconds.

    Args:
        options (MaskOptions): Options of the run: the folder of the log, and
            whether the log is printed as well.
        part (Part): The part of the run that this process works on.
        count (int): Number of images to come.
        update (Callable[[int, int], None]): Function that is called with the
            same numbers as the log.

    Yields:
        Callable[[int, int], None]: A function to call with the numbers of
        images and of instances that have been done since the last call.
    """
    folder = options.log_dir
    if part.number:
        folder = osp.join(folder, f'job_{part.number + 1}')
    os.makedirs(folder, exist_ok=True)
    path = osp.join(folder, time.strftime('%Y%m%d_%H%M%S.log'))
    # Not a child of the root logger: the command must not print its lines.
    log = logging.Logger('run')
    handlers: list[logging.Handler] = [logging.FileHandler(path, encoding='utf-8')]
    if options.verbose:
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(logging.Formatter('%(asctime)s - %(message)s'))
        log.addHandler(handler)
    lines = Progress(count)

    def told(images: int, instances: int = 0) -> None:
        line = lines.update(images, instances)
        if line:
            log.info('masks: %s', line)
        update(images, instances)

    try:
        log.info('masks of %d images of %s, by ONNX Runtime', count, options.ann)
        yield told
    finally:
        for handler in handlers:
            handler.close()
