"""The rounds of a training on the user's own boxes."""

import json
import logging
import os
import os.path as osp
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmboxcaseg.annotations import read_masks
from mmboxcaseg.annotations.output import write_json
from mmboxcaseg.proxy_masks import MaskOptions
from mmboxcaseg.training import (
    LEAST_CONFIDENCE,
    SIZES,
    TrainingBoxes,
    TrainingFolder,
    TrainOptions,
    add_masks,
    boxes_of_round,
    repeats,
    salient_folders,
)

from .proxy_masks import make_proxy_masks

if TYPE_CHECKING:
    from mmengine.config import Config

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Round:
    """What a round trains on.

    Attributes:
        ann (str): Path of the COCO json with the boxes and the masks to train
            on.
        has_masks (bool): Whether there is such a mask.
        repeats (int): Repetitions of the boxes with masks.
        start (str | None): Path of the checkpoint that the round starts from;
            None for ImageNet weights.
        number (int): Number of the round. Defaults to 1.
    """

    ann: str
    has_masks: bool
    repeats: int
    start: str | None
    number: int = 1


def first_round(
    folder: TrainingFolder, boxes: TrainingBoxes, start: str | None
) -> Round:
    """Describe the first round, which has no predicted masks.

    Args:
        folder (TrainingFolder): Folder of the training.
        boxes (TrainingBoxes): The boxes, which have been written to it.
        start (str | None): Path of the checkpoint to start from; None for
            ImageNet weights.

    Returns:
        Round: What the round trains on.
    """
    return Round(
        ann=osp.join(folder.data, 'train.json'),
        has_masks=bool((boxes.training & boxes.taught).any()),
        repeats=boxes.repeats,
        start=start,
    )


def train_rounds(
    options: TrainOptions,
    folder: TrainingFolder,
    boxes: TrainingBoxes,
    now: Round,
    ends: list[int],
    batch_size: int,
) -> None:
    """Train all rounds, or those that a stopped training has left.

    After each round but the last, its model makes masks of boxes to train on.
    The next round starts from this model, and learns from the masks that are
    confident enough.

    Args:
        options (TrainOptions): Options of the training.
        folder (TrainingFolder): Folder of the training. The last round writes
            to it, each of the others to a folder in it.
        boxes (TrainingBoxes): The boxes, which have been written to it.
        now (Round): The first round.
        ends (list[int]): Number of iterations done at the end of each round.
        batch_size (int): Number of patches of an iteration of later rounds.
    """
    from mmboxcaseg.engine import own_training

    begin = 0
    for number, end in enumerate(ends, 1):
        place = folder if end == ends[-1] else folder.round(number)
        if not osp.isfile(place.model('trained')[1]):
            cfg = round_config(options, folder, now)
            cfg.work_dir = osp.abspath(place.log_dir)
            own_training.set_iters(cfg, end - begin, tenth=max(ends[-1] // 10, 1))
            os.makedirs(place.path, exist_ok=True)
            cfg.dump(place.config)
            last = own_training.train(cfg, folder.note_scores, begin, ends[-1])
            own_training.export_model(
                cfg, own_training.read_checkpoint(last), place.at('trained')
            )
        begin = end
        if end < ends[-1]:
            patches = (ends[number] - end) * batch_size
            now = _next_round(options, folder, boxes, number + 1, patches)


def _next_round(
    options: TrainOptions,
    folder: TrainingFolder,
    boxes: TrainingBoxes,
    number: int,
    patches: int,
) -> Round:
    """Make masks with the model of the round before, for a round to learn from."""
    config, weights = folder.round(number - 1).model('trained')
    ann = osp.join(folder.data, f'round{number}.json')
    if not osp.isfile(ann):
        chosen = osp.join(folder.data, f'round{number}_boxes.json')
        masks = osp.join(folder.data, f'round{number}_masks.json')
        content = boxes_of_round(boxes, patches, seed=number)
        write_json(chosen, content)
        make_proxy_masks(
            MaskOptions(
                ann=chosen,
                img_dir=options.img_dir,
                out=masks,
                config=config,
                checkpoint=weights,
                keep_masks=bool(boxes.taught.any()),
                resume=True,
                num_workers=options.num_workers,
                device=options.device,
                verbose=options.verbose,
            )
        )
        write_json(ann, add_masks(content, read_masks(masks)))
    with open(ann, encoding='utf-8') as file:
        annotations = json.load(file)['annotations']
    taught = sum('segmentation' in one for one in annotations)
    _log.log(
        logging.INFO if taught else logging.WARNING,
        'round %d learns from the masks of %d of %d boxes, those with a confidence '
        'of at least %g',
        number,
        taught,
        len(annotations),
        LEAST_CONFIDENCE,
    )
    return Round(
        ann,
        has_masks=taught > 0,
        repeats=repeats(taught, len(annotations) - taught),
        start=weights,
        number=number,
    )


def round_config(options: TrainOptions, folder: TrainingFolder, now: Round) -> 'Config':
    """Make the config of a round: a recipe with the paths of this training.

    Args:
        options (TrainOptions): Options of the training.
        folder (TrainingFolder): Folder of the training.
        now (Round): What the round trains on.

    Returns:
        Config: The config, with the recipe's number of iterations and without
        a folder to train in.
    """
    from mmboxcaseg.engine import own_training

    alone = options.salient is None and not now.has_masks
    cfg = own_training.recipe(f'{SIZES[options.size]}{"_boxes" if alone else ""}.py')
    data, photos = osp.abspath(folder.data), osp.abspath(options.img_dir)
    train = cfg.train_dataloader.dataset
    train.box.update(
        data_root='',
        ann_file=osp.abspath(now.ann),
        data_prefix=dict(img=photos),
        with_mask=now.has_masks,
        given_only=now.has_masks,
        given_repeats=now.repeats if now.has_masks else 1,
    )
    if options.salient is not None:
        image, mask = salient_folders(options.salient)
        train.salient.update(data_root='', data_prefix=dict(img=image, mask=mask))
    elif now.has_masks:
        # The pixel loss learns from the masks that the boxes have.
        own_training.leave_out_salient(cfg)
    for name in ('val', 'test'):
        cfg[f'{name}_dataloader'].dataset.update(
            data_root='',
            ann_file=osp.join(data, 'kept_aside.json'),
            data_prefix=dict(img=photos),
        )
        cfg[f'{name}_evaluator'].truth = osp.join(data, 'kept_aside.json')
    cfg.load_from = None
    if now.start is not None:
        start = osp.abspath(now.start)
        own_training.match_heads(cfg, own_training.read_checkpoint(start))
        cfg.load_from = f'weights-only:{start}'
    load_from = cfg.load_from
    cfg.verbose = options.verbose
    # Each round draws its boxes in another order.
    cfg.randomness.seed += now.number - 1
    own_training.set_workers(cfg, options.num_workers)
    own_training.apply_options(cfg, options.cfg_options)
    if now.number > 1:
        # An option says what the training starts from, not each round.
        cfg.load_from = load_from
    return cfg
