"""Boxes in, a file of masks out."""
import logging
import os
import os.path as osp
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Dict, Optional, Sequence, Set

from mmboxcaseg import proxy_masks
from mmboxcaseg.annotations import BoxFile, PhotoFinder, read_boxes
from mmboxcaseg.progress import show_progress
from mmboxcaseg.proxy_masks import JoinReport
from mmboxcaseg.quiet import unprinted
from .default_model import default_model

if TYPE_CHECKING:
    from mmboxcaseg.engine.proxy_mask_run import (ProxyMaskOptions,
                                                  ProxyMaskRunner)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MaskOptions:
    """The boxes, the output and the model of :func:`make_proxy_masks`.

    Attributes:
        ann (str): The boxes: a COCO json, or a folder of Pascal VOC xml or of
            YOLO txt files.
        img_dir (str): Folder of the photos.
        out (str): COCO json to write.
        config (str, optional): Config of a BoxCaseg model. None: the model
            that comes with the package.
        checkpoint (str, optional): Path of its weights.
        ann_format (str, optional): ``'coco'``, ``'voc'`` or ``'yolo'``. None:
            found out.
        classes (str, optional): File with the names of YOLO's classes.
        img_ids (Sequence[str], optional): Only these images.
        categories (Sequence[str], optional): Only these categories, by name
            or id.
        merge (bool): Whether a pixel claimed by several masks goes to the
            smallest object only.
        polygons (bool): Whether masks are written as polygons, which lose
            their holes, and not as RLE.
        flip (bool): Whether crops and their mirror images are averaged; if
            not, as the config says.
        margins (Sequence[float], optional): Margins of the crops that are
            averaged, as parts of the box's sides. None: as in the config.
        precision (str, optional): ``'fp32'`` or ``'bf16'``. None: as in the
            config.
        crops_per_batch (int, optional): Most crops that go through the
            network at once. None: as in the config.
        stretch_16bit (bool): Whether a photo of 16 bits of which 14 or fewer
            are used gets its eight highest used ones; else the eight highest
            of the 16, of which little is seen.
        cfg_options (Sequence[str]): ``KEY=VALUE``, settings that replace the
            config's.
        resume (bool): Whether to go on where a run that was cut short left
            off; without it such results are removed.
        strict (bool): Whether a photo or a box that can't be used is an
            error.
        allow_unsafe (bool): Whether the checkpoint may hold more than
            weights; such a file can run any code.
        num_workers (int, optional): Processes that read photos. None: as in
            the config.
        device (str, optional): ``'cpu'`` or ``'cuda'``. None: a GPU if there
            is one.
        launcher (str): What started the processes, if there are several.
        work_dir (str, optional): Folder of the log. None: see
            :meth:`log_dir`.
        verbose (bool): Whether the log is printed as well.
    """
    ann: str
    img_dir: str
    out: str
    config: Optional[str] = None
    checkpoint: Optional[str] = None
    ann_format: Optional[str] = None
    classes: Optional[str] = None
    img_ids: Optional[Sequence[str]] = None
    categories: Optional[Sequence[str]] = None
    merge: bool = True
    polygons: bool = False
    flip: bool = False
    margins: Optional[Sequence[float]] = None
    precision: Optional[str] = None
    crops_per_batch: Optional[int] = None
    stretch_16bit: bool = False
    cfg_options: Sequence[str] = ()
    resume: bool = False
    strict: bool = False
    allow_unsafe: bool = False
    num_workers: Optional[int] = None
    device: Optional[str] = None
    launcher: str = 'none'
    work_dir: Optional[str] = None
    verbose: bool = False

    @property
    def log_dir(self) -> str:
        """Folder of the log: ``work_dir``, or ``<out>.logs`` beside it."""
        return self.work_dir or f'{self.out}.logs'


def make_proxy_masks(options: MaskOptions) -> Optional[JoinReport]:
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
    boxes = read_boxes(options.ann, options.img_dir, options.ann_format,
                       options.classes, options.img_ids, options.categories)
    _tell_skips(boxes, options)
    # Mistakes in the boxes are told before torch is imported.
    with unprinted(options.verbose):
        from mmboxcaseg.engine import proxy_mask_run, read_checkpoint
    run_options = _run_options(options)
    cfg = proxy_mask_run.prediction_config(run_options)
    checkpoint = read_checkpoint(options.checkpoint, options.allow_unsafe)
    settings = proxy_mask_run.make_settings(cfg, run_options, boxes)
    folder = proxy_masks.shard_dir(options.out)
    if _is_complete(options, folder, settings):
        proxy_masks.remove_joined(folder)
        _tell(f'{options.out} is complete already')
        return JoinReport.read(options.out) if process_rank() == 0 else None
    # Other processes of a run that was killed may need a moment to end.
    rank = process_rank()
    with proxy_masks.lock_shards(folder, rank, 10 if rank else 0):
        started = options.resume and proxy_masks.check_settings(
            folder, settings)
        skipped = options.strict and started and proxy_masks.first_skipped(
            folder)
        if skipped:
            raise ValueError(
                '--strict: image {!r} has been skipped: {}'.format(*skipped))
        done = proxy_masks.done_image_ids(folder) if started else set()
        left = [
            image for image in boxes.wanted.tolist()
            if boxes.image_ids[image] not in done
        ]
        if started:
            _tell(f'{len(left)} images to do, {len(done)} done before')
        if not left:
            return _join(folder, boxes, options, settings, started)
        runner = proxy_mask_run.build_runner(cfg, run_options, options.log_dir,
                                             checkpoint)
        return _run(runner, options, boxes, settings, done, started)


