"""Boxes in, a file of masks out."""

import logging
import os.path as osp
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from mmboxcaseg import process, proxy_masks
from mmboxcaseg.annotations import (
    BoxFile,
    CalibrationFile,
    PhotoFinder,
    read_boxes,
    read_calibration,
)
from mmboxcaseg.annotations.findings import seem_corners
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
from mmboxcaseg.training import TrainingFolder

from .default_model import default_calibration, default_model
from .runtime import choose_onnx

_log = logging.getLogger(__name__)


def make_proxy_masks(options: MaskOptions) -> JoinReport | None:
    """Make a mask for every box, and write them as a COCO json.

    The paper, Sec. 3.4. What a run has done is kept in ``<out>.shards`` until
    all is done; a run that was cut short is resumed by ``resume``, and gives
    the same file to the byte.

    Args:
        options (MaskOptions): What to make, of what.

    Returns:
        JoinReport | None: What went into the file, and what was skipped; None
        in all processes of a distributed run but the first.

    Raises:
        OSError: If a file or folder is not there or can't be written.
        ValueError: If the annotations are not in order, the model and the
            checkpoint don't go together, another run writes the same output,
            or something would be skipped and ``strict`` is set.
    """
    # Of a command: nothing has started a thread yet.
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
    # Mistakes in the boxes are told before torch is imported.
    maker = _maker(options, onnx)
    settings = maker.settings(boxes, calibration)
    _tell_differences(calibration, settings)
    folder = proxy_masks.shard_dir(options.out)
    if _is_complete(options, folder, settings):
        proxy_masks.remove_joined(folder)
        _tell(f'{options.out} is complete already')
        return JoinReport.read(options.out) if process_rank() == 0 else None
    # Other processes of a run that was killed may need a moment to end.
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
            _tell(f'{len(left)} images to do, {len(done)} done before')
        run = Run(options, boxes, settings, frozenset(done), started, calibration)
        if not left:
            if rank:
                return None
            run.prepare()
            return run.join()
        if min(options.jobs, len(left)) == 1:
            dim, report = maker.alone(run)
        else:
            dim, report = _by_jobs(maker, run, len(left), fresh)
        _tell_dim(dim)
        return report


def _maker(options: MaskOptions, onnx: str | None) -> Maker:
    """What makes the masks: an exported model, or PyTorch."""
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
        maker (Maker): It makes those of each.
        run (Run): The run.
        left (int): Number of images to do.
        fresh (bool): Whether torch was not imported before.

    Returns:
        tuple[list[str], JoinReport]: Photos that are too dark; what went into
        the file.
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
    """Make the masks of a part; photos that are too dark."""
    if not part.number:
        return maker.part(run, part, update)
    # Processes of a run that was killed may need a moment to end.
    with proxy_masks.lock_shards(run.folder, part.number, 10):
        return maker.part(run, part, update)


def _tell_dim(dim: Sequence[str]) -> None:
    """Tell of photos that are too dark."""
    names = [osp.basename(path) for path in dim]
    if names:
        _tell(
            f'{len(names)} photos of 16 bits use 14 or fewer of them, so they '
            f'are nearly black in 8 bits: {", ".join(names[:5])}'
            f'{", ..." if len(names) > 5 else ""}; --stretch-16bit takes the '
            'bits that they use',
            logging.WARNING,
        )


def _tell(text: str, level: int = logging.INFO) -> None:
    """Say something once for all processes."""
    if process_rank() == 0:
        _log.log(level, text)


def _check_paths(options: MaskOptions) -> tuple[MaskOptions, str | None]:
    """Check that what is named exists, and name the model if it isn't.

    Returns:
        tuple[MaskOptions, str | None]: Options in which the model is named;
        path of the exported model if there is one that makes the masks.
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
            'a config and a checkpoint go together; give both, '
            'or neither for the model of the package'
        )
    files = {
        'CONFIG': options.config,
        'CHECKPOINT': options.checkpoint,
        '--classes': options.classes,
        '--decisions': options.decisions,
        '--calibration': options.calibration,
    }
    for name, path in files.items():
        if path is not None and not osp.isfile(path):
            raise FileNotFoundError(f'{name}: no file {path}')
    if not osp.exists(options.ann):
        raise FileNotFoundError(f'boxes: no file or folder {options.ann}')
    if not osp.isdir(options.img_dir):
        raise FileNotFoundError(f'photos: no folder {options.img_dir}')
    proxy_masks.check_output(options.out)
    if osp.exists(options.out) and osp.samefile(options.out, options.ann):
        raise ValueError(
            f'--out: {options.out} is the file of --ann; give another name'
        )
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
    """What is asked for that only PyTorch can do, by the command's options."""
    asked = {
        '--precision bf16': options.precision == 'bf16',
        '--cfg-options': bool(options.cfg_options),
        f'--launcher {options.launcher}': options.launcher != 'none',
    }
    return [name for name, given in asked.items() if given]


def _from_folder(options: MaskOptions) -> MaskOptions:
    """The options with the model of a training, and tell which it is.

    Raises:
        FileNotFoundError: If the folder holds no finished training.
        ValueError: If another model is named too.
    """
    if options.config is not None or options.checkpoint is not None:
        raise ValueError(
            '--model names a folder with config and checkpoint; give it alone, '
            'or --config and --checkpoint'
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
    """Tell if the calibration is one of other masks."""
    differences = calibration and calibration.differences(settings)
    if differences:
        _tell(
            f'{calibration.path} was fitted on masks that were made in '
            f'another way ({", ".join(differences)}), so the expected IoU '
            'may be off; boxcaseg calibrate fits one for these',
            logging.WARNING,
        )


def _tell_skips(boxes: BoxFile, options: MaskOptions) -> None:
    """Tell what will be skipped, or refuse it."""
    missing = [
        boxes.file_names[image]
        for image in boxes.wanted.tolist()
        if not boxes.there[image]
    ]
    finder = PhotoFinder(options.img_dir)
    missing[:5] = [_with_nearest(name, finder) for name in missing[:5]]
    if missing and len(missing) == len(boxes.wanted):
        raise FileNotFoundError(
            f'--img-dir: none of the {len(missing)} images with boxes is in '
            f'{options.img_dir}, such as {missing[0]}'
        )
    if boxes.left_out and not len(boxes.wanted):
        first = boxes.left_out[0]
        raise FileNotFoundError(
            f'--img-dir: none of the {len(boxes.left_out)} files of boxes in '
            f'{options.ann} has its photo in {options.img_dir}, such as '
            f'{first.file}: {first.reason}'
        )
    if any(one == 0 and type(one) is int for one in boxes.box_ids):
        _tell(
            f'{options.ann}: an annotation has the id 0, with which '
            'pycocotools counts a match as none; give it another id before '
            'scoring against it',
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
        text = f'{len(lines)} {what}: {"; ".join(lines[:5])}'
        text += '; ...' if len(lines) > 5 else ''
        if options.strict:
            raise ValueError(f'--strict: {text}')
        _tell(f'{text}; skipped', logging.WARNING)


def _with_nearest(name: str, finder: PhotoFinder) -> str:
    """A name that is not there, with the one that is most like it."""
    nearest = finder.nearest(name)
    return f'{name} (the nearest is {nearest})' if nearest else name


def _is_complete(options: MaskOptions, folder: str, settings: dict[str, Any]) -> bool:
    """Whether ``resume`` finds the output there, made the same way."""
    return (
        options.resume
        and not osp.isdir(folder)
        and proxy_masks.joined_settings(options.out) == settings
        and osp.isfile(proxy_masks.report_path(options.out))
    )
