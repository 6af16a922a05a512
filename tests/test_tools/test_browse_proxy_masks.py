import json

import cv2
import numpy as np
import pytest
from report_files import write_report_files

from mmboxcaseg.proxy_masks import to_polygons
from mmboxcaseg.visualization import DROPPED


@pytest.fixture
def tool(import_tool):
    return import_tool('misc/browse_proxy_masks')


@pytest.fixture
def browse(tool, tmp_path):
    """Function that runs the tool; returns the pictures by file name."""
    write_report_files(tmp_path)
    out = tmp_path / 'out'

    def run(*more, masks='masks.json'):
        tool.main([
            str(tmp_path / masks), '--img-dir',
            str(tmp_path / 'img'), '--out',
            str(out), '--side', '360', *more
        ])
        return {
            path.name: cv2.imread(str(path))[..., ::-1]
            for path in sorted(out.iterdir())
        }

    return run


def share_of_red(picture):
    return (picture == DROPPED).all(axis=2).mean()


def test_every_image(browse):
    pictures = browse()
    assert list(pictures) == [f'{n}_{n}.png' for n in range(1, 7)]
    assert {one.shape for one in pictures.values()} == {(240, 360, 3)}
    assert min(map(share_of_red, pictures.values())) > 0.005
    assert sum(map(share_of_red, browse('--agreement-thr', '0').values())) == 0


def test_chosen_images(browse, tmp_path):
    assert list(browse('--num', '2')) == ['1_1.png', '2_2.png']
    for path in (tmp_path / 'out').iterdir():
        path.unlink()
    assert list(browse('--classes', 'rare')) == ['4_4.png']
    assert list(browse('--images', '6',
                       '5.png')) == ['4_4.png', '5_5.png', '6_6.png']


def test_only_ignored(browse, tmp_path):
    data = json.loads((tmp_path / 'masks.json').read_text())
    low = {
        f"{ann['image_id']}_{ann['image_id']}.png"
        for ann in data['annotations'][1:] if ann['proxy_agreement'] < 0.55
    }
    assert 0 < len(low) < 6
    assert set(browse('--only-ignored', '--agreement-thr', '0.55')) == low


def test_polygons_empty_masks_and_unusable_boxes(browse, tmp_path):
    path = tmp_path / 'masks.json'
    data = json.loads(path.read_text())
    of_rle = browse('--images', '1')['1_1.png']
    for ann in data['annotations'][1:]:
        ann['segmentation'] = to_polygons(ann['segmentation'])
    path.write_text(json.dumps(data))
    assert (browse('--images', '1')['1_1.png'] == of_rle).all()
    for ann in data['annotations'][1:]:
        ann['segmentation'] = []
    data['annotations'][2]['bbox'][2] = -1
    path.write_text(json.dumps(data))
    drawn = browse('--images', '1')['1_1.png']
    assert drawn.shape == of_rle.shape and (drawn != of_rle).any()


def test_no_window(tool, tmp_path, monkeypatch):
    from matplotlib import pyplot
    write_report_files(tmp_path)
    args = [str(tmp_path / 'masks.json'), '--img-dir', str(tmp_path / 'img')]
    pyplot.switch_backend('agg')
    with pytest.raises(SystemExit, match='no display .* --out DIR'):
        tool.main(args)
    seen = []
    monkeypatch.setattr(pyplot, 'get_backend', lambda: 'window')
    monkeypatch.setattr(
        pyplot, 'show', lambda: seen.append(
            np.asarray(pyplot.gcf().axes[0].images[0].get_array()).shape))
    tool.main([*args, '--num', '1', '--side', '180'])
    pyplot.close('all')
    assert seen == [(120, 180, 3)]


@pytest.mark.parametrize('args, message', [
    (('--images', '9'), '--images: 9 is not in'),
    (('--classes', 'cow'), '--classes: cow is not in'),
    (('--only-ignored', '--agreement-thr', '0'), 'no image to draw'),
])
def test_nothing_to_draw(browse, args, message):
    with pytest.raises(SystemExit, match=message):
        browse(*args)


def test_photos_that_do_not_fit(browse, tmp_path):
    cv2.imwrite(str(tmp_path / 'img' / '1.png'), np.zeros((5, 7, 3), np.uint8))
    with pytest.raises(SystemExit, match='7 x 5 pixels, its masks 90 x 60'):
        browse()
    (tmp_path / 'img' / '1.png').write_text('no picture')
    with pytest.raises(SystemExit, match="1.png can't be decoded"):
        browse()
    (tmp_path / 'img' / '1.png').unlink()
    with pytest.raises(SystemExit, match='1.png'):
        browse()


def test_help_is_instant(instant_help):
    assert '--only-ignored' in instant_help('misc/browse_proxy_masks')
