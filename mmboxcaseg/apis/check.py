"""Checking boxes before training or making masks."""

import os.path as osp
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmboxcaseg.annotations import BoxFile, read_boxes
from mmboxcaseg.annotations.findings import Finding, find_oddities
from mmboxcaseg.annotations.instances import check_classes, same_name
from mmboxcaseg.annotations.photos import check_photo_folder, photo_size
from mmboxcaseg.markdown import markdown_table

from .runtime import check_torch


@dataclass(frozen=True)
class CheckReport:
    """The result of :func:`check_boxes`.

    Attributes:
        path (str): Path of the file or folder of boxes.
        images (int): Number of images.
        boxes (int): Number of usable boxes.
        crowds (int): Number of crowds, which get no mask.
        classes (tuple[tuple[str, int], ...]): Name and number of usable boxes
            of each class, in the order of the file.
        findings (tuple[Finding, ...]): Oddities of the boxes and photos.
        errors (tuple[str, ...]): Contradictions between boxes and config,
            with which training would fail or go wrong.
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
        """Whether training or making masks would skip something."""
        return any(one.skipped for one in self.findings)

    def to_markdown(self) -> str:
        """Format the report as Markdown.

        Returns:
            str: A table of the classes that have boxes, the number of the
            others, and a table of the findings or that nothing is odd.
        """
        rows: list[tuple] = [(name, count) for name, count in self.classes if count]
        text = (
            f'{self.path}: {self.images} images, {self.boxes} boxes, '
            f'{self.crowds} crowds'
        )
        if rows:
            text += '\n\n' + markdown_table(['class', 'boxes'], rows, True)
        without = len(self.classes) - len(rows)
        if without:
            text += f'\n\n{without} of {len(self.classes)} classes have no box'
        if not (self.findings or self.errors):
            text += '\n\nnothing odd'
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
    """Check boxes and photos for oddities.

    The boxes are read as in training and in making masks. Of the photos only
    the heads of the files are read.

    Args:
        path (str): Path of a COCO json, or of a folder with VOC's or YOLO's
            files.
        img_dir (str): Folder of the photos.
        config (str, optional): Path of a training config whose classes are
            compared with those of the boxes. Defaults to None.
        ann_format (str, optional): Format of the boxes: ``'coco'``, ``'voc'``
            or ``'yolo'``. Defaults to None: it is found out.
        classes (str, optional): Path of a file with the names of YOLO's
            classes. Defaults to None: it is looked for near the labels.

    Returns:
        CheckReport: The oddities, and counts of images and boxes.

    Raises:
        ImportError: If a config is given, but OpenMMLab's packages are not
            installed.
        OSError: If a file or folder does not exist or can't be read.
        ValueError: If the boxes or the classes of the config are not valid.
    """
    check_photo_folder(img_dir, '--img-dir: ')
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
    """Find photos that are missing or unreadable, or have another size.

    Args:
        boxes (BoxFile): The boxes. Only photos with usable boxes are checked.
        img_dir (str): Folder of the photos.

    Returns:
        list[Finding]: A finding for each kind that occurs.
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
                f'{name} is {size[1]} x {size[0]}, but its annotation says '
                f'{width} x {height}'
            )
    kinds = (
        ('missing photos', missing),
        ('unreadable photos', unreadable),
        ('photos whose size differs from the annotations', other),
    )
    return [
        Finding(what, len(names), tuple(names[:3]), True)
        for what, names in kinds
        if names
    ]


def check_config(boxes: BoxFile, config: str) -> tuple[list[Finding], list[str]]:
    """Compare the classes of boxes with those of a training config.

    Args:
        boxes (BoxFile): The boxes.
        config (str): Path of the config.

    Returns:
        tuple[list[Finding], list[str]]: Classes that only the boxes or only
        the config has; and errors: a ``num_classes`` that contradicts the
        config's own classes, or no class in common.

    Raises:
        ImportError: If mmengine is not installed.
        ValueError: If the classes of the config are not valid.
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
        f'{config}: {place}={count}, but the config names {len(names)} '
        f'classes; set it to {len(names)}'
        for place, count in _numbers(cfg.get('model', {}), 'model')
        if count != len(names)
    ]
    if not used.intersection(names):
        errors.append(
            f'{config}: none of its classes is in {boxes.path}, which '
            f'has {", ".join(boxes.category_names)}; set '
            'metainfo=dict(classes=(...)) of the data sets'
        )
    return findings, errors


def _class_names(cfg: Mapping[str, Any]) -> list[str] | None:
    """Names of the classes of a config; None if it trains without classes."""
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
    """Yield each ``num_classes`` of a config, with the path of its key."""
    if isinstance(config, Mapping):
        for key, value in config.items():
            if key == 'num_classes':
                yield f'{place}.{key}', value
            else:
                yield from _numbers(value, f'{place}.{key}')
    elif isinstance(config, (list, tuple)):
        for index, value in enumerate(config):
            yield from _numbers(value, f'{place}[{index}]')
