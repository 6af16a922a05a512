"""VOC 2012 and SBD to COCO json, on a tree of five images made by hand."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from scipy.io import savemat

from mmboxcaseg.annotations import read_coco
from tools.dataset_converters import voc_sbd

HEIGHT, WIDTH = 12, 20
TOOL = 'dataset_converters/voc_sbd'
DOG, CAT, PERSON, SOFA = 12, 8, 15, 18
TRAIN, VAL, VAL_IN_SBD = '2007_000001', '2007_000002', '2008_000003'
SBD, SBD_OTHER = '2008_000004', '2010_000005'


def picture(*areas):
    """Numbers as VOC paints them: (value, x0, y0, x1, y1), half-open."""
    result = np.zeros((HEIGHT, WIDTH), np.uint8)
    for value, x0, y0, x1, y1 in areas:
        result[y0:y1, x0:x1] = value
    return result


def save_palette(path, numbers):
    """As a picture with VOC's kind of palette, which is not grey."""
    image = Image.fromarray(numbers)
    image.putpalette(np.random.default_rng(0).bytes(768))
    assert image.mode == 'P'
    image.save(path)


def xml(*objects):
    """(class, corners counted from 1 or None, difficult or None)."""
    text = ''
    for name, box, difficult in objects:
        text += f'<object><name>{name}</name>'
        # A part, with a box of its own, comes before that of the object.
        text += (
            '<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin>'
            '<xmax>2</xmax><ymax>2</ymax></bndbox></part>'
        )
        if difficult is not None:
            text += f'<difficult>{difficult}</difficult>'
        if box is not None:
            text += (
                '<bndbox>'
                + ''.join(
                    f'<{key}>{value}</{key}>'
                    for key, value in zip(
                        ('xmax', 'xmin', 'ymin', 'ymax'),
                        (box[2], box[0], box[1], box[3]),
                    )
                )
                + '</bndbox>'
            )
        text += '</object>'
    return f'<annotation><folder>VOC2012</folder>{text}</annotation>'


class Tree:
    """A devkit and a folder of SBD that are written piece by piece."""

    def __init__(self, root):
        self.root = root
        self.voc = root / 'VOCdevkit' / 'VOC2012'
        self.sbd = root / 'benchmark_RELEASE' / 'dataset'
        for folder in (
            'JPEGImages',
            'Annotations',
            'SegmentationObject',
            'SegmentationClass',
            'ImageSets/Segmentation',
        ):
            (self.voc / folder).mkdir(parents=True)
        (self.sbd / 'inst').mkdir(parents=True)

    def add(self, name, text):
        Image.new('RGB', (WIDTH, HEIGHT)).save(self.voc / 'JPEGImages' / f'{name}.jpg')
        (self.voc / 'Annotations' / f'{name}.xml').write_text(text)

    def add_masks(self, name, numbers, classes):
        save_palette(self.voc / 'SegmentationObject' / f'{name}.png', numbers)
        save_palette(self.voc / 'SegmentationClass' / f'{name}.png', classes)

    def add_sbd(self, name, numbers, categories):
        # MATLAB's cells of boundaries are there too, and not read.
        inst = dict(
            Segmentation=numbers,
            Boundaries=np.zeros((len(categories), 1), object),
            Categories=np.array(categories, np.uint8).reshape(-1, 1),
        )
        savemat(self.sbd / 'inst' / f'{name}.mat', dict(GTinst=inst))

    def lists(self, train, val, sbd_train, sbd_val):
        folder = self.voc / 'ImageSets' / 'Segmentation'
        for path, names in (
            (folder / 'train.txt', train),
            (folder / 'val.txt', val),
            (self.sbd / 'train.txt', sbd_train),
            (self.sbd / 'val.txt', sbd_val),
        ):
            path.write_text(''.join(f'{name}\n' for name in names))


