"""Making a file of proxy masks from a file of boxes."""

import contextlib
import logging
import os
import os.path as osp
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from mmboxcaseg import process, proxy_masks
from mmboxcaseg.annotations import (
    BoxFile,
    CalibrationFile,
    PhotoFinder,
    read_boxes,
    read_calibration,
)
from mmboxcaseg.annotations.earlier import check_masks_output
from mmboxcaseg.annotations.findings import seem_corners
from mmboxcaseg.annotations.photos import check_photo_folder
from mmboxcaseg.prediction.onnx_model import OnnxModel
from mmboxcaseg.progress import Update, show_progress
from mmboxcaseg.proxy_masks import (
    JoinReport,
    Maker,
    MaskOptions,
    OnnxMaker,
    Part,
    Run,
    process_rank,
)
from mmboxcaseg.proxy_masks.settings import file_sha256
from mmboxcaseg.quiet import unprinted
from mmboxcaseg.text import LISTED, listed
from mmboxcaseg.training import TrainingFolder

from .default_model import default_calibration, default_model
from .runtime import choose_onnx

_log = logging.getLogger(__name__)
# What runs write into the folder of logs: logs and folders by the time, those of
# further processes, the config, and the traceback of an error.
LOGGED = re.compile(r'\d{8}_\d{6}.*|job_\d+|.*\.py|error\.log')


def make_proxy_masks(
    options: MaskOptions, *, on_boxes: Callable[[BoxFile], None] | None = None
) -> JoinReport | None:
    """Make a proxy mask for every box and write them as a COCO json.

    See Sec. 3.4 of the paper. Until the run is complete, its results are kept
    in ``<out>.shards``, and its log in ``<out>.logs`` unless the options name a
    folder for it; both are removed then. A run that was interrupted can be
    resumed with ``resume``; the file is then the same to the byte.

    Args:
        options (MaskOptions): Boxes, photos, model and output file. The
            output file may exist only if an earlier run has written it.
        on_boxes (Callable[[BoxFile], None], optional): Function that gets the
            boxes when they have been read and checked, before any prediction.
            An error that it raises ends the run. Defaults to None.

    Returns:
        JoinReport | None: What is in the file, and what was skipped; None in
        all processes of a distributed run but the first.

    Raises:
        ImportError: If a package that the runtime needs is not installed.
        OSError: If a file or folder does not exist or can't be written.
        ValueError: If an option is not valid, the annotations are not valid,
            the output exists and no earlier run has written it, the config
            and the checkpoint don't match, another run is writing the same
            output, or something would be skipped and ``strict`` is set.
    """
    # In a command torch has not started any thread yet.
    fresh = 'torch' not in sys.modules
    process.prepare()
    options, onnx = _check_paths(options)
    boxes = read_boxes(
        options.ann,
        options.img_dir,
        options.ann_format,
        options.classes,
        options.img_ids,
        options.categories,
        options.decisions,
        options.keep_masks,
    )
    calibration = (
        None if options.calibration is None else read_calibration(options.calibration)
    )
    _tell_skips(boxes, options)
    if on_boxes is not None:
        on_boxes(boxes)
    # Errors in the boxes are reported before torch is imported.
    maker = _maker(options, onnx)
    settings = maker.settings(boxes, calibration)
    _tell_differences(calibration, settings)
    folder = proxy_masks.shard_dir(options.out)
    if _is_complete(options, folder, settings):
        proxy_masks.remove_joined(folder)
        _remove_log(options)
        _tell(f'{options.out} is complete already')
        return JoinReport.read(options.out) if process_rank() == 0 else None
    # Other processes of a killed run may take a moment to end.
    rank = process_rank()
    with proxy_masks.lock_shards(folder, rank, 10 if rank else 0):
        started = options.resume and proxy_masks.check_settings(folder, settings)
        skipped = options.strict and started and proxy_masks.first_skipped(folder)
        if skipped:
            raise ValueError(
                '--strict: image {!r} has been skipped: {}'.format(*skipped)
            )
        done = proxy_masks.done_image_ids(folder) if started else set()
        left = [
            image
            for image in boxes.wanted.tolist()
            if boxes.image_ids[image] not in done
        ]
        if started:
            _tell(f'resuming: {len(left)} images to do, {len(done)} done before')
        run = Run(options, boxes, settings, frozenset(done), started, calibration)
        dim: list[str] = []
        report: JoinReport | None
        if not left:
            if rank:
                return None
            run.prepare()
            report = run.join()
        elif min(options.jobs, len(left)) == 1:
            dim, report = maker.alone(run)
        else:
            dim, report = _by_jobs(maker, run, len(left), fresh)
        _tell_dim(dim)
        if report is not None:
            _remove_log(options)
        return report


