import pytest

from mmboxcaseg import visualization as vis


def test_old_name_of_the_color_of_ignored_masks():
    with pytest.warns(DeprecationWarning, match='IGNORED'):
        assert vis.DROPPED == vis.IGNORED
    with pytest.raises(AttributeError, match='no attribute'):
        vis.NOTHING  # noqa: B018


def test_colors_come_again():
    colors = [vis.color_of(index) for index in range(len(vis.PALETTE))]
    assert len(set(colors)) == len(vis.PALETTE)
    assert vis.color_of(len(vis.PALETTE)) == colors[0]
    # Red means ignored.
    assert vis.IGNORED not in colors