def _run(runner: 'ProxyMaskRunner', options: MaskOptions, boxes: BoxFile,
         settings: Dict[str, Any], done: Set[Any],
         started: bool) -> Optional[JoinReport]:
    """Make the masks that are not there yet, and join all."""
    from mmboxcaseg.engine import ProxyMaskHook, proxy_mask_run
    count = runner.load_test_data(
        proxy_mask_run.prompt_dataset(runner.cfg, boxes, options.img_dir),
        done)
    title = 'masks'
    if runner.world_size > 1:
        title += f' (process 1 of {runner.world_size})'
    with show_progress(count, title, quiet=process_rank() != 0) as update:
        hook = ProxyMaskHook(
            options.out,
            boxes=boxes,
            merge=options.merge,
            polygons=options.polygons,
            strict=options.strict,
            resume=started,
            settings=settings,
            progress=update)
        proxy_mask_run.make_masks(runner, hook)
    if hook.dim:
        names = [osp.basename(path) for path in hook.dim]
        _tell(
            f'{len(names)} photos of 16 bits use 14 or fewer of them, so they '
            f'are nearly black in 8 bits: {", ".join(names[:5])}'
            f'{", ..." if len(names) > 5 else ""}; --stretch-16bit takes the '
            'bits that they use', logging.WARNING)
    return hook.report


def _join(folder: str, boxes: BoxFile, options: MaskOptions,
          settings: Dict[str, Any], started: bool) -> Optional[JoinReport]:
    """Join shards in which all masks are."""
    if process_rank() != 0:
        return None
    proxy_masks.prepare_shards(folder, settings, started)
    return proxy_masks.join_shards(folder, boxes, options.out, settings,
                                   options.polygons)


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
    if (options.config is None) != (options.checkpoint is None):
        raise ValueError('a config and a checkpoint go together; give both, '
                         'or neither for the model of the package')
    files = {
        'CONFIG': options.config,
        'CHECKPOINT': options.checkpoint,
        '--classes': options.classes
    }
    for name, path in files.items():
        if path is not None and not osp.isfile(path):
            raise FileNotFoundError(f'{name}: no file {path}')
    if not osp.exists(options.ann):
        raise FileNotFoundError(f'--ann: no file {options.ann}')
    if not osp.isdir(options.img_dir):
        raise FileNotFoundError(f'--img-dir: no folder {options.img_dir}')
    if osp.isdir(options.out):
        raise ValueError(f'--out: {options.out} is a folder; name a file in '
                         'it')
    if osp.exists(options.out) and osp.samefile(options.out, options.ann):
        raise ValueError(f'--out: {options.out} is the file of --ann; give '
                         'another name')
    if options.config is None:
        config, checkpoint = default_model()
        options = replace(options, config=config, checkpoint=checkpoint)
    return options


def _tell_skips(boxes: BoxFile, options: MaskOptions) -> None:
    """Tell what will be skipped, or refuse it."""
    missing = [
        name for name in (boxes.file_names[image]
                          for image in boxes.wanted.tolist())
        if not osp.isfile(osp.join(options.img_dir, name))
    ]
    finder = PhotoFinder(options.img_dir)
    missing[:5] = [_with_nearest(name, finder) for name in missing[:5]]
    if missing and len(missing) == len(boxes.wanted):
        raise FileNotFoundError(
            f'--img-dir: none of the {len(missing)} images with boxes is in '
            f'{options.img_dir}, such as {missing[0]}')
    if boxes.left_out and not len(boxes.wanted):
        first = boxes.left_out[0]
        raise FileNotFoundError(
            f'--img-dir: none of the {len(boxes.left_out)} files of boxes in '
            f'{options.ann} has its photo in {options.img_dir}, such as '
            f'{first.file}: {first.reason}')
    if any(one == 0 and type(one) is int for one in boxes.box_ids):
        _tell(
            f'{options.ann}: an annotation has the id 0, with which '
            'pycocotools counts a match as none; give it another id before '
            'scoring against it', logging.WARNING)
    unusable = [
        f'annotation {boxes.box_ids[place]}: {reason}'
        for place, reason in boxes.why_not.items()
    ]
    left_out = [f'{one.file}: {one.reason}' for one in boxes.left_out]
    for lines, what in ((unusable, 'boxes cover nothing of their image'),
                        (missing, f'images are not in {options.img_dir}'),
                        (left_out, 'annotation files have no image')):
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


def _run_options(options: MaskOptions) -> 'ProxyMaskOptions':
    """What of the options is about the model."""
    from mmboxcaseg.engine.proxy_mask_run import ProxyMaskOptions
    return ProxyMaskOptions(
        **{
            field.name: getattr(options, field.name)
            for field in fields(ProxyMaskOptions)
        })


def _is_complete(options: MaskOptions, folder: str,
                 settings: Dict[str, Any]) -> bool:
    """Whether ``resume`` finds the output there, made the same way."""
    return (options.resume and not osp.isdir(folder)
            and proxy_masks.joined_settings(options.out) == settings
            and osp.isfile(proxy_masks.report_path(options.out)))
