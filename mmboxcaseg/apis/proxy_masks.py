"""Boxes in, a file of masks out."""

import logging
import os
import os.path as osp
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mmboxcaseg import proxy_masks
from mmboxcaseg.annotations import (
    BoxFile,
    CalibrationFile,
    PhotoFinder,
    read_boxes,
    read_calibration,
)
from mmboxcaseg.annotations.findings import seem_corners
from mmboxcaseg.annotations.output import digest_of_file
from mmboxcaseg.progress import show_progress
from mmboxcaseg.proxy_masks import JoinReport, MaskOptions
from mmboxcaseg.quiet import unprinted
from mmboxcaseg.training import TrainingFolder

from .default_model import default_calibration, default_model

if TYPE_CHECKING:
    from mmboxcaseg.engine.proxy_mask_run import ProxyMaskRunner

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
    options = _check_paths(options)
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
    with unprinted(options.verbose):
        from mmboxcaseg.engine import proxy_mask_run, read_checkpoint
    cfg = proxy_mask_run.prediction_config(options)
    checkpoint = read_checkpoint(options.checkpoint, options.allow_unsafe)
    settings = proxy_mask_run.make_settings(cfg, options, boxes, calibration)
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
        if not left:
            return _join(folder, boxes, options, settings, started, calibration)
        runner = proxy_mask_run.build_runner(cfg, options, checkpoint)
        return _run(runner, options, boxes, settings, done, started, calibration)


def _run(
    runner: 'ProxyMaskRunner',
    options: MaskOptions,
    boxes: BoxFile,
    settings: dict[str, Any],
    done: set[Any],
    started: bool,
    calibration: CalibrationFile | None,
) -> JoinReport | None:
    """Make the masks that are not there yet, and join all."""
    from mmboxcaseg.engine import ProxyMaskHook, proxy_mask_run

    count = runner.load_test_data(
        proxy_mask_run.prompt_dataset(runner.cfg, boxes, options.img_dir), done
    )
    title = 'masks'
    if runner.world_size > 1:
        title += f' (process 1 of {runner.world_size})'
    with show_progress(count, title, quiet=process_rank() != 0) as update:
        hook = ProxyMaskHook(
            options.out,
            boxes=boxes,
            merge=options.merge,
            polygons=options.polygons,
            tighten=options.tighten is not None,
            strict=options.strict,
            resume=started,
            settings=settings,
            progress=update,
            calibration=calibration and calibration.calibration,
        )
        proxy_mask_run.make_masks(runner, hook)
    if hook.dim:
        names = [osp.basename(path) for path in hook.dim]
        _tell(
            f'{len(names)} photos of 16 bits use 14 or fewer of them, so they '
            f'are nearly black in 8 bits: {", ".join(names[:5])}'
            f'{", ..." if len(names) > 5 else ""}; --stretch-16bit takes the '
            'bits that they use',
            logging.WARNING,
        )
    return hook.report


def _join(
    folder: str,
    boxes: BoxFile,
    options: MaskOptions,
    settings: dict[str, Any],
    started: bool,
    calibration: CalibrationFile | None,
) -> JoinReport | None:
    """Join shards in which all masks are."""
    if process_rank() != 0:
        return None
    proxy_masks.prepare_shards(folder, settings, started)
    return proxy_masks.join_shards(
        folder,
        boxes,
        options.out,
        settings,
        options.polygons,
        options.tighten is not None,
        calibration and calibration.calibration,
    )


def process_rank() -> int:
    """Rank of this process, before anything is started."""
    for name in ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK'):
        if name in os.environ:
            return int(os.environ[name])
    return 0


def _tell(text: str, level: int = logging.INFO) -> None:
    """Say something once for all processes."""
    if process_rank() == 0:
        _log.log(level, text)


def _check_paths(options: MaskOptions) -> MaskOptions:
    """Check that what is named exists, and name the model if it isn't."""
    if options.model is not None:
        options = _from_folder(options)
    if (options.config is None) != (options.checkpoint is None):
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
        raise FileNotFoundError(f'--ann: no file {options.ann}')
    if not osp.isdir(options.img_dir):
        raise FileNotFoundError(f'--img-dir: no folder {options.img_dir}')
    proxy_masks.check_output(options.out)
    if osp.exists(options.out) and osp.samefile(options.out, options.ann):
        raise ValueError(
            f'--out: {options.out} is the file of --ann; give another name'
        )
    if options.config is None:
        config, checkpoint = default_model()
        options = replace(
            options,
            config=config,
            checkpoint=checkpoint,
            calibration=options.calibration or default_calibration(),
        )
    return options


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
    if calibration is None and digest_of_file(checkpoint) == digest_of_file(packaged):
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
