"""Proxy masks out of the test loop."""

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
    """Merges, scores and writes the masks of the test loop.

    The masks of each image are merged and scored as soon as they come and
    appended to the shard of the process; at the end one process joins the
    shards of all into one COCO file (the paper, Sec. 3.4). The model's
    outputs must carry ``prompt_instances`` (``bboxes``, ``ann_ids``) and
    ``pred_instances`` (``rects``, ``masks``, and if there is such a score
    ``confidence``).

    Args:
        out_file (str): Path of the COCO json to write. The shards are kept in
            ``<out_file>.shards`` until then.
        ann_file (str, optional): Path of the COCO json the boxes come from.
            Defaults to None: ``boxes`` are given.
        merge (bool): Whether a pixel claimed by several masks goes to one of
            them only: to one that is kept, else to the smallest object, or as
            the model's ``test_cfg.merge_exponent`` says. Defaults to True.
        resume (bool): Keep the results of an earlier run that was cut short;
            the sampler skips its images, see :class:`BlockSampler`. Defaults
            to False.
        settings (dict, optional): What the masks depend on, json values: kept
            in ``info.proxy_masks``, and compared on resuming. ``merge`` is
            added to it. Defaults to None.
        polygons (bool): Whether masks are written as polygons. Defaults to
            False: as compressed RLE.
        tighten (bool): Whether the masks' tight boxes are written too.
            Defaults to False.
        strict (bool): Whether a photo that can't be used is an error; else
            its annotations get empty masks and it is listed in the report.
            Defaults to False.
        boxes (BoxFile, optional): The boxes where they have been read
            already; their ``kept`` masks go into the file as they are.
            Defaults to None.
        progress (Callable, optional): It is called with the numbers of images
            and instances of each batch. Defaults to None: now and then a line
            of the runner's log tells how far it is.
        calibration (Calibration, optional): It tells the expected IoU of each
            mask. Defaults to None.
        part (Part, optional): The part of the images that this process makes,
            where whoever has started it makes the shards ready and joins
            them. Defaults to None: this hook does both.

    Attributes:
        report (JoinReport | None): What went into the file, when it is
            complete; in the first process only.
        dim (list[str]): Paths of photos of 16 bits of which 14 or fewer are
            used; of all processes when the file is complete.

    Raises:
        ValueError: Unless one of ``ann_file`` and ``boxes`` is given.
    """

    # After hooks that change the weights or the outputs.
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
            raise ValueError('ProxyMaskHook: give one of ann_file and boxes')
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
        """Refuse a checkpoint that leaves weights of the model unset.

        The runner itself would only warn, and masks of a random network look
        like a result.

        Raises:
            ValueError: If a weight is missing or has another shape.
        """
        check_weights(runner.model, checkpoint)

    def before_test(self, runner: Runner) -> None:
        """Open the shard of this process."""
        if self.part is None:
            # The shards may change only once every process has built its
            # sampler, which looks into them.
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
        """Write the masks of a batch of images, while the network goes on."""
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
        """Wait for the masks that are still being written."""
        self._behind.finish()

    def stop(self) -> None:
        """Write no more, after an error."""
        if self._behind is not None:
            self._behind.stop()

    def after_test(self, runner: Runner) -> None:
        """Join the shards of all processes."""
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
