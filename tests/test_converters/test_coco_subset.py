"""Parts of COCO files, by hand."""

import pytest
from coco_files import make_coco

from mmboxcaseg.converters import coco_subset as tool
from mmboxcaseg.text import read_lines


def ids(items):
    return [item['id'] for item in items]


def test_coco_subset_by_hand():
    coco = make_coco()
    subset = tool.keep_images(coco, [1, 3])
    assert subset['info'] == coco['info']
    assert ids(subset['images']) == [1, 3]
    assert ids(subset['annotations']) == [11, 12]
    assert subset['annotations'][0]['iscrowd'] == 1
    assert subset['categories'] == coco['categories']

    dogs = tool.keep_categories(coco, ['dog'])
    assert ids(dogs['images']) == [4, 1]
    assert ids(dogs['annotations']) == [10, 12, 14]
    assert {ann['category_id'] for ann in dogs['annotations']} == {18}
    assert ids(dogs['categories']) == [18]

    voc = tool.to_voc20(coco)
    assert ids(voc['images']) == [4, 1]
    assert [(ann['id'], ann['category_id']) for ann in voc['annotations']] == [
        (10, 12),
        (11, 15),
        (12, 12),
        (14, 12),
    ]
    assert voc['categories'][11]['name'] == 'dog'
    assert coco == make_coco(), 'the input must stay as it was'


def test_coco_subset_at_random():
    coco = make_coco()
    drawn = {tuple(tool.draw_ids(coco, 2, seed)) for seed in range(50)}
    assert drawn == {(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)}
    coco['images'].reverse()
    assert tool.draw_ids(coco, 2, 5) == tool.draw_ids(make_coco(), 2, 5)


def test_coco_subset_errors(tmp_path):
    coco = make_coco()
    with pytest.raises(ValueError, match=r'1 of 2 image ids.*\[99\]'):
        tool.keep_images(coco, [1, 99])
    with pytest.raises(ValueError, match="can't draw 5 of 4"):
        tool.draw_ids(coco, 5, 0)
    with pytest.raises(ValueError, match='unicorn'):
        tool.keep_categories(coco, ['dog', 'unicorn'])
    with pytest.raises(FileNotFoundError, match='4.jpg'):
        tool.take_files(['4.jpg'], str(tmp_path), str(tmp_path / 'out'), True)
    (tmp_path / 'no_coco.json').write_text('{"images": []}')
    with pytest.raises(ValueError, match='no_coco.json'):
        tool.read_coco(str(tmp_path / 'no_coco.json'))


def test_ids_of_a_list_file(tmp_path):
    """A line is an id, also with blanks in it, and behind a mark of order."""
    coco = dict(images=[dict(id=7), dict(id='photo 1'), dict(id='7 b')])
    lines = tmp_path / 'ids.txt'
    lines.write_bytes(b'\xef\xbb\xbfphoto 1\r\n\n7\n')
    read = read_lines(str(lines))
    assert tool.ids_of_lines(coco, read, 'ids.txt') == ['photo 1', 7]
    with pytest.raises(ValueError, match=r'ids.txt: 1 of 2 image ids .*photo'):
        tool.ids_of_lines(coco, ['7', 'photo'], 'ids.txt')


def test_a_share_of_the_masks():
    coco = make_coco()
    mask = [[1, 1, 5, 1, 5, 5]]
    for ann in coco['annotations']:
        ann['segmentation'] = mask

    def left(share, seed=0):
        anns = tool.keep_mask_share(coco, share, seed)['annotations']
        assert ids(anns) == ids(coco['annotations'])
        return {ann['id'] for ann in anns if 'segmentation' in ann}

    # 11 is a crowd; four are not.
    assert left(0) == {11} and left(1) == {10, 11, 12, 13, 14}
    assert len(left(0.5)) == 3 and left(0.25) < left(0.5) < left(0.75)
    assert {len(left(0.5, seed)) for seed in range(9)} == {3}
    assert len({tuple(sorted(left(0.5, seed))) for seed in range(9)}) > 1
    assert all(ann['segmentation'] == mask for ann in coco['annotations'])
    for share in (-0.1, 1.1, float('nan')):
        with pytest.raises(ValueError, match='must lie in'):
            left(share)
