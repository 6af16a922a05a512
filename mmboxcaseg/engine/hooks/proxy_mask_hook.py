"""Writing proxy masks in the test loop."""

from collections.abc import Sequence
from typing import Any

from mmengine.dist import all_gather_object, barrier
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement

from mmboxcaseg.annotations import BadInputError, BoxFile, read_coco
from mmboxcaseg.masks.calibration import Calibration
from mmboxcaseg.models.segmentors.crop_masks import masks_of
from mmboxcaseg.prediction.ahead import InBackground
from mmboxcaseg.progress import Progress, Update
from mmboxcaseg.proxy_masks import (
    JoinReport,
    MaskWriter,
    Part,
    ShardWriter,
    join_shards,
    prepare_shards,
    shard_dir,
)
from mmboxcaseg.registry import HOOKS

from ..checkpoints import check_weights


@HOOKS.register_module()
class ProxyMaskHook(Hook):
    """Merges, scores and writes the masks of a test loop.

    The masks of each image are merged, scored and appended to the shard of
    the process as soon as they are predicted. At the end the first process
    joins all shards into one COCO json (the paper, Sec. 3.4). The outputs of
    the model must have ``prompt_instances`` (with ``bboxes`` and ``ann_ids``)
    and ``pred_instances`` (with ``rects``, ``masks`` and perhaps
    ``confidence``).

    Args:
        out_file (str): Path of the COCO json to write. Until it is complete,
            the shards are in ``<out_file>.shards``.
        ann_file (str, optional): Path of a COCO json with the boxes. Defaults
            to None, for use with ``boxes``.
        merge (bool): Whether masks of an image are merged. A pixel claimed by
            several of them goes to a kept mask, else to the smallest object,
            or as ``test_cfg.merge_exponent`` and ``merge_tolerance`` of the
            model say. Defaults to True.
        resume (bool): Whether the results of an earlier run that was stopped
            are kept; the sampler skips its images, see :class:`BlockSampler`.
            Defaults to False.
        settings (dict, optional): Settings that the masks depend on, json
            values. They are written to ``info.proxy_masks`` and compared when
            a run is resumed. ``merge`` is added to them. Defaults to None.
        polygons (bool): Whether masks are written as polygons. Defaults to
            False: as compressed RLE.
        strict (bool): Whether a photo that can't be used is an error.
            Otherwise its annotations get empty masks, and the report lists
            it. Defaults to False.
        boxes (BoxFile, optional): Boxes that have been read already, instead
            of ``ann_file``. Their ``kept`` masks are written unchanged.
            Defaults to None.
        progress (Callable, optional): Function that is called with the
            numbers of images and instances of each batch. Defaults to None.
        tighten (bool): Whether the tight boxes of the masks are written too.
            Defaults to False.
        calibration (Calibration, optional): Calibration of the expected IoU.
            Defaults to None: no expected IoU is written.
        part (Part, optional): Part of the images for this process, whose
            parent prepares and joins the shards. Defaults to None: the hook
            does both.

    Attributes:
        report (JoinReport | None): What is in the file, once it is complete;
            always None in processes other than the first.
        dim (list[str]): Paths of sixteen-bit photos that use 14 bits or
            fewer; those of all processes once the file is complete.

    Raises:
        ValueError: If not exactly one of ``ann_file`` and ``boxes`` is given.
    """

    # Runs after hooks that change the weights or the outputs.
    priority = 'LOW'

    def __init__(
        self,
        out_file: str,
        ann_file: str | None = None,
        merge: bool = True,
        resume: bool = False,
        settings: dict[str, Any] | None = None,
        polygons: bool = False,
        strict: bool = False,
        boxes: BoxFile | None = None,
        progress: Update | None = None,
        tighten: bool = False,
        calibration: Calibration | None = None,
        part: Part | None = None,
    ) -> None:
        if (ann_file is None) == (boxes is None):
            raise ValueError('ProxyMaskHook: give either ann_file or boxes')
        self.out_file = out_file
        self.ann_file = ann_file
        self.boxes = boxes
        self.merge = merge
        self.resume = resume
        self.polygons = polygons
        self.strict = strict
        self.tighten = tighten
        self.progress = progress
        self.calibration = calibration
        self.part = part
        self.settings = {'merge': merge, **(settings or {})}
        self.folder = shard_dir(out_file)
        self.report: JoinReport | None = None
        self.dim: list[str] = []
        self._behind: InBackground | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Check that the checkpoint has all weights of the model.

        The runner itself would only warn, and the masks of a random network
        can be taken for a result.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): Content of the checkpoint.

        Raises:
            ValueError: If a weight is missing or has another shape.
        """
        check_weights(runner.model, checkpoint)

    def before_test(self, runner: Runner) -> None:
        """Open the shard of this process.

        Args:
            runner (Runner): The runner.
        """
        if self.part is None:
            # The samplers of all processes read the shards when they are
            # built, so the shards must not change before.
            barrier()
            if runner.rank == 0:
                prepare_shards(self.folder, self.settings, self.resume)
            barrier()
        number = runner.rank if self.part is None else self.part.number
        self._writer = ShardWriter(self.folder, number)
        self._masks = MaskWriter(self._writer, self.merge, self.boxes)
        self._behind = InBackground()
        self._lines = Progress(len(runner.test_dataloader.sampler))

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[BaseDataElement] | None = None,
    ) -> None:
        """Write the masks of a batch in the background.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Number of the batch.
            data_batch (Any): The batch. Defaults to None.
            outputs (Sequence[BaseDataElement], optional): Samples with the
                masks of each image. Defaults to None.

        Raises:
            BadInputError: If ``strict`` is set and a photo can't be used.
        """
        instances = 0
        for sample in outputs:
            if 'skipped' in sample:
                self._behind.call(self._skip, sample)
            else:
                self._behind.call(self._append, sample)
                instances += len(sample.prompt_instances)
                if 'used_bits' in sample:
                    self.dim.append(sample.img_path)
        line = self._lines.update(len(outputs), instances)
        if line:
            share = (
                f' (process 1 of {runner.world_size})' if runner.world_size > 1 else ''
            )
            runner.logger.info(f'Proxy masks{share}: {line}')
        if self.progress:
            self.progress(len(outputs), instances)

    def _skip(self, sample: BaseDataElement) -> None:
        if self.strict:
            raise BadInputError(f'{sample.img_path}: {sample.skipped} (--strict)')
        self._writer.skip(sample.img_id, sample.skipped)

    def _append(self, sample: BaseDataElement) -> None:
        prompts = sample.prompt_instances
        ann_ids = prompts.ann_ids
        self._masks.append(
            sample.img_id,
            sample.ori_shape[:2],
            ann_ids if isinstance(ann_ids, list) else ann_ids.tolist(),
            prompts.bboxes.cpu().numpy(),
            masks_of(sample.pred_instances),
        )

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Wait for the masks that are still being written.

        Args:
            runner (Runner): The runner.
            metrics (dict[str, float], optional): Not used. Defaults to None.
        """
        self._behind.finish()

    def stop(self) -> None:
        """Stop writing, after an error."""
        if self._behind is not None:
            self._behind.stop()

    def after_test(self, runner: Runner) -> None:
        """Join the shards of all processes.

        Args:
            runner (Runner): The runner.
        """
        self._behind.finish()
        self._writer.close()
        if self.part is not None:
            return
        barrier()
        self.dim = sum(all_gather_object(self.dim), [])
        if runner.rank == 0:
            boxes = self.boxes or read_coco(self.ann_file)
            self.report = join_shards(
                self.folder,
                boxes,
                self.out_file,
                self.settings,
                self.polygons,
                self.tighten,
                self.calibration,
            )
            runner.logger.info(f'{self.out_file}: {self.report.summary()}')
