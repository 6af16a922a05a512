"""A look at boxes before training."""

import os.path as osp
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmboxcaseg.annotations import BoxFile, read_boxes
from mmboxcaseg.annotations.findings import Finding, find_oddities
from mmboxcaseg.annotations.instances import check_classes, same_name
from mmboxcaseg.annotations.photos import photo_size
from mmboxcaseg.markdown import markdown_table

from .runtime import check_torch


@dataclass(frozen=True)
class CheckReport:
    """What :func:`check_boxes` found.

    Attributes:
        path (str): The boxes' file or folder.
        images (int): Number of images.
        boxes (int): Number of usable boxes.
        crowds (int): Number of crowds, which get no mask.
        classes (tuple[tuple[str, int], ...]): Names of the classes and their
            numbers of usable boxes, in the order of the file.
        findings (tuple[Finding, ...]): What is odd.
        errors (tuple[str, ...]): What training with the config can't be right
            with.
    """

    path: str
    images: int
    boxes: int
    crowds: int
    classes: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]
    errors: tuple[str, ...] = ()

    @property
    def skips(self) -> bool:
        """Whether something would be skipped."""
        return any(one.skipped for one in self.findings)

    def to_markdown(self) -> str:
        """The report as two tables, the classes and what is odd."""
        rows: list[tuple] = [(name, count) for name, count in self.classes]
        text = (
            f'{self.path}: {self.images} images, {self.boxes} boxes, '
            f'{self.crowds} crowds\n\n' + markdown_table(['class', 'boxes'], rows, True)
        )
        if self.findings:
            rows = [
                (
                    one.count,
                    one.what,
                    'yes' if one.skipped else 'no',
                    '; '.join(one.examples),
                )
                for one in self.findings
            ]
            text += '\n\n' + markdown_table(
                ['found', 'what', 'skipped', 'such as'], rows
            )
        return text


def check_boxes(
    path: str,
    img_dir: str,
    config: str | None = None,
    ann_format: str | None = None,
    classes: str | None = None,
) -> CheckReport:
    """Read boxes as making masks and training would, and say what is odd.

    Only the headers of the photos are read.

    Args:
        path (str): The boxes, see :func:`read_boxes`.
        img_dir (str): Folder of the photos.
        config (str, optional): Config that is to be trained. Defaults to
            None.
        ann_format (str, optional): ``'coco'``, ``'voc'`` or ``'yolo'``.
            Defaults to None: found out.
        classes (str, optional): File with the names of YOLO's classes.
            Defaults to None.

    Returns:
        CheckReport: What it found.

    Raises:
        OSError: If a file or folder is not there.
        ValueError: If the boxes are not in order.
    """
    if not osp.isdir(img_dir):
        raise FileNotFoundError(f'--img-dir: no folder {img_dir}')
    if config is not None and not osp.isfile(config):
        raise FileNotFoundError(f'--config: no file {config}')
    boxes = read_boxes(path, img_dir, ann_format, classes)
    counts = np.bincount(
        boxes.category_index[boxes.usable], minlength=len(boxes.category_ids)
    )
    findings = find_oddities(boxes) + find_photos(boxes, img_dir)
    errors: list = []
    if config is not None:
        loose, errors = check_config(boxes, config)
        findings += loose
    return CheckReport(
        path=path,
        images=len(boxes.image_ids),
        boxes=int(boxes.usable.sum()),
        crowds=int(boxes.crowd.sum()),
        classes=tuple(zip(boxes.category_names, counts.tolist())),
        findings=tuple(findings),
        errors=tuple(errors),
    )


def find_photos(boxes: BoxFile, img_dir: str) -> list[Finding]:
    """Photos that are missing, no photos, or of another size.

    Args:
        boxes (BoxFile): The boxes; only images that have some are looked for.
        img_dir (str): Folder of the photos.

    Returns:
        list[Finding]: What there is of them.
    """
    missing, unreadable, other = [], [], []
    for image in boxes.wanted.tolist():
        name = boxes.file_names[image]
        if not boxes.there[image]:
            missing.append(name)
            continue
        try:
            size = photo_size(osp.join(img_dir, name))
        except ValueError as error:
            unreadable.append(f'{name}: {error}')
            continue
        height, width = boxes.sizes[image].tolist()
        if size != (height, width):
            other.append(
                f'{name} is {size[1]} x {size[0]}, its annotation '
                f'says {width} x {height}'
            )
    kinds = (
        ('missing photos', missing),
        ('unreadable photos', unreadable),
        ('photos of another size than the file says', other),
    )
    return [
        Finding(what, len(names), tuple(names[:3]), True)
        for what, names in kinds
        if names
    ]


def check_config(boxes: BoxFile, config: str) -> tuple[list[Finding], list[str]]:
    """Compare the classes of boxes with those of a config.

    Args:
        boxes (BoxFile): The boxes.
        config (str): Path of the config.

    Returns:
        tuple: Findings: classes that only one of the two has. Errors: numbers
        of classes that don't go together.
    """
    check_torch(['--config'], ('mmengine',))
    from mmengine.config import Config

    cfg = Config.fromfile(config)
    names = _class_names(cfg)
    if names is None:
        return [], []
    used = {
        same_name(boxes.category_names[place])
        for place in np.unique(boxes.category_index[boxes.usable]).tolist()
    }
    names = [same_name(name) for name in names]
    unknown = sorted(used.difference(names))
    absent = [name for name in names if name not in used]
    findings = []
    if unknown:
        findings.append(
            Finding(
                'classes of the file that are not in the config',
                len(unknown),
                tuple(unknown[:5]),
                True,
            )
        )
    if absent:
        findings.append(
            Finding(
                'classes of the config without a box in the file',
                len(absent),
                tuple(absent[:5]),
            )
        )
    errors = [
        f'{config}: {place}={count}, but it names {len(names)} classes; set '
        f'it to {len(names)}'
        for place, count in _numbers(cfg.get('model', {}), 'model')
        if count != len(names)
    ]
    if not used.intersection(names):
        errors.append(
            f'{config}: none of its classes is in the file, which '
            f'has {", ".join(boxes.category_names)}; set '
            'metainfo=dict(classes=(...)) of the data sets'
        )
    return findings, errors


def _class_names(cfg: Mapping[str, Any]) -> list[str] | None:
    """Names that a config trains on; None where boxes need no class."""
    dataset = cfg.get('train_dataloader', {}).get('dataset', {})
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    classes = (dataset.get('metainfo') or {}).get('classes')
    if classes is not None:
        check_classes(classes)
        return list(classes)
    from mmdet.datasets import CocoDataset
    from mmdet.registry import DATASETS as MMDET_DATASETS

    from mmboxcaseg.registry import DATASETS

    name = str(dataset.get('type')).split('.')[-1]
    kind = DATASETS.get(name) or MMDET_DATASETS.get(name)
    if not isinstance(kind, type) or not issubclass(kind, CocoDataset):
        return None
    of_coco: Any = kind
    return list(of_coco.METAINFO['classes'])


def _numbers(config: Any, place: str) -> Iterator[tuple[str, int]]:
    """Every ``num_classes`` of a detector's config, and where it stands."""
    if isinstance(config, Mapping):
        for key, value in config.items():
            if key == 'num_classes':
                yield f'{place}.{key}', value
            else:
                yield from _numbers(value, f'{place}.{key}')
    elif isinstance(config, (list, tuple)):
        for index, value in enumerate(config):
            yield from _numbers(value, f'{place}[{index}]')
