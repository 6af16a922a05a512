import numpy as np

from tools.benchmarks.speed import proxy_masks


def test_masks_of_both_sides(inputs):
    photos = proxy_masks.read_instances(inputs.ann_file)
    assert len(photos) == 4
    for photo in photos:
        plain, ours = (proxy_masks.plain_masks(photo), proxy_masks.our_masks(photo))
        assert plain[0] == ours[0]
        np.testing.assert_allclose(plain[1], ours[1])


def test_row_of_a_photo(inputs):
    (row,) = proxy_masks.rows(inputs)
    assert row.plain > 0 and row.ours > 0