def _maker(options: MaskOptions, onnx: str | None) -> Maker:
    """Choose the maker of the masks: an exported model or PyTorch."""
    if onnx is not None:
        return OnnxMaker(OnnxModel.read(onnx), options)
    with unprinted(options.verbose):
        from .torch_maker import TorchMaker
    return TorchMaker(options)


def _by_jobs(
    maker: Maker, run: Run, left: int, fresh: bool
) -> tuple[list[str], JoinReport]:
    """Make the masks in several processes on this machine.

    Args:
        maker (Maker): Maker of the masks in each process.
        run (Run): The run.
        left (int): Number of images to do.
        fresh (bool): Whether torch was not imported when the run began.

    Returns:
        tuple[list[str], JoinReport]: Paths of photos that are too dark; what
        is in the file.
    """
    run.prepare()
    with show_progress(left, 'masks') as update:
        dim = proxy_masks.run_parts(
            partial(_part, maker, run),
            min(run.options.jobs, left),
            update,
            maker.start_method(fresh),
        )
    return sum(dim, []), run.join()


def _part(maker: Maker, run: Run, part: Part, update: Update) -> list[str]:
    """Make the masks of a part; return paths of photos that are too dark."""
    if not part.number:
        return maker.part(run, part, update)
    # Processes of a killed run may take a moment to end.
    with proxy_masks.lock_shards(run.folder, part.number, 10):
        return maker.part(run, part, update)


def _remove_log(options: MaskOptions) -> None:
    """Remove the log of a complete run, unless a folder was named for it.

    Files of others in the folder stay, and the folder with them.
    """
    if options.work_dir is not None:
        return
    for path in Path(options.log_dir).glob('*'):
        if not LOGGED.fullmatch(path.name):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        os.rmdir(options.log_dir)


def _tell_dim(dim: Sequence[str]) -> None:
    """Warn about photos that are too dark."""
    names = [osp.basename(path) for path in dim]
    if names:
        _tell(
            f'{len(names)} photos of 16 bits use 14 or fewer of them, so they '
            f'are nearly black in 8 bits: {listed(names)}; --stretch-16bit takes '
            'the 8 highest bits that they use',
            logging.WARNING,
        )


def _tell(text: str, level: int = logging.INFO) -> None:
    """Log a message in the first process only."""
    if process_rank() == 0:
        _log.log(level, text)


def _check_paths(options: MaskOptions) -> tuple[MaskOptions, str | None]:
    """Check that all paths exist, and fill in the model if none is given.

    Returns:
        tuple[MaskOptions, str | None]: Options with the paths of the model;
        path of the exported model if the runtime is ONNX, else None.
    """
    if options.model is not None:
        options = _from_folder(options)
    onnx = choose_onnx(
        options.runtime,
        options.config,
        options.checkpoint,
        _only_torch(options),
        options.device,
    )
    if onnx is None and (options.config is None) != (options.checkpoint is None):
        raise ValueError(
            'a config and a checkpoint belong together; give both, or neither '
            'to use the model of the package'
        )
    files = {
        'CONFIG': options.config,
        'CHECKPOINT': options.checkpoint,
        '--classes': options.classes,
        '--decisions': options.decisions,
        '--calibration': options.calibration,
    }
    for name, path in files.items():
        if path is not None and osp.isdir(path):
            raise IsADirectoryError(f'{name}: {path} is a folder; give a file')
        if path is not None and not osp.isfile(path):
            raise FileNotFoundError(f'{name}: no file {path}')
    if not osp.exists(options.ann):
        raise FileNotFoundError(f'boxes: no file or folder {options.ann}')
    check_photo_folder(options.img_dir, 'photos: ', options.ann)
    proxy_masks.check_output(options.out)
    if osp.exists(options.out) and osp.samefile(options.out, options.ann):
        raise ValueError(
            f'--out: {options.out} is the file of boxes; give another path'
        )
    check_masks_output(options.out)
    if options.checkpoint is None:
        config, checkpoint = default_model()
        options = replace(
            options,
            config=config,
            checkpoint=checkpoint,
            calibration=options.calibration or default_calibration(),
        )
    return options, onnx


