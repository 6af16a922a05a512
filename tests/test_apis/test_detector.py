"""The config of a detector on masks of one's own."""

import json

import pytest
from mmengine.config import Config
from own_data import write_own_data

from mmboxcaseg.apis import DetectorOptions, train_detector
from mmboxcaseg.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture
def masks(tmp_path):
    """A file of masks as ``boxcaseg masks`` writes it."""

    def change(content):
        for ann in content['annotations']:
            ann.update(proxy_agreement=1.0, proxy_confidence=0.7)

    write_own_data(tmp_path, masks=True, change=change)
    return str(tmp_path / 'boxes.json')


@pytest.mark.parametrize('size', ['small', 'r50'])
def test_config_is_filled_in(masks, tmp_path, size):
    out = tmp_path / 'out'
    report = train_detector(
        DetectorOptions(
            masks,
            str(tmp_path / 'photos'),
            str(out),
            size=size,
            iters=30,
            dry_run=True,
            confidence_thr=0.6,
            num_workers=0,
        )
    )
    assert report.iters == 30 and report.checkpoint is None
    cfg = Config.fromfile(report.config)
    heads = cfg.model.roi_head
    assert heads.bbox_head.num_classes == heads.mask_head.num_classes == 2
    train, val = cfg.train_dataloader.dataset, cfg.val_dataloader.dataset
    assert train.type == 'mmboxcaseg.ProxyMaskDataset' and train.confidence_thr == 0.6
    assert list(train.metainfo.classes) == list(val.metainfo.classes)
    assert list(train.metainfo.classes) == ['cell', 'spore']
    assert cfg.train_cfg.max_iters == 30 and cfg.train_cfg.val_interval == 3
    assert cfg.train_dataloader.num_workers == 0
    images = [
        {one['file_name'] for one in json.loads(open(path).read())['images']}
        for path in (train.ann_file, val.ann_file)
    ]
    assert len(images[1]) == 1 and not images[0] & images[1]
    assert cfg.val_evaluator[0].ann_file == val.ann_file


def test_boxes_without_masks_are_refused(tmp_path):
    write_own_data(tmp_path)
    with pytest.raises(SystemExit) as end:
        main.main(
            [
                'detector',
                str(tmp_path / 'boxes.json'),
                str(tmp_path / 'photos'),
                '--out',
                str(tmp_path / 'out'),
            ]
        )
    assert 'and give MASKS.json' in str(end.value)
    assert not (tmp_path / 'out').exists()