@pytest.fixture
def tree(tmp_path):
    """Five images with every awkward case.

    - TRAIN (VOC's, in SBD as well): a difficult dog with a void border; a
      cat in the XML that no pixel belongs to, so that the numbers have a gap;
      a person without a box; a sofa's mask that the XML doesn't have.
    - VAL: one dog, in VOC only; VAL_IN_SBD: nothing but void.
    - SBD: a person and a sofa that overlaps none, and a class without mask;
      SBD_OTHER: one cat.
    """
    tree = Tree(tmp_path)
    tree.lists([TRAIN], [VAL, VAL_IN_SBD], [SBD, VAL_IN_SBD], [SBD_OTHER, TRAIN])
    tree.add(
        TRAIN,
        xml(
            ('dog', (3, 2, 7, 6), 1), ('cat', (9, 9, 12, 12), 0), ('person', None, None)
        ),
    )
    areas = [(255, 1, 0, 8, 7), (1, 2, 1, 7, 6), (3, 10, 2, 14, 10), (4, 16, 0, 20, 3)]
    classes = {0: 0, 255: 255, 1: DOG, 3: PERSON, 4: SOFA}
    tree.add_masks(
        TRAIN, picture(*areas), picture(*((classes[a[0]], *a[1:]) for a in areas))
    )
    tree.add_sbd(TRAIN, picture((1, 2, 1, 7, 6)), [DOG])

    # The box is drawn beyond the image and looser than the mask.
    tree.add(VAL, xml(('dog', (0, 1, 21, 10.5), 0)))
    tree.add_masks(VAL, picture((1, 3, 3, 9, 9)), picture((DOG, 3, 3, 9, 9)))
    tree.add(VAL_IN_SBD, xml())
    tree.add_masks(VAL_IN_SBD, picture((255, 0, 0, 5, 5)), picture((255, 0, 0, 5, 5)))
    tree.add_sbd(VAL_IN_SBD, picture((1, 0, 0, 5, 5)), [CAT])

    tree.add(SBD, xml(('person', (1, 1, 5, 5), 0), ('sofa', (6, 6, 9, 9), 1)))
    tree.add_sbd(SBD, picture((1, 0, 0, 4, 6), (3, 8, 6, 18, 11)), [PERSON, CAT, SOFA])
    tree.add(SBD_OTHER, xml(('cat', (2, 2, 8, 8), 0)))
    tree.add_sbd(SBD_OTHER, picture((1, 2, 2, 8, 9)), [CAT])
    return tree


@pytest.fixture
def run(tree):

    def tool(*options):
        args = voc_sbd.parse_args(
            [str(tree.voc), str(tree.sbd), '--out', str(tree.root / 'out'), *options]
        )
        assert voc_sbd.run(args) == 0

    return tool


def read(tree, split):
    """The file, checked; its images and annotations by file name."""
    coco = read_coco(
        str(tree.root / f'out/annotations/instances_{split}.json'), with_masks=True
    ).content
    images = {image['file_name'][:-4]: image for image in coco['images']}
    anns = {
        name: [a for a in coco['annotations'] if a['image_id'] == image['id']]
        for name, image in images.items()
    }
    assert [c['id'] for c in coco['categories']] == list(range(1, 21))
    names = {c['id']: c['name'] for c in coco['categories']}
    assert (names[DOG], names[CAT], names[PERSON], names[SOFA]) == (
        'dog',
        'cat',
        'person',
        'sofa',
    )
    return images, anns


def assert_is(ann, category, box, expected, **kwargs):
    mask = coco_mask.decode(ann['segmentation'])
    np.testing.assert_array_equal(mask, expected)
    assert ann['category_id'] == category
    assert ann['bbox'] == box
    assert ann['area'] == expected.sum()
    assert ann['iscrowd'] == 0
    for key, value in kwargs.items():
        assert ann[key] == value


