import numpy as np
import tiny
import torch


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
