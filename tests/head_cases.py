"""What the tests of heads share: maps, and the heads written out."""

import numpy as np
import slow
import torch
from torch import nn

from mmboxcaseg.models import WeightTransfer

CHANNELS = 5


def numbers(tensor):
    return tensor.detach().numpy().astype(np.float64)


def make_maps(**kwargs):
    return [
        torch.randn(2, *shape, **kwargs) for shape in ((2, 4, 6), (2, 2, 3), (1, 1, 2))
    ]


def head_by_hand(maps, conv, norm, conv_seg):
    """Resized maps in a row, 1x1 convolution, BN with running statistics,
    ReLU, 1x1 convolution."""
    weight, bias = (numbers(x) for x in conv)
    seg_weight, seg_bias = (numbers(x) for x in conv_seg)
    height, width = maps[0].shape[2:]
    feats = [
        [slow.resize(numbers(channel), height, width) for x in maps for channel in x[b]]
        for b in range(len(maps[0]))
    ]
    feats = np.array(feats)
    result = np.zeros((len(feats), 1, height, width))
    for b, _, y, x in np.ndindex(*result.shape):
        hidden = weight[:, :, 0, 0] @ feats[b, :, y, x] + bias
        hidden = (hidden - numbers(norm.running_mean)) / np.sqrt(
            numbers(norm.running_var) + norm.eps
        )
        hidden = hidden * numbers(norm.weight) + numbers(norm.bias)
        hidden = np.maximum(hidden, 0)
        result[b, 0, y, x] = seg_weight[0, :, 0, 0] @ hidden + seg_bias[0]
    return result


def randomize(head):
    for norm in head.modules():
        if isinstance(norm, nn.BatchNorm2d):
            for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
                nn.init.uniform_(tensor, 0.5, 1.5)
        elif isinstance(norm, WeightTransfer):
            nn.init.uniform_(norm.k, 0.5, 2)
            nn.init.uniform_(norm.c, 0.5, 2)
    return head