def test_train_aug_by_hand(run, tree):
    run('--no-check')
    images, anns = read(tree, 'train_aug')
    assert sorted(images) == sorted([TRAIN, SBD, SBD_OTHER])
    assert images[TRAIN]['id'] == 2007000001
    assert (images[TRAIN]['width'], images[TRAIN]['height']) == (WIDTH, HEIGHT)
    assert [images[n]['source'] for n in (TRAIN, SBD)] == ['voc', 'sbd']
    # Void: the frame of the dog, and no part of its mask.
    void = coco_mask.decode(images[TRAIN]['void'])
    np.testing.assert_array_equal(void, picture((1, 1, 0, 8, 7), (0, 2, 1, 7, 6)))
    assert 'void' not in images[SBD]

    dog, person, sofa = anns[TRAIN]
    assert_is(dog, DOG, [2, 1, 5, 5], picture((1, 2, 1, 7, 6)), difficult=1)
    assert_is(person, PERSON, [10, 2, 4, 8], picture((1, 10, 2, 14, 10)), difficult=0)
    assert_is(sofa, SOFA, [16, 0, 4, 3], picture((1, 16, 0, 20, 3)), difficult=0)

    person, sofa = anns[SBD]
    assert_is(person, PERSON, [0, 0, 4, 6], picture((1, 0, 0, 4, 6)))
    assert_is(sofa, SOFA, [8, 6, 10, 5], picture((1, 8, 6, 18, 11)))
    assert 'difficult' not in person
    (cat,) = anns[SBD_OTHER]
    assert_is(cat, CAT, [2, 2, 6, 7], picture((1, 2, 2, 8, 9)))


def test_val_by_hand(run, tree):
    run('--no-check')
    images, anns = read(tree, 'val')
    assert sorted(images) == [VAL, VAL_IN_SBD]
    (dog,) = anns[VAL]
    # The box of the XML, one pixel to the left of what it says, clipped.
    assert_is(dog, DOG, [0, 0, 20, 10.5], picture((1, 3, 3, 9, 9)), difficult=0)
    assert anns[VAL_IN_SBD] == []
    assert coco_mask.area(images[VAL_IN_SBD]['void']) == 25


def test_photos_are_linked(run, tree):
    for _ in range(2):
        run('--no-check')
    folder = tree.root / 'out' / 'JPEGImages'
    assert sorted(path.stem for path in folder.iterdir()) == sorted(
        [TRAIN, VAL, VAL_IN_SBD, SBD, SBD_OTHER]
    )
    assert all(path.is_symlink() and path.exists() for path in folder.iterdir())


def test_summary(run, capsys):
    run('--no-check')
    out = ' '.join(capsys.readouterr().out.split())
    assert "SBD has 1 images of VOC's val" in out
    assert 'and 1 of its train' in out
    assert (
        "train_aug: 3 images (1 with VOC's masks, 2 with SBD's; 0 "
        'without instances), 6 instances, 1 of them difficult'
    ) in out
    assert (
        "val: 2 images (2 with VOC's masks, 0 with SBD's; 1 without "
        'instances), 1 instances, 0 of them difficult'
    ) in out
    for line in (
        'masks without an object: 1',
        'objects without a box: 1',
        'objects without a mask: 1',
        'classes without a mask: 1',
        'masks of another class than the object: 0',
    ):
        assert line in out
    # By VOC 3, or by SBD 1, for TRAIN, and 3 for the others; in the XML 3
    # objects of TRAIN, 2 and 1, two of the six being difficult.
    for rule, count in (
        ("VOC's before SBD's (written)", 6),
        ("SBD's before VOC's", 4),
        ('not difficult', 4),
        ('XML, all', 6),
    ):
        assert f'{rule}: {count} (-25,8' in out
    assert 'CHECK FAILED: 4 images of SBD, not 11,355' in out


