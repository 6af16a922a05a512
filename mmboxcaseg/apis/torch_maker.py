"""Masks of a run by PyTorch, in the test loop of mmengine's runner."""

from contextlib import nullcontext
from typing import Any

from mmboxcaseg.annotations import BoxFile, CalibrationFile
from mmboxcaseg.engine import ProxyMaskHook, proxy_mask_run, read_checkpoint
from mmboxcaseg.progress import Update, show_progress
from mmboxcaseg.proxy_masks import JoinReport, MaskOptions, Part, Run, process_rank


class TorchMaker:
    """See :class:`~mmboxcaseg.proxy_masks.Maker`.

    Args:
        options (MaskOptions): What to make.

    Raises:
        ValueError: If the config is not one of box prompts or can't do what
            is asked, the device is not there, or the checkpoint is none.
    """

    def __init__(self, options: MaskOptions) -> None:
        self._options = options
        self._cfg = proxy_mask_run.prediction_config(options)
        self._checkpoint = read_checkpoint(options.checkpoint, options.allow_unsafe)

    def settings(
        self, boxes: BoxFile, calibration: CalibrationFile | None
    ) -> dict[str, Any]:
        """As in :class:`Maker`."""
        return proxy_mask_run.make_settings(
            self._cfg, self._options, boxes, calibration
        )

    def alone(self, run: Run) -> tuple[list[str], JoinReport | None]:
        """As in :class:`Maker`."""
        hook = self._hook(run)
        return hook.dim, hook.report

    def part(self, run: Run, part: Part, update: Update) -> list[str]:
        """As in :class:`Maker`."""
        return self._hook(run, part, update).dim

    def start_method(self, fresh: bool) -> str:
        """As in :class:`Maker`."""
        return proxy_mask_run.start_method(fresh)

    def _hook(
        self, run: Run, part: Part | None = None, update: Update | None = None
    ) -> ProxyMaskHook:
        """The hook that has written the masks of this process."""
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
