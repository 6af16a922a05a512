"""Configs made small: thin networks, small images, no processes."""

from collections.abc import Iterator
from typing import Any

import tiny
from mmengine.config import ConfigDict

PATCH, IMAGE = 64, 128
# What group normalisation with 32 groups can take.
WIDTH = 32


def narrow(cfg: ConfigDict) -> None:
    """Make a config train in a moment, in place.

    Kept are the data, the steps of the pipelines, the mixture of a batch, the
    heads, the losses and the optimizer.

    Args:
        cfg (ConfigDict): Config of stage 1 or of a detector.
    """
    if cfg.model.type == 'BoxCaseg':
        narrow_boxcaseg(cfg.model)
        limit = PATCH
    else:
        narrow_detector(cfg.model)
        limit = IMAGE
        cfg.train_dataloader.batch_size = 2
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
    shrink(cfg.train_dataloader.dataset, limit)
    shrink(cfg.val_dataloader.dataset, limit)


def narrow_boxcaseg(model: ConfigDict) -> None:
    """A BoxCaseg of few channels, in place."""
    model.init_cfg = model.backbone.init_cfg = None
    if model.backbone.type == 'mmseg.HRNet':
        model.backbone.extra = tiny.narrow_hrnet()['extra']
        for name in ('weak_head', 'salient_head', 'transferred_head'):
            if model.get(name) is not None:
                model[name].in_channels = 4 * 15


def narrow_detector(model: ConfigDict) -> None:
    """A Mask R-CNN or BoxInst of few channels, in place."""
    replace(model, ('init_cfg',), None)
    if model.backbone.type == 'ResNet':
        model.backbone.update(depth=18, base_channels=4)
        model.neck.in_channels = [4, 8, 16, 32]
    replace(
        model,
        ('out_channels', 'feat_channels', 'conv_out_channels', 'fc_out_channels'),
        WIDTH,
    )
    for name in ('rpn_head', 'bbox_head', 'roi_head'):
        if name in model:
            replace(model[name], ('in_channels',), WIDTH)
    if model.type == 'BoxInst':
        # The sizes of the mask head's dynamic filters are fixed.
        model.mask_head.update(feat_channels=16)
        model.mask_head.mask_feature_head.update(in_channels=WIDTH, out_channels=16)


def dicts(node: Any) -> Iterator[dict]:
    """All dicts of a config, however deep."""
    if isinstance(node, dict):
        yield node
    if isinstance(node, (dict, list, tuple)):
        for item in node.values() if isinstance(node, dict) else node:
            yield from dicts(item)


def replace(node: Any, keys: tuple, value: Any) -> None:
    """Set keys wherever they occur in a config, in place."""
    for part in dicts(node):
        part.update({key: value for key in keys if key in part})


def shrink(dataset: ConfigDict, limit: int) -> None:
    """Scale all the sizes in the pipelines of a data set, in place.

    Args:
        dataset (ConfigDict): Data set, or one with others in it.
        limit (int): What the largest size becomes, in pixels.
    """
    steps = [
        (part, key)
        for part in dicts(dataset)
        for key in ('size', 'scale', 'crop_size')
        if is_size(part.get(key))
    ]
    factor = limit / max(largest(step[key]) for step, key in steps)
    for step, key in steps:
        size = step[key]
        step[key] = (
            round(size * factor)
            if isinstance(size, int)
            else tuple(round(side * factor) for side in size)
        )


def is_size(value: Any) -> bool:
    """Whether it is a number of pixels or a pair of them."""
    sides = value if isinstance(value, (tuple, list)) else [value]
    return all(isinstance(side, int) for side in sides)


def largest(size: Any) -> int:
    """The larger side of a size."""
    return size if isinstance(size, int) else max(size)
