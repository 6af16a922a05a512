"""Masks by which the salient head is taught where no others are given."""

import os.path as osp

import numpy as np

from mmboxcaseg.annotations import MaskFile, read_proxy_masks
from mmboxcaseg.annotations.output import write_json
from mmboxcaseg.masks import covered_shares, pixel_rects
from mmboxcaseg.training import TrainingFolder, TrainOptions

from .proxy_masks import MaskOptions, make_proxy_masks

# Masks of boxes that are like salient images: free of other boxes, filled
# well, and the surer half of them.
COVERED, AGREEMENT, SHARE = 0.2, 0.8, 0.5


def write_answers(folder: TrainingFolder, options: TrainOptions) -> str:
    """Write the model's own masks of the boxes that are most like salient ones.

    Args:
        folder (TrainingFolder): With its boxes and the model it starts from.
        options (TrainOptions): The options.

    Returns:
        str: Path of a COCO json with these boxes and their masks.
    """
    path = osp.join(folder.data, 'answers.json')
    if osp.isfile(path):
        return path
    config, checkpoint = folder.model('start')
    made = MaskOptions(
        ann=osp.join(folder.data, 'train.json'),
        img_dir=options.img_dir,
        out=osp.join(folder.data, 'own_masks.json'),
        config=config,
        checkpoint=checkpoint,
        num_workers=options.num_workers,
        device=options.device,
        work_dir=folder.log_dir,
        resume=True,
    )
    make_proxy_masks(made)
    masks = read_proxy_masks(made.out)
    chosen = _salient_like(masks)
    content = dict(masks.boxes.content)
    content['annotations'] = [
        ann for ann, take in zip(content['annotations'], chosen) if take
    ]
    write_json(path, content)
    return path


def _salient_like(masks: MaskFile) -> np.ndarray:
    """Whose masks are taken, (N,) bool."""
    boxes = masks.boxes
    covered = np.zeros(len(boxes))
    for image in boxes.wanted.tolist():
        places = boxes.usable_places(image)
        covered[places] = covered_shares(
            pixel_rects(boxes.boxes[places], *boxes.sizes[image])
        )
    fit = boxes.usable & (covered < COVERED) & (masks.agreement >= AGREEMENT)
    # Where nothing is like a salient image, what is surest has to do.
    fit = fit if fit.any() else boxes.usable
    least = np.quantile(masks.confidence[fit], 1 - SHARE)
    return fit & (masks.confidence >= least)