def test_check_fails_loudly(tree, repo_root):
    """As a command, in another folder, with the package not installed."""
    result = subprocess.run(
        [
            sys.executable,
            str(repo_root / 'tools' / f'{TOOL}.py'),
            str(tree.voc),
            str(tree.sbd),
        ],
        cwd=tree.root,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    for sentence in (
        '1 images of VOC train, not 1,464',
        '2 images of VOC val, not 1,449',
        '4 images of SBD, not 11,355',
        '3 images of train_aug, not 10,582',
    ):
        assert f'CHECK FAILED: {sentence}' in result.stderr
    assert not (tree.root / 'data').exists()


def test_checks_one_by_one(run, tree, monkeypatch):
    known = dict(zip(voc_sbd.KNOWN_IMAGES, (1, 2, 4, 3)))
    monkeypatch.setattr(voc_sbd, 'KNOWN_IMAGES', known)
    # The images are right, the instances are not.
    with pytest.raises(SystemExit, match='6 instances of train_aug, more'):
        run()
    assert not (tree.root / 'out').exists()
    monkeypatch.setattr(voc_sbd, 'PAPER_INSTANCES', 6)
    run()
    assert len(read(tree, 'train_aug')[0]) == 3
    # The XML of another image: its numbers are of other classes.
    text = xml(*[('boat', (1, 1, 2, 2), 0)] * 3)
    (tree.voc / 'Annotations' / f'{TRAIN}.xml').write_text(text)
    with pytest.raises(SystemExit, match='2 masks are of another class'):
        run()


def test_val_does_not_leak(tree):
    tree.lists([TRAIN, SBD], [VAL, VAL_IN_SBD], [VAL_IN_SBD, SBD], [VAL])
    splits = voc_sbd.read_splits(str(tree.voc), str(tree.sbd))
    assert splits['train_aug'] == [TRAIN, SBD]
    assert splits['sbd'] == [VAL, VAL_IN_SBD, SBD]


def test_errors_name_the_file(run, tree):

    def fails(error, match):
        with pytest.raises(error, match=match):
            run('--no-check')

    numbers = tree.voc / 'SegmentationObject' / f'{TRAIN}.png'
    good = numbers.read_bytes()
    Image.new('RGB', (WIDTH, HEIGHT)).save(numbers)
    fails(ValueError, f"{TRAIN}.png is a picture of mode 'RGB'")
    # Grey numbers are as good as ones with a palette.
    Image.fromarray(picture((1, 2, 1, 7, 6))).save(numbers)
    run('--no-check')
    assert len(read(tree, 'train_aug')[1][TRAIN]) == 1
    save_palette(numbers, picture((9, 0, 8, 2, 10)))
    fails(ValueError, f'{TRAIN}.png: number 9 has no object')
    numbers.write_bytes(good)

    text = tree.voc / 'Annotations' / f'{TRAIN}.xml'
    good = text.read_text()
    text.write_text(good.replace('dog', 'wolf'))
    fails(ValueError, f"{TRAIN}.xml: the class 'wolf' of an object")
    text.write_text(good[:-5])
    fails(ValueError, f'{TRAIN}.xml is not valid XML')
    text.write_text(good)

    photo = tree.voc / 'JPEGImages' / f'{SBD}.jpg'
    Image.new('RGB', (HEIGHT, WIDTH)).save(photo)
    fails(ValueError, f'{SBD}.jpg is 12 x 20 pixels, but .* sbd are 20 x 12')
    photo.unlink()
    fails(FileNotFoundError, f'{SBD}.jpg')


def test_errors_of_mat_files(run, tree):
    tree.add(SBD, xml())
    tree.add_sbd(SBD, picture((1, 0, 0, 4, 6)), [21])
    with pytest.raises(ValueError, match='instance 1 has the class 21'):
        run('--no-check')
    savemat(tree.sbd / 'inst' / f'{SBD}.mat', dict(GTcls=1))
    with pytest.raises(ValueError, match=f'{SBD}.mat has no GTinst'):
        run('--no-check')


def test_mask_without_class_is_left_out_and_counted(run, tree, capsys):
    tree.add_sbd(SBD, picture((1, 0, 0, 4, 6), (2, 8, 6, 18, 11)), [PERSON])
    run('--no-check')
    assert len(read(tree, 'train_aug')[1][SBD]) == 1
    assert 'masks without a class: 1' in capsys.readouterr().out


def test_scipy_is_asked_for_by_name(run, tree, monkeypatch):
    monkeypatch.setitem(sys.modules, 'scipy.io', None)
    with pytest.raises(ImportError, match='pip install scipy'):
        run('--no-check')
    assert not (tree.root / 'out').exists()


def test_files_are_json_of_strings_and_numbers(run, tree):
    run('--no-check')
    path = tree.root / 'out/annotations/instances_train_aug.json'
    ann = json.loads(path.read_text())['annotations'][0]
    assert isinstance(ann['segmentation']['counts'], str)
    assert list(ann) == [
        'id',
        'image_id',
        'category_id',
        'bbox',
        'area',
        'segmentation',
        'iscrowd',
        'difficult',
    ]
