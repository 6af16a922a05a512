"""Making the masks of a run with PyTorch, in mmengine's test loop."""

from contextlib import nullcontext
from typing import Any

from mmboxcaseg.annotations import BoxFile, CalibrationFile
from mmboxcaseg.engine import ProxyMaskHook, proxy_mask_run, read_checkpoint
from mmboxcaseg.progress import Update, show_progress
from mmboxcaseg.proxy_masks import JoinReport, MaskOptions, Part, Run, process_rank


class TorchMaker:
    """A :class:`~mmboxcaseg.proxy_masks.Maker` that uses PyTorch.

    Args:
        options (MaskOptions): Options of the run.

    Raises:
        ValueError: If the config does not test on box prompts or does not
            support the options, there is no such device, or the checkpoint
            can't be loaded.
    """

    def __init__(self, options: MaskOptions) -> None:
        self._options = options
        self._cfg = proxy_mask_run.prediction_config(options)
        self._checkpoint = read_checkpoint(options.checkpoint, options.allow_unsafe)

    def settings(
        self, boxes: BoxFile, calibration: CalibrationFile | None
    ) -> dict[str, Any]:
        """See :meth:`Maker.settings <mmboxcaseg.proxy_masks.Maker.settings>`."""
        return proxy_mask_run.make_settings(
            self._cfg, self._options, boxes, calibration
        )

    def alone(self, run: Run) -> tuple[list[str], JoinReport | None]:
        """See :meth:`Maker.alone <mmboxcaseg.proxy_masks.Maker.alone>`."""
        hook = self._hook(run)
        return hook.dim, hook.report

    def part(self, run: Run, part: Part, update: Update) -> list[str]:
        """See :meth:`Maker.part <mmboxcaseg.proxy_masks.Maker.part>`."""
        return self._hook(run, part, update).dim

    def start_method(self, fresh: bool) -> str:
        """See :meth:`Maker.start_method`."""
        return proxy_mask_run.start_method(fresh)

    def _hook(
        self, run: Run, part: Part | None = None, update: Update | None = None
    ) -> ProxyMaskHook:
        """Make the masks of this process; return the hook that wrote them."""
        options = run.options
        runner = proxy_mask_run.build_runner(self._cfg, options, self._checkpoint, part)
        count = runner.load_test_data(
            proxy_mask_run.prompt_dataset(runner.cfg, run.boxes, options.img_dir),
            run.done,
            part,
        )
        title = 'masks'
        if runner.world_size > 1:
            title += f' (process 1 of {runner.world_size})'
        with (
            show_progress(count, title, quiet=process_rank() != 0)
            if update is None
            else nullcontext(update)
        ) as progress:
            hook = ProxyMaskHook(
                options.out,
                boxes=run.boxes,
                merge=options.merge,
                polygons=options.polygons,
                tighten=options.tighten is not None,
                strict=options.strict,
                resume=run.started,
                settings=run.settings,
                progress=progress,
                calibration=run.calibration.calibration if run.calibration else None,
                part=part,
            )
            proxy_mask_run.make_masks(runner, hook)
        return hook
