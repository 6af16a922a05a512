import importlib

import pytest

from mmboxcaseg.deprecation import moved_names, renamed_arguments


@pytest.mark.parametrize(
    'module, name, home',
    [
        ('proxy_masks', 'merge', 'masks'),
        ('proxy_masks', 'decode_rle', 'masks'),
        ('proxy_masks', 'BadInputError', 'annotations'),
        ('proxy_masks', 'Progress', 'progress'),
        ('evaluation', 'rect_mask_iou', 'masks'),
        ('engine', 'BlockSampler', 'datasets'),
        ('models.paste', 'masks_in_rects', 'models.segmentors.crop_masks'),
        ('models.paste', 'reaching_threshold', 'masks'),
    ],
)
def test_names_that_have_moved(module, name, home):
    old = importlib.import_module(f'mmboxcaseg.{module}')
    with pytest.warns(DeprecationWarning, match=name):
        value = getattr(old, name)
    assert value is getattr(importlib.import_module(f'mmboxcaseg.{home}'), name)
    with pytest.raises(AttributeError, match='no attribute'):
        old.nothing_of_this_name  # noqa: B018


def test_new_name():
    get = moved_names('old', dict(OLD='math:pi', sqrt='math'))
    with pytest.warns(DeprecationWarning, match='old.OLD .* is math.pi now'):
        assert get('OLD') == importlib.import_module('math').pi
    with pytest.warns(DeprecationWarning, match='math.sqrt now'):
        assert get('sqrt')(4) == 2


def test_renamed_arguments():

    @renamed_arguments(width='size')
    def area(size, height=2):
        return size * height

    assert area(3) == area(size=3) == 6
    with pytest.warns(DeprecationWarning, match="'width' .* 'size' now"):
        assert area(width=5, height=1) == 5


def test_content_as_a_dictionary(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('{"images": [], "annotations": [], "categories": []}')
    from mmboxcaseg import proxy_masks

    with pytest.warns(DeprecationWarning, match='load_coco'):
        load_coco = proxy_masks.load_coco
    assert load_coco(str(path)) == dict(images=[], annotations=[], categories=[])
