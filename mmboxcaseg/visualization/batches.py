"""Pictures of training batches as the model gets them.

The functions take tensors and data samples of the OpenMMLab packages, but none
of these packages is imported here.
"""

import os.path as osp
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .colors import BOX, IGNORED, MASK, color_of
from .pictures import Instances, in_rows, patch_picture, training_picture
from .sheet import Cell, make_sheet, swatch

if TYPE_CHECKING:
    from mmengine.model import ImgDataPreprocessor
    from mmengine.structures import BaseDataElement
    from torch import Tensor

# Longer sides of pictures in pixels: images of stage 3, and patches of stage 1.
IMAGE_SIDE = 420
PATCH_SIDE = 192


def denormalize(
    inputs: 'Tensor',
    samples: Sequence['BaseDataElement'],
    preprocessor: 'ImgDataPreprocessor',
) -> np.ndarray:
    """Convert the normalised inputs of a model back to images.

    Args:
        inputs (Tensor): Normalised images, shape (B, C, H, W).
        samples (Sequence[BaseDataElement]): Their B data samples.
        preprocessor (ImgDataPreprocessor): Data preprocessor that made them
            from BGR images.

    Returns:
        np.ndarray: The images, RGB, uint8, shape (B, H, W, 3).
    """
    if hasattr(preprocessor, 'to_rgb'):
        inputs = preprocessor.to_rgb(inputs, samples)
    else:
        if preprocessor._enable_normalize:
            inputs = inputs * preprocessor.std + preprocessor.mean
        if not preprocessor._channel_conversion:
            inputs = inputs[:, [2, 1, 0]]
    inputs = inputs.round().clamp(0, 255).byte()
    return inputs.permute(0, 2, 3, 1).cpu().numpy()


def batch_sheet(
    inputs: np.ndarray,
    samples: Sequence['BaseDataElement'],
    classes: Sequence[str],
    title: str,
) -> np.ndarray:
    """Draw a sheet of a batch.

    Args:
        inputs (np.ndarray): Images, RGB, uint8, shape (B, H, W, 3).
        samples (Sequence[BaseDataElement]): B data samples. Those of stage 1
            are patches with a box or a mask. Those of stage 3 are images with
            instances; masks that the mask loss ignores are hatched in red.
        classes (Sequence[str]): Names of the classes, for stage 3.
        title (str): Title of the sheet.

    Returns:
        np.ndarray: The sheet, RGB, uint8, shape (H', W', 3).

    Raises:
        TypeError: If the samples are neither of stage 1 nor of stage 3.
    """
    size = f'{inputs.shape[2]} x {inputs.shape[1]}'
    if 'gt_sem_seg' in samples[0]:
        cells = [
            patch_picture(
                patch,
                sample.gt_sem_seg.data[0].numpy() == 1,
                sample.supervision,
                osp.basename(sample.img_path),
                PATCH_SIDE,
            )
            for patch, sample in zip(inputs, samples)
        ]
        columns = 8
        kinds = [sample.supervision for sample in samples]
        subtitle = (
            f'{kinds.count("box")} patches with a box and '
            f'{kinds.count("mask")} with a mask, {size} px'
        )
        legend = [
            (swatch(BOX, 'box'), 'box supervision'),
            (swatch(MASK, 'mask'), 'mask supervision'),
        ]
    elif 'gt_instances' in samples[0]:
        cells = [_image_cell(*pair, classes) for pair in zip(inputs, samples)]
        columns = 4
        subtitle = f'{len(cells)} images, padded to {size} px'
        legend = [
            (swatch(color_of(0), 'mask'), 'mask trains'),
            (swatch(IGNORED, 'hatched'), 'mask ignored: only box and class train'),
        ]
    else:
        raise TypeError(
            f'the data samples are {type(samples[0]).__name__} without '
            'gt_sem_seg and gt_instances; give a training config of BoxCaseg '
            'or of a detector'
        )
    return make_sheet(in_rows(cells, columns), title, subtitle, legend=legend)


def _image_cell(
    image: np.ndarray, sample: 'BaseDataElement', classes: Sequence[str]
) -> Cell:
    """Draw an image of stage 3 with its instances."""
    truth = sample.gt_instances
    masks = truth.masks.to_ndarray() if 'masks' in truth else []
    labels = truth.labels.tolist()
    ignored = [False] * len(labels)
    if 'mask_weights' in truth:
        ignored = (truth.mask_weights == 0).tolist()
    instances = Instances(
        getattr(truth.bboxes, 'tensor', truth.bboxes).numpy(),
        [mask > 0 for mask in masks],
        labels,
        [classes[label] for label in labels],
    )
    return training_picture(
        image, instances, ignored, osp.basename(sample.img_path), IMAGE_SIDE
    )
