"""The old name of crop_masks."""

import pytest

from mmboxcaseg import masks
from mmboxcaseg.models import paste
from mmboxcaseg.models.segmentors import crop_masks


def test_old_names_are_the_new_ones():
    for name in ('box_probs', 'masks_in_rects', 'min_max_normalize'):
        with pytest.warns(DeprecationWarning, match=f'crop_masks.{name}'):
            assert getattr(paste, name) is getattr(crop_masks, name)
    with pytest.warns(DeprecationWarning, match='masks.reaching_threshold'):
        assert paste.reaching_threshold is masks.reaching_threshold
    with pytest.raises(AttributeError, match="no attribute 'paste'"):
        paste.paste  # noqa: B018
