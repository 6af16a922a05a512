import numpy as np
import pytest
import tiny
import torch
from mmseg.structures import SegDataSample

from mmboxcaseg.models.data_preprocessor import BoxCasegDataPreprocessor


def test_training_batches_are_normalised():
    net = tiny.model()
    patches = [torch.randint(0, 256, (3, 4, 4), dtype=torch.uint8) for _ in range(2)]
    data = net.data_preprocessor(
        dict(inputs=patches, data_samples=[None, None]), training=True
    )
    for patch, result in zip(patches, data['inputs']):
        for rgb, bgr in enumerate((2, 1, 0)):
            expected = (patch[bgr].numpy() - tiny.MEAN[rgb]) / tiny.STD[rgb]
            np.testing.assert_allclose(result[rgb], expected, atol=1e-5)


def test_patches_with_a_mask_have_a_deviation_of_their_own():
    """The mean is subtracted; then box patches are divided by 255 and those with
    a mask by 51, so that these have five times the contrast."""
    preprocessor = BoxCasegDataPreprocessor(
        mean=[100, 110, 120], std=[255] * 3, mask_std=[51] * 3, bgr_to_rgb=True
    )
    patches = [torch.randint(0, 256, (3, 4, 4), dtype=torch.uint8) for _ in range(3)]
    kinds = ['mask', 'box', 'mask']
    samples = [SegDataSample(metainfo=dict(supervision=kind)) for kind in kinds]
    data = preprocessor(dict(inputs=patches, data_samples=samples), training=True)
    for patch, kind, result in zip(patches, kinds, data['inputs']):
        rgb = patch.numpy()[::-1].astype(float)
        expected = rgb - np.array([100, 110, 120])[:, None, None]
        expected /= 51 if kind == 'mask' else 255
        np.testing.assert_allclose(result, expected, atol=1e-5)
    crops = preprocessor.normalize(torch.stack(patches))
    np.testing.assert_allclose(crops[1], data['inputs'][1])
    rgb = preprocessor.to_rgb(data['inputs'], samples)
    np.testing.assert_allclose(rgb, torch.stack(patches).flip(1), atol=1e-3)
    assert not preprocessor.state_dict()


def test_maps_of_other_boxes_become_zero_or_one():
    preprocessor = tiny.model().data_preprocessor
    patches = torch.randint(0, 256, (2, 5, 4, 4), dtype=torch.uint8)
    patches[:, 3:] = 255 * (patches[:, 3:] > 127)
    found = preprocessor.normalize(patches)
    assert (found[:, :3] == preprocessor.normalize(patches[:, :3])).all()
    assert (found[:, 3:] == patches[:, 3:] / 255).all() and found[:, 3:].max() == 1
    rgb = preprocessor.to_rgb(found, ())
    np.testing.assert_allclose(rgb, patches[:, [2, 1, 0]], atol=1e-3)


def test_patches_with_and_without_maps_of_other_boxes():
    patches = [torch.zeros((channels, 4, 4), dtype=torch.uint8) for channels in (5, 3)]
    data = dict(inputs=patches, data_samples=[None, None])
    with pytest.raises(ValueError, match='have 3 channels and others 5; other_boxes'):
        tiny.model().data_preprocessor(data, training=True)


def test_a_deviation_for_masks_needs_one_for_boxes():
    with pytest.raises(ValueError, match='mask_std needs mean and std'):
        BoxCasegDataPreprocessor(mask_std=[51] * 3)
