import numpy as np
import pytest

from mmboxcaseg.prediction import PredictOptions, crop_probs

CROPS = np.random.default_rng(0).integers(0, 256, (5, 3, 4, 4), dtype=np.uint8)


@pytest.mark.parametrize('flip', [False, True])
@pytest.mark.parametrize('per_batch', [1, 2, 5, 9])
def test_batches_and_mirror_images(per_batch, flip):
    sizes = []

    def network(crops):
        """The green channel, weighted by the column, as a probability."""
        assert crops.flags.c_contiguous and crops.dtype == np.uint8
        sizes.append(len(crops))
        return (crops[:, 1] * np.array([1, 2, 3, 4]) / 1024).astype(np.float32)

    options = PredictOptions(crops_per_batch=per_batch, flip=flip)
    probs = list(crop_probs(network, CROPS, options))
    # The mean of weights k and 5 - k is 2.5 everywhere.
    weights = [2.5] * 4 if flip else [1, 2, 3, 4]
    for prob, crop in zip(probs, CROPS, strict=True):
        assert prob.dtype == np.float32
        np.testing.assert_allclose(prob, crop[1] * np.array(weights) / 1024, 1e-6)
    assert max(sizes) <= per_batch and sum(sizes) == 5 * (1 + flip)
