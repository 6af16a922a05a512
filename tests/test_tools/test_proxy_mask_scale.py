import json

import pytest

from mmboxcaseg.proxy_masks import report_path


def test_all_steps_are_measured(import_tool, tmp_path, capsys):
    tool = import_tool('misc/proxy_mask_scale')
    steps = tool.main(
        ['--images', '21', '--boxes', '90', '--work-dir',
         str(tmp_path)])
    assert list(steps) == [
        'start', 'read', 'first half of the images',
        'second half of the images', 'joined'
    ]
    peaks = [peak for _, _, peak in steps.values()]
    # Peaks can only rise; Python alone takes more than this.
    assert peaks == sorted(peaks) and 10 < peaks[0]
    assert 'joined: ' in capsys.readouterr().out
    data = json.loads((tmp_path / 'masks.json').read_text())
    assert len(data['images']) == 21 and len(data['annotations']) == 90
    assert len({ann['image_id'] for ann in data['annotations']}) == 21
    with open(report_path(str(tmp_path / 'masks.json'))) as file:
        report = json.load(file)
    assert report['masks'] == 90 and report['skipped_annotations'] == []
    # Ellipses fill their boxes, but where a smaller object lies on them.
    agreements = [ann['proxy_agreement'] for ann in data['annotations']]
    assert sum(score > 0.9 for score in agreements) > 45


def test_more_images_than_boxes(import_tool):
    tool = import_tool('misc/proxy_mask_scale')
    with pytest.raises(SystemExit):
        tool.main(['--images', '5', '--boxes', '4'])
