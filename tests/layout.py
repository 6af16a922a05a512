"""A small data set in every directory layout that the configs name."""

import json
import os
from pathlib import Path

from mmdet.datasets import CocoDataset, VOCDataset

from mmboxcaseg.synthetic import export

VOC, COCO = (kind.METAINFO['classes'] for kind in (VOCDataset, CocoDataset))
SIZE = (200, 200)


def write(root: Path) -> None:
    """Make the data of all configs below a working directory.

    Args:
        root (Path): The directory; ``data`` and ``work_dirs`` are made in it.
    """
    quickstart = root / 'work_dirs/quickstart'
    made = quickstart / 'data'
    for split, count in (('train', 4), ('val', 2)):
        export.write_box_split(str(made), split, 0, count, SIZE)
    export.write_salient_split(str(made), 0, 8, SIZE)
    source = made / 'coco/annotations'
    write_json(source / 'instances_train.json', quickstart / 'proxy_masks_train.json')

    data = root / 'data'
    for folder in ('DUTS/DUTS-TR', 'duts_tr_mini'):
        (data / folder).parent.mkdir(parents=True, exist_ok=True)
        os.symlink(made / 'duts', data / folder)

    # Lists of the ablation of Table 3.
    names = [path.stem for path in (made / 'duts/DUTS-TR-Image').iterdir()]
    for number in (100, 500, 1000, 2500, 4701):
        (made / f'duts/duts_single_{number}.txt').write_text('\n'.join(names))

    # VOC keeps both splits in one folder.
    (data / 'voc').mkdir()
    os.symlink(made / 'coco/train', data / 'voc/JPEGImages')
    train, val = source / 'instances_train.json', source / 'instances_val.json'
    for name in (
        'instances_train_aug',
        'instances_val',
        'grabcut_masks_train_aug',
        'proxy_masks_train_aug',
        'proxy_masks_train_aug_unmerged',
    ):
        write_json(train, data / f'voc/annotations/{name}.json', VOC)

    for folder in ('coco', 'coco_mini'):
        (data / folder).mkdir()
        annotations = data / folder / 'annotations'
        for split in ('train', 'val'):
            os.symlink(made / 'coco' / split, data / folder / f'{split}2017')
        for split, file in (('train', train), ('val', val)):
            name = f'instances_{split}2017'
            write_json(file, annotations / f'{name}.json', COCO)
            write_json(file, annotations / f'{name}_voc20.json', VOC)
    (data / 'coco_midi').mkdir()
    os.symlink(made / 'coco/train', data / 'coco_midi/images')
    write_json(train, data / 'coco_midi/annotations/instances.json', COCO)
    for name in (
        'proxy_masks_train2017',
        'proxy_masks_train2017_unmerged',
        'grabcut_masks_train2017',
    ):
        write_json(train, data / f'coco/annotations/{name}.json', COCO)
    (data / 'mine').mkdir()
    os.symlink(made / 'coco/train', data / 'mine/images')
    for name in ('train', 'kept_aside', 'masks'):
        write_json(train, data / f'mine/{name}.json', ('object',))
    for name in ('mini/merged', 'coco-midi_round1', 'coco-midi_round2'):
        write_json(train, root / f'work_dirs/{name}.json', COCO)
    for name in ('proxy_masks_train2017', 'grabcut_masks_train2017'):
        write_json(train, root / f'work_dirs/mini/{name}.json', VOC)


def write_json(source: Path, path: Path, classes: tuple = ()) -> None:
    """Copy a COCO json, with agreements, and as other classes.

    Args:
        source (Path): COCO json.
        path (Path): File to write.
        classes (tuple[str]): Names of the classes, given to the objects in
            turn. Empty: the file keeps its own.
    """
    coco = json.loads(source.read_text())
    for index, ann in enumerate(coco['annotations']):
        ann['proxy_agreement'] = 0.5 if index % 3 == 0 else 0.97
        ann['proxy_confidence'] = 0.6 if index % 3 == 0 else 0.8
        if classes:
            ann['category_id'] = 1 + index % len(classes)
    if classes:
        coco['categories'] = [
            dict(id=place, name=name) for place, name in enumerate(classes, 1)
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(coco))