def _only_torch(options: MaskOptions) -> list[str]:
    """Options of the user that only PyTorch supports, as on the command line."""
    asked = {
        '--precision bf16': options.precision == 'bf16',
        '--cfg-options': bool(options.cfg_options),
        f'--launcher {options.launcher}': options.launcher != 'none',
    }
    return [name for name, given in asked.items() if given]


def _from_folder(options: MaskOptions) -> MaskOptions:
    """Fill in the model from the folder of a training, and log which it is.

    Raises:
        FileNotFoundError: If the folder has no finished training.
        ValueError: If another model is given too.
    """
    if options.config is not None or options.checkpoint is not None:
        raise ValueError(
            '--model is a folder with config and checkpoint; give either '
            '--model or --config and --checkpoint'
        )
    config, checkpoint, told = TrainingFolder(options.model).chosen()
    _tell(told)
    calibration = options.calibration
    packaged = default_model()[1]
    if calibration is None and file_sha256(checkpoint) == file_sha256(packaged):
        calibration = default_calibration()
    return replace(
        options, config=config, checkpoint=checkpoint, calibration=calibration
    )


def _tell_differences(
    calibration: CalibrationFile | None, settings: dict[str, Any]
) -> None:
    """Warn if the calibration was fitted to masks with other settings."""
    differences = calibration and calibration.differences(settings)
    if differences:
        _tell(
            f'{calibration.path} was fitted to masks that were made with other '
            f'settings ({", ".join(differences)}), so the expected IoU may be '
            'wrong; fit a new one with boxcaseg calibrate',
            logging.WARNING,
        )


def _tell_skips(boxes: BoxFile, options: MaskOptions) -> None:
    """Warn about what will be skipped; with ``strict`` raise ValueError."""
    missing = [
        boxes.file_names[image]
        for image in boxes.wanted.tolist()
        if not boxes.there[image]
    ]
    finder = PhotoFinder(options.img_dir)
    # Only those that a message lists are looked for.
    missing[:LISTED] = [_with_nearest(name, finder) for name in missing[:LISTED]]
    if missing and len(missing) == len(boxes.wanted):
        raise FileNotFoundError(
            f'{options.img_dir} has none of the {len(missing)} photos with boxes, '
            f'such as {missing[0]}; give the folder that holds them'
        )
    if boxes.left_out and not len(boxes.wanted):
        first = boxes.left_out[0]
        raise FileNotFoundError(
            f'{options.img_dir} has the photo of none of the {len(boxes.left_out)} '
            f'files of boxes in {options.ann}, such as {first.file}: '
            f'{first.reason}; give the folder that holds the photos'
        )
    if any(one == 0 and type(one) is int for one in boxes.box_ids):
        _tell(
            f'{options.ann}: an annotation has the id 0, which pycocotools '
            'takes for "no match"; give it another id before you score against '
            'this file',
            logging.WARNING,
        )
    if seem_corners(boxes):
        _tell(
            f'{options.ann}: the boxes seem to be corners [x0, y0, x1, y1], '
            'but are read as [x, y, width, height]',
            logging.WARNING,
        )
    unusable = [
        f'annotation {boxes.box_ids[place]}: {reason}'
        for place, reason in boxes.why_not.items()
    ]
    left_out = [f'{one.file}: {one.reason}' for one in boxes.left_out]
    for lines, what in (
        (unusable, 'boxes cover nothing of their image'),
        (missing, f'images are not in {options.img_dir}'),
        (left_out, 'annotation files have no image'),
    ):
        if not lines:
            continue
        text = f'{len(lines)} {what}: {listed(lines, "; ")}'
        if options.strict:
            raise ValueError(f'--strict: {text}')
        _tell(f'{text}; skipped', logging.WARNING)


def _with_nearest(name: str, finder: PhotoFinder) -> str:
    """A missing name, with the most similar name that exists."""
    nearest = finder.nearest(name)
    return f'{name} (the nearest is {nearest})' if nearest else name


def _is_complete(options: MaskOptions, folder: str, settings: dict[str, Any]) -> bool:
    """Whether the output to resume is complete and has the same settings."""
    return (
        options.resume
        and not osp.isdir(folder)
        and proxy_masks.joined_settings(options.out) == settings
        and osp.isfile(proxy_masks.report_path(options.out))
    )
