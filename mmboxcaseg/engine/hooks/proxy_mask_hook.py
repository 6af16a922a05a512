"""Proxy masks out of the test loop."""
from typing import Any, Dict, Optional, Sequence

from mmengine.dist import barrier
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement

from mmboxcaseg import proxy_masks
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
        ann_file (str): Path of the COCO json the boxes come from.
        merge (bool): Whether a pixel claimed by several masks goes to the
            smallest object only. Defaults to True.
        resume (bool): Keep the results of an earlier run that was cut short;
            the sampler leaves its images out, see :class:`BlockSampler`.
            Defaults to False.
        settings (dict, optional): What the masks depend on, json values: kept
            in ``info.proxy_masks``, and compared on resuming. ``merge`` is
            added to it. Defaults to None.
        polygons (bool): Whether masks are written as polygons. Defaults to
            False: as compressed RLE.
        strict (bool): Whether a photo that can't be used is an error; else
            its annotations get empty masks and it is listed in the report.
            Defaults to False.
        left_out (Sequence[dict]): Entries of the report, see
            :class:`~mmboxcaseg.proxy_masks.JoinReport`. Defaults to ().
    """

    # After hooks that change the weights or the outputs.
    priority = 'LOW'

    def __init__(
        self,
        out_file: str,
        ann_file: str,
        merge: bool = True,
        resume: bool = False,
        settings: Optional[Dict[str, Any]] = None,
        polygons: bool = False,
        strict: bool = False,
        left_out: Sequence[Dict[str, Any]] = ()) -> None:
        self.out_file = out_file
        self.ann_file = ann_file
        self.merge = merge
        self.resume = resume
        self.polygons = polygons
        self.strict = strict
        self.left_out = left_out
        self.settings = dict(merge=merge, **(settings or {}))
        self.folder = proxy_masks.shard_dir(out_file)

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
        # The shards may change only once every process has built its sampler,
        # which looks into them.
        barrier()
        if runner.rank == 0:
            proxy_masks.prepare_shards(self.folder, self.settings, self.resume)
        barrier()
        self._writer = proxy_masks.ShardWriter(self.folder, runner.rank)
        self._progress = proxy_masks.Progress(
            len(runner.test_dataloader.sampler))

    def after_test_iter(
            self,
            runner: Runner,
            batch_idx: int,
            data_batch: Any = None,
            outputs: Optional[Sequence[BaseDataElement]] = None) -> None:
        """Write the masks of a batch of images."""
        instances = 0
        for sample in outputs:
            if 'skipped' in sample:
                self._skip(sample)
            else:
                self._append(sample)
                instances += len(sample.prompt_instances)
        line = self._progress.update(len(outputs), instances)
        if line:
            share = (f' (process 1 of {runner.world_size})'
                     if runner.world_size > 1 else '')
            runner.logger.info(f'Proxy masks{share}: {line}')

    def _skip(self, sample: BaseDataElement) -> None:
        if self.strict:
            raise proxy_masks.BadInputError(
                f'{sample.img_path}: {sample.skipped} (--strict)')
        self._writer.skip(sample.img_id, sample.skipped)

    def _append(self, sample: BaseDataElement) -> None:
        height, width = sample.ori_shape[:2]
        prompts = sample.prompt_instances
        rects = sample.pred_instances.rects.cpu().numpy()
        rles, agreements = proxy_masks.proxy_rles(sample.pred_instances.masks,
                                                  rects,
                                                  prompts.bboxes.cpu().numpy(),
                                                  height, width, self.merge)
        confidences = sample.pred_instances.get('confidence')
        if confidences is not None:
            confidences = proxy_masks.merged_confidence(
                confidences, [proxy_masks.rle_area(rle) for rle in rles],
                rects)
        ann_ids = prompts.ann_ids
        self._writer.append(
            image_id=sample.img_id,
            size=(height, width),
            ann_ids=ann_ids if isinstance(ann_ids, list) else ann_ids.tolist(),
            rles=rles,
            agreements=agreements,
            confidences=confidences)

    def after_test(self, runner: Runner) -> None:
        """Join the shards of all processes."""
        self._writer.close()
        barrier()
        if runner.rank == 0:
            report = proxy_masks.join_shards(self.folder, self.ann_file,
                                             self.out_file, self.settings,
                                             self.polygons, self.left_out)
            runner.logger.info(f'{self.out_file}: {report.summary()}')
