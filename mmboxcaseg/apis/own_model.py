"""Training a BoxCaseg on the user's own boxes."""

import logging
import os
import os.path as osp
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mmboxcaseg import __version__, process
from mmboxcaseg.annotations import read_boxes
from mmboxcaseg.annotations.photos import check_photo_folder
from mmboxcaseg.proxy_masks.settings import file_sha256
from mmboxcaseg.quiet import unprinted
from mmboxcaseg.training import (
    SIZES,
    TrainingBoxes,
    TrainingFolder,
    TrainOptions,
    Verdict,
    judge,
    masks_of_rounds,
    round_ends,
    salient_folders,
    training_boxes,
    validations,
    write_training_boxes,
)

from .budget import budget_iters
from .default_model import default_model
from .runtime import check_torch
from .training_rounds import first_round, round_config, train_rounds

if TYPE_CHECKING:
    from mmboxcaseg.evaluation.box_fit import BoxFits

    from .kept_aside import KeptAside

_log = logging.getLogger(__name__)


def train(options: TrainOptions) -> Verdict:
    """Train a BoxCaseg on boxes, starting from an existing model.

    Some photos are kept aside. They are scored before the training, after
    each tenth of it, and at the end. If neither salient images nor masks are
    given, the salient head is not trained, so that it keeps what it has
    learnt.

    The same options resume a training that was stopped. If the folder has a
    finished training, its verdict is returned.

    Args:
        options (TrainOptions): Boxes, photos, starting model, budget and
            output folder.

    Returns:
        Verdict: Whether the model has become better.

    Raises:
        ImportError: If PyTorch or OpenMMLab's packages are not installed.
        OSError: If a file or folder does not exist or can't be written.
        ValueError: If an option is out of its range, the boxes are not valid
            or fewer than 20, or the folder belongs to another training.
    """
    process.prepare()
    began = time.monotonic()
    options.check()
    # Nothing has been written yet.
    check_torch(['training'])
    start = _start_of(options)
    boxes = training_boxes(
        read_boxes(
            options.ann,
            options.img_dir,
            options.ann_format,
            options.classes,
            categories=options.categories,
            keep_masks=True,
        ),
        options.keep_masks,
    )
    folder = TrainingFolder(options.out)
    begun = folder.begin(_settings(options, boxes, start))
    verdict = folder.verdict()
    if verdict is not None:
        _log.info(
            '%s is finished already; to train again give another --out', options.out
        )
        return verdict
    _log.info('%s%s', 'resuming the training; ' if begun else '', boxes.summary())
    with folder.locked(), unprinted(options.verbose):
        write_training_boxes(boxes, folder.data)
        return _train(options, folder, boxes, start, began)


