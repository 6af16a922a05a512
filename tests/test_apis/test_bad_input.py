"""The table of docs/box_files.md, row by row."""

import json
import os
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image
from proxy_run import arguments, tool, write_boxes, write_model

from mmboxcaseg.masks import decode_rle

HEIGHT, WIDTH = 40, 60
# Grey, so that every kind of file below holds just this picture, and smooth,
# so that JPEG changes it but little.
GREY = cv2.GaussianBlur(
    np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8),
    (0, 0),
    2,
)
TURN_RIGHT = 6


def exif(orientation):
    tags = Image.Exif()
    tags[0x112] = orientation
    return tags


def huge_png(path):
    """The content of a PNG that says it has 40,000 x 40,000 pixels."""
    content = path.read_bytes()
    head = b'IHDR' + struct.pack('>II', 40000, 40000) + content[24:29]
    return content[:12] + head + struct.pack('>I', zlib.crc32(head)) + content[33:]


def write_photos(folder):
    """File names by what is special about them."""
    (folder / 'img').mkdir()
    img = folder / 'img'
    grey = Image.fromarray(GREY)
    colour = grey.convert('RGB')
    colour.save(img / 'plain.png')
    grey.save(img / 'grey.png')
    grey.quantize(256).save(img / 'palette.png')
    colour.convert('CMYK').save(img / 'cmyk.tif')
    colour.convert('CMYK').save(img / 'cmyk.jpg', quality=95)
    cv2.imwrite(str(img / 'sixteen.png'), GREY.astype(np.uint16) * 257)
    # Stored lying on its side, and shown upright.
    turned = colour.transpose(Image.Transpose.ROTATE_90)
    turned.save(img / 'turned.png', exif=exif(TURN_RIGHT))
    turned.save(img / 'stored.png', exif=exif(TURN_RIGHT))
    colour.resize((20000, HEIGHT)).save(img / 'panorama.jpg')
    colour.save(img / 'larger.png')
    colour.save(img / 'boxes.png')
    (img / 'huge.png').write_bytes(huge_png(img / 'plain.png'))
    (img / 'empty.jpg').touch()
    (img / 'text.jpg').write_text('no photo')
    (img / 'folder.jpg').mkdir()
    for name in ('cut.png', 'cut.jpg', 'cut.webp'):
        colour.save(img / name)
        os.truncate(img / name, (img / name).stat().st_size * 2 // 3)
    return [
        'plain.png',
        'grey.png',
        'palette.png',
        'cmyk.tif',
        'cmyk.jpg',
        'sixteen.png',
        'turned.png',
        'stored.png',
        'none.png',
        'panorama.jpg',
        'larger.png',
        'boxes.png',
        'huge.png',
        'empty.jpg',
        'text.jpg',
        'folder.jpg',
        'cut.png',
        'cut.jpg',
        'cut.webp',
        'missing.jpg',
    ]


SIZES = {
    'stored.png': (WIDTH, HEIGHT),
    'panorama.jpg': (HEIGHT, 20000),
    'larger.png': (HEIGHT, WIDTH + 1),
}
BOX = [5.5, 4, 30.2, 25]
# What is wrong by the id of the annotation.
BAD_BOXES = {
    1001: [60, 3, 10, 10],
    1002: [5, 5, 0, 10],
    1003: [20, 20, -10, -10],
    1004: [float('nan'), 5, 10, 10],
    1005: [5, 5, float('inf'), 10],
}


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('bad_input')
    write_model(folder)
    images, anns = [], []
    for image_id, name in enumerate(write_photos(folder), 1):
        height, width = SIZES.get(name, (HEIGHT, WIDTH))
        images.append(dict(id=image_id, file_name=name, height=height, width=width))
        boxes = dict.fromkeys([image_id], BOX)
        if name == 'none.png':
            boxes = {}
        elif name == 'panorama.jpg':
            boxes = {image_id: [10, 5, 19000, 30]}
        elif name == 'boxes.png':
            boxes = {image_id: BOX, **BAD_BOXES}
        anns += [
            dict(id=ann_id, image_id=image_id, category_id=17, bbox=box)
            for ann_id, box in boxes.items()
        ]
    write_boxes(folder, images, anns)
    return folder


@pytest.fixture(scope='module')
def run(inputs, tmp_path_factory):
    """Exit status, masks by file name, and the report of one run."""
    out = tmp_path_factory.mktemp('out')
    # One crop at a time, so that a mask does not depend on its company.
    status = tool()['main'](arguments(inputs, out, '--crops-per-batch', '1'))
    data = json.loads((out / 'masks.json').read_text())
    names = {image['id']: image['file_name'] for image in data['images']}
    anns = {}
    for ann in data['annotations']:
        anns.setdefault(names[ann['image_id']], []).append(ann)
    report = json.loads((out / 'masks.report.json').read_text())
    return status, anns, report


def test_exit_status_and_counts(run):
    status, anns, report = run
    assert status == 3
    assert report['images'] == 20 and len(anns) == 19
    assert report['masks'] == sum(map(len, anns.values())) == 24
    assert len(report['skipped_images']) == 10
    assert len(report['skipped_annotations']) == 5


@pytest.mark.parametrize(
    'name, reason',
    [
        ('missing.jpg', 'No such file'),
        ('empty.jpg', 'the file is empty'),
        ('text.jpg', 'no image of a format that OpenCV reads'),
        ('folder.jpg', 'directory'),
        ('huge.png', 'or of more than 2**30 pixels'),
        ('cut.png', 'or cut short'),
        ('cut.jpg', 'or cut short'),
        ('cut.webp', 'or cut short'),
        (
            'larger.png',
            'larger.png: the photo is 60 x 40 pixels, its annotation says 61 x 40',
        ),
        ('stored.png', 'the photo is 60 x 40 pixels, its annotation says 40 x 60'),
    ],
)
def test_photo_that_is_skipped(run, name, reason):
    _, anns, report = run
    (skip,) = [skip for skip in report['skipped_images'] if skip['file_name'] == name]
    (ann,) = anns[name]
    assert reason in skip['reason'] and os.sep not in skip['reason']
    assert skip['annotations'] == [ann['id']]
    assert ann['bbox'] == BOX and ann['proxy_agreement'] == ann['area'] == 0
    height, width = SIZES.get(name, (HEIGHT, WIDTH))
    assert decode_rle(ann['segmentation']).shape == (height, width)


@pytest.mark.parametrize(
    'ann_id, reason',
    [
        (1001, 'outside the image of 60 x 40'),
        (1002, 'has no area'),
        (1003, 'has no area'),
        (1004, 'is not finite'),
        (1005, 'is not finite'),
    ],
)
def test_box_that_is_skipped(run, ann_id, reason):
    _, anns, report = run
    (skip,) = [skip for skip in report['skipped_annotations'] if skip['id'] == ann_id]
    assert reason in skip['reason']
    anns = {ann['id']: ann for ann in anns['boxes.png']}
    assert anns[ann_id]['proxy_agreement'] == anns[ann_id]['area'] == 0
    # The other boxes of the image are not touched by it.
    (good,) = [ann for ann in anns.values() if ann['bbox'] == BOX]
    assert good['area'] > 0


@pytest.mark.parametrize(
    'name',
    ['grey.png', 'palette.png', 'cmyk.tif', 'sixteen.png', 'turned.png', 'boxes.png'],
)
def test_kind_of_photo_makes_no_difference(run, name):
    _, anns, _ = run
    assert anns['plain.png'][0]['area'] > 0
    assert anns[name][0]['segmentation'] == anns['plain.png'][0]['segmentation']


def test_cmyk_jpeg(run):
    # Its colours are not quite the same, for it loses some of them.
    _, anns, _ = run
    ours, plain = (
        decode_rle(anns[name][0]['segmentation']) for name in ('cmyk.jpg', 'plain.png')
    )
    assert (ours & plain).sum() / (ours | plain).sum() > 0.8


def test_image_without_boxes_is_not_opened(run, inputs):
    _, anns, report = run
    assert not (inputs / 'img' / 'none.png').exists()
    assert 'none.png' not in anns
    assert 'none.png' not in str(report['skipped_images'])


def test_panorama(run):
    _, anns, _ = run
    (ann,) = anns['panorama.jpg']
    assert ann['area'] > 0
    assert decode_rle(ann['segmentation']).shape == (HEIGHT, 20000)


def spoilt(inputs, tmp_path, change):
    """Arguments of a run on a changed json."""
    data = json.loads((inputs / 'boxes.json').read_text())
    change(data)
    (tmp_path / 'boxes.json').write_text(json.dumps(data))
    args = arguments(inputs, tmp_path / 'out')
    args[3] = str(tmp_path / 'boxes.json')
    return args


@pytest.mark.parametrize(
    'change, message',
    [
        (
            lambda data: data['annotations'][1].update(id=1),
            'annotation ids occur more than once',
        ),
        (
            lambda data: data['annotations'][1].update(image_id=99),
            'belongs to image 99, which is not in',
        ),
        (
            lambda data: data['images'][1].update(file_name='../grey.png'),
            '"file_name" of image 2 is \'../grey.png\'; it must be a path below',
        ),
        (
            lambda data: data['images'][1].update(file_name='/grey.png'),
            '"file_name" of image 2 is \'/grey.png\'',
        ),
        (
            lambda data: data['annotations'][1].update(bbox=[1, 2, 3]),
            '"bbox" of annotation 2',
        ),
        (lambda data: data.pop('images'), 'no list "images"'),
    ],
)
def test_broken_json_is_an_error_before_any_work(inputs, tmp_path, change, message):
    with pytest.raises(SystemExit, match=message):
        tool()['main'](spoilt(inputs, tmp_path, change))
    assert os.listdir(tmp_path) == ['boxes.json']


def keep_only(*names):

    def change(data):
        data['images'] = [
            image for image in data['images'] if image['file_name'] in names
        ]
        ids = {image['id'] for image in data['images']}
        data['annotations'] = [
            ann for ann in data['annotations'] if ann['image_id'] in ids
        ]

    return change


@pytest.mark.parametrize(
    'name, message, starts',
    [
        ('missing.jpg', '--strict: 1 images are not in', False),
        ('boxes.png', '--strict: 5 boxes cover nothing of their image', False),
        ('cut.png', r'cut.png: .*cut short.*\(--strict\)', True),
    ],
)
def test_strict(inputs, tmp_path, name, message, starts):
    args = spoilt(inputs, tmp_path, keep_only('plain.png', name))
    with pytest.raises(SystemExit, match=message):
        tool()['main']([*args, '--strict'])
    assert not (tmp_path / 'out' / 'masks.json').exists()
    assert (tmp_path / 'out').exists() == starts


def test_nothing_to_skip(inputs, tmp_path):
    args = spoilt(inputs, tmp_path, keep_only('plain.png', 'grey.png'))
    assert tool()['main']([*args, '--strict']) == 0
    report = json.loads((tmp_path / 'out' / 'masks.report.json').read_text())
    assert report['skipped_images'] == report['skipped_annotations'] == []


def test_thousand_boxes(inputs, tmp_path):
    corners = np.random.default_rng(1).uniform(0, 25, (1000, 2)).round(2)

    def crowd(data):
        keep_only('plain.png')(data)
        data['annotations'] = [
            dict(data['annotations'][0], id=number, bbox=[x, y, 14, 12])
            for number, (x, y) in enumerate(corners.tolist())
        ]

    args = spoilt(inputs, tmp_path, crowd)
    assert tool()['main']([*args, '--crops-per-batch', '200']) == 0
    data = json.loads((tmp_path / 'out' / 'masks.json').read_text())
    assert len(data['annotations']) == 1000
    used = sum(
        decode_rle(ann['segmentation']).astype(int) for ann in data['annotations']
    )
    assert used.max() == 1
