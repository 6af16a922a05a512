"""A run that still has masks to make, and what makes them."""

import os
from dataclasses import dataclass
from typing import Any, Protocol

from mmboxcaseg.annotations import BoxFile, CalibrationFile
from mmboxcaseg.progress import Update

from .jobs import Part
from .join import join_shards
from .options import MaskOptions
from .report import JoinReport
from .shards import prepare_shards, shard_dir


@dataclass(frozen=True)
class Run:
    """A run that still has masks to make.

    Attributes:
        options (MaskOptions): Options of the run.
        boxes (BoxFile): The boxes.
        settings (dict): Settings that the masks depend on, json values.
        done (frozenset[int | str]): Ids of the images that are done.
        started (bool): Whether there are shards to resume.
        calibration (CalibrationFile | None): Calibration that predicts the
            expected IoU of the masks, if there is one.
    """

    options: MaskOptions
    boxes: BoxFile
    settings: dict[str, Any]
    done: frozenset[Any]
    started: bool
    calibration: CalibrationFile | None

    @property
    def folder(self) -> str:
        """Folder of the shards."""
        return shard_dir(self.options.out)

    def prepare(self) -> None:
        """Make the folder ready for the shards, see :func:`prepare_shards`."""
        prepare_shards(self.folder, self.settings, self.started)

    def join(self) -> JoinReport:
        """Join the shards once they have all masks, see :func:`join_shards`."""
        return join_shards(
            self.folder,
            self.boxes,
            self.options.out,
            self.settings,
            self.options.polygons,
            self.options.tighten is not None,
            self.calibration.calibration if self.calibration else None,
        )


class Maker(Protocol):
    """Interface of what makes the masks of a run: a model and its runtime."""

    def settings(
        self, boxes: BoxFile, calibration: CalibrationFile | None
    ) -> dict[str, Any]:
        """The settings that the output depends on.

        Args:
            boxes (BoxFile): The boxes.
            calibration (CalibrationFile | None): Calibration that predicts
                the expected IoU, if there is one.

        Returns:
            dict: What :func:`~mmboxcaseg.proxy_masks.settings.run_settings`
            returns.
        """
        ...

    def alone(self, run: Run) -> tuple[list[str], JoinReport | None]:
        """Make the masks of this process, then join the masks of all of them.

        Args:
            run (Run): The run.

        Returns:
            tuple[list[str], JoinReport | None]: Paths of 16-bit photos that
            stay nearly black in eight bits; the report on the joined file,
            None in all processes of a distributed run but the first.
        """
        ...

    def part(self, run: Run, part: Part, update: Update) -> list[str]:
        """Make the masks of a part of the images, and write them to its shard.

        Args:
            run (Run): The run; its folder of shards has been prepared.
            part (Part): The part.
            update (Callable[[int, int], None]): Function that takes the
                numbers of images and of instances done since its last call.

        Returns:
            list[str]: Paths of 16-bit photos that stay nearly black in eight
            bits.
        """
        ...

    def start_method(self, fresh: bool) -> str:
        """The start method of multiprocessing for the processes of a run.

        Args:
            fresh (bool): Whether this process has not imported torch yet.

        Returns:
            str: ``'fork'`` or ``'spawn'``.
        """
        ...


def process_rank() -> int:
    """Rank of this process in a distributed run, 0 without a launcher.

    It is read from the launcher's environment variables, so it is known
    before a process group exists.
    """
    for name in ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK'):
        if name in os.environ:
            return int(os.environ[name])
    return 0
