"""A run some of whose masks are still to be made, and who makes them."""

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
    """A run some of whose masks are still to be made.

    Attributes:
        options (MaskOptions): What to make.
        boxes (BoxFile): The boxes.
        settings (dict): What the masks depend on.
        done (frozenset): Ids of the images that are done.
        started (bool): Whether there are shards to go on with.
        calibration (CalibrationFile | None): It tells the expected IoU.
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
        """Join the shards, in which all masks are, see :func:`join_shards`."""
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
    """Makes the masks of a run: a model, whatever computes it."""

    def settings(
        self, boxes: BoxFile, calibration: CalibrationFile | None
    ) -> dict[str, Any]:
        """What the output depends on, see
        :func:`~mmboxcaseg.proxy_masks.settings.run_settings`.

        Args:
            boxes (BoxFile): The boxes.
            calibration (CalibrationFile | None): It tells the expected IoU.

        Returns:
            dict: Json values.
        """
        ...

    def alone(self, run: Run) -> tuple[list[str], JoinReport | None]:
        """Make the masks of this process, and join those of all.

        Args:
            run (Run): The run.

        Returns:
            tuple[list[str], JoinReport | None]: Paths of photos of 16 bits
            that are left nearly black; what went into the file, in the first
            process of a distributed run.
        """
        ...

    def part(self, run: Run, part: Part, update: Update) -> list[str]:
        """Make the masks of a part of the images, and write them to its shard.

        Args:
            run (Run): The run, whose folder is ready.
            part (Part): The part.
            update (Callable): It is told the numbers of images and instances
                that are done.

        Returns:
            list[str]: Paths of photos of 16 bits that are left nearly black.
        """
        ...

    def start_method(self, fresh: bool) -> str:
        """How processes of one run are started, for multiprocessing.

        Args:
            fresh (bool): Whether torch has not been imported before the run.

        Returns:
            str: ``'fork'`` or ``'spawn'``.
        """
        ...


def process_rank() -> int:
    """Rank of this process, before anything is started."""
    for name in ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK'):
        if name in os.environ:
            return int(os.environ[name])
    return 0