def _train(
    options: TrainOptions,
    folder: TrainingFolder,
    boxes: TrainingBoxes,
    start: tuple[str | None, str] | None,
    began: float,
) -> Verdict:
    """Do everything that needs torch, which is imported only here."""
    from mmboxcaseg.engine import own_training

    from .kept_aside import KeptAside

    own_training.use_device(options.device)
    _put_start(folder, start, options)
    aside = KeptAside(osp.join(folder.data, 'kept_aside.json'), options.img_dir)
    before, seconds = _before(folder, aside)
    now = first_round(folder, boxes, start and folder.model('start')[1])
    # Later rounds learn from masks, so their iterations may take longer.
    slowest = now if options.rounds == 1 else replace(now, has_masks=True)
    cfg = round_config(options, folder, slowest)
    batch_size, per_box = cfg.train_dataloader.batch_size, seconds / len(before)

    def spare(iters: int) -> float:
        ends = round_ends(iters, options.rounds)
        masks = masks_of_rounds(boxes, ends, batch_size)
        # The photos kept aside are scored in training and after it.
        scorings = validations(ends, max(iters // 10, 1)) + 1
        return scorings * seconds + masks * per_box

    iters = budget_iters(cfg, options, folder, began, spare)
    ends = round_ends(iters, options.rounds)
    train_rounds(options, folder, boxes, now, ends, batch_size)
    return _finish(folder, aside, before, boxes, iters)


def _start_of(options: TrainOptions) -> tuple[str | None, str] | None:
    """Find the model to start from.

    Returns:
        tuple[str | None, str] | None: Paths of config and checkpoint. The
        config is None if only a checkpoint was given. None if the training
        starts from ImageNet weights.

    Raises:
        FileNotFoundError: If a file or folder of the options does not exist.
    """
    check_photo_folder(options.img_dir, boxes=options.ann)
    if options.salient is not None:
        if not osp.isdir(options.salient):
            raise FileNotFoundError(f'--salient: no folder {options.salient}')
        salient_folders(options.salient)
    if options.start is None:
        return default_model() if options.size == 'small' else None
    if osp.isfile(options.start):
        return None, options.start
    config, checkpoint, told = TrainingFolder(options.start).chosen()
    _log.info('starting from %s', told)
    return config, checkpoint


def _settings(
    options: TrainOptions,
    boxes: TrainingBoxes,
    start: tuple[str | None, str] | None,
) -> dict[str, Any]:
    """The settings that the result depends on, as json values."""
    # Folders of trainings before there were rounds lack the number.
    rounds = {} if options.rounds == 1 else dict(rounds=options.rounds)
    return dict(
        **rounds,
        boxes=boxes.boxes.digest,
        photos=osp.abspath(options.img_dir),
        salient=options.salient and osp.abspath(options.salient),
        keep_masks=options.keep_masks,
        start=start and file_sha256(start[1]),
        size=options.size,
        iters=options.iters,
        minutes=options.minutes,
        cfg_options=list(options.cfg_options),
        package_version=__version__,
    )


def _put_start(
    folder: TrainingFolder, start: tuple[str | None, str] | None, options: TrainOptions
) -> None:
    """Copy the model that the verdict compares with into the folder."""
    from mmboxcaseg.engine import own_training

    config, weights = folder.model('start')
    if osp.isfile(weights):
        return
    if start is not None and start[0] is None:
        cfg = own_training.recipe(f'{SIZES[options.size]}.py')
        checkpoint = own_training.read_checkpoint(start[1])
        own_training.match_heads(cfg, checkpoint)
        own_training.apply_options(cfg, options.cfg_options)
        own_training.export_model(cfg, checkpoint, folder.at('start'))
        return
    # ImageNet weights make no masks. A training that starts from them is
    # compared with the model of the package.
    from_config, from_checkpoint = start or default_model()
    shutil.copy(from_config, config)
    shutil.copy(from_checkpoint, f'{weights}.part')
    os.replace(f'{weights}.part', weights)


def _before(folder: TrainingFolder, aside: 'KeptAside') -> tuple['BoxFits', float]:
    """Scores before the training, and the time that scoring took in seconds."""
    from mmboxcaseg.evaluation.box_fit import BoxFits

    noted = folder.noted('before')
    if noted is None:
        began = time.monotonic()
        fits = aside.fits(folder.model('start'), 'before')
        noted = dict(seconds=time.monotonic() - began, fits=fits.to_json())
        folder.note('before', noted)
        _log.info('before: %s', fits.summary())
    return BoxFits.from_json(noted['fits']), noted['seconds']


def _finish(
    folder: TrainingFolder,
    aside: 'KeptAside',
    before: 'BoxFits',
    boxes: TrainingBoxes,
    iters: int,
) -> Verdict:
    """Score the trained model, draw its masks, and make the verdict."""
    from mmboxcaseg.visualization import write_png

    models = folder.model('start'), folder.model('trained')
    after = aside.fits(models[1], 'after')
    verdict = judge(before, after, int(boxes.aside.sum()), iters)
    sheet = aside.sheet(*models, (before, after), verdict.measure)
    write_png(folder.at('before_after.png'), sheet)
    folder.note('verdict', verdict.to_json())
    return verdict
