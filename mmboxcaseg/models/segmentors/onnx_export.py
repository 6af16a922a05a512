"""Export of a trained BoxCaseg to ONNX.

The exported network takes crops and returns probabilities. It is the folded
network (:mod:`.folded`), with the normalisation of crops before it and with
heads made of matrix products, which are fastest in ONNX Runtime.
"""

import io
import math
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmboxcaseg.prediction import PredictOptions
from mmboxcaseg.prediction.onnx_model import INPUT, KEY, OUTPUT, ModelCard

from .boxcaseg import BoxCaseg
from .folded import FoldedHeads

OPSET = 17
# Number of hidden floats that are computed at once; they fit a core's cache.
GROUP = 3 * 2**16
# Weights with fewer numbers stay in single precision.
FEW = 1024


class ProductHeads(nn.Module):
    """Heads that convolve and resize their maps by matrix products.

    Bilinear resizing is linear and separable. Along the width, each map is
    multiplied by a matrix. Along the height, all maps are stacked and
    multiplied by one matrix, which also adds them. Hidden channels are
    computed in groups that fit the cache.

    Args:
        heads (FoldedHeads): The M heads.
        feats (Sequence[Tensor]): Example of the maps, with their sizes.
    """

    def __init__(self, heads: FoldedHeads, feats: Sequence[Tensor]) -> None:
        super().__init__()
        height, width = feats[0].shape[-2:]
        hidden = len(heads.bias)
        count = math.ceil(hidden * height * width / GROUP)
        weight = heads.weight.flatten(1).T
        self.groups = nn.ModuleList(
            _Group(
                weight[:, chosen].split([x.shape[1] for x in feats]),
                heads.bias[chosen],
                heads.weight_seg[:, chosen].flatten(1).T,
                heads.factor[chosen],
            )
            for chosen in torch.arange(hidden).chunk(count)
        )
        self.register_buffer('bias', heads.bias_seg)
        for place, x in enumerate(feats[1:]):
            self.register_buffer(f'along_{place}', resizing(x.shape[-1], width))
        self.register_buffer(
            'down', torch.cat([resizing(x.shape[-2], height) for x in feats[1:]], 1)
        )

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Compute the logits at the size of the first map.

        Args:
            feats (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i).

        Returns:
            Tensor: Logits of the heads, shape (B, M, H_0, W_0).
        """
        height, width = feats[0].shape[-2:]
        first, *others = (x.permute(0, 2, 3, 1) for x in feats)
        along = [getattr(self, f'along_{place}') for place in range(len(others))]
        logits = [group(first, others, along, self.down) for group in self.groups]
        result = sum(logits[1:], logits[0]) + self.bias
        return result.reshape(-1, height, width, len(self.bias)).permute(0, 3, 1, 2)


class _Group(nn.Module):
    """A group of K hidden channels of :class:`ProductHeads`.

    Args:
        weights (Sequence[Tensor]): Weights of each map, (C_i, K).
        bias (Tensor): Bias of the channels, (K,).
        weight_seg (Tensor): Weights of the second convolution, (K, M).
        factor (Tensor): Factors by which folding multiplied the weights,
            (K,).
    """

    def __init__(
        self,
        weights: Sequence[Tensor],
        bias: Tensor,
        weight_seg: Tensor,
        factor: Tensor,
    ) -> None:
        super().__init__()
        for place, weight in enumerate(weights):
            self.register_buffer(f'weight_{place}', weight.contiguous())
        self.register_buffer('bias', bias)
        self.register_buffer('weight_seg', weight_seg.contiguous())
        self.register_buffer('factor', factor)

    def forward(
        self, first: Tensor, others: list[Tensor], along: list[Tensor], down: Tensor
    ) -> Tensor:
        """The group's part of the logits, (B * H_0 * W_0, M), from maps
        (B, H_i, W_i, C_i)."""
        width, channels = first.shape[2], len(self.bias)
        rows = []
        for place, (x, matrix) in enumerate(zip(others, along), 1):
            x = torch.matmul(x, getattr(self, f'weight_{place}'))
            if place == len(others):
                # Resizing does not change the bias, and this map is the smallest.
                x = x + self.bias
            x = torch.matmul(matrix, x)
            rows.append(x.reshape(-1, x.shape[1], width * channels))
        resized = torch.matmul(down, torch.cat(rows, 1)).reshape(-1, channels)
        hidden = torch.addmm(resized, first.reshape(-1, first.shape[-1]), self.weight_0)
        return torch.matmul(hidden.relu(), self.weight_seg)


def resizing(source: int, target: int) -> Tensor:
    """Make the matrix of the bilinear resizing of one axis.

    Args:
        source (int): Number of positions before.
        target (int): Number of positions after.

    Returns:
        Tensor: The matrix, shape (target, source).
    """
    return F.interpolate(
        torch.eye(source)[None], target, mode='linear', align_corners=False
    )[0].T.contiguous()


class ExportedNetwork(nn.Module):
    """The network that is exported.

    Args:
        model (BoxCaseg): Model in evaluation mode, on the CPU.
        options (PredictOptions): Options of the prediction, of which ``head``
            is used.
        size (int): Side S of the crops in pixels.

    Raises:
        ValueError: If the heads can't be folded, or the model lacks one.
    """

    def __init__(self, model: BoxCaseg, options: PredictOptions, size: int) -> None:
        super().__init__()
        # In a list it is not a submodule, so its weights are not exported.
        self._model = [model]
        self.options = options
        self.channels = model.channels
        sample = torch.randn(1, model.channels, size, size)
        with torch.no_grad():
            folded = model.fold(options, sample)
            if folded is None:
                raise ValueError(
                    'the heads have another norm_cfg than batch normalisation, '
                    "so they can't be exported"
                )
            feats = folded.feats(sample)
        if len(feats) > 1:
            folded.heads = ProductHeads(folded.heads, feats)
        self.folded = folded

    def forward(self, crops: Tensor) -> Tensor:
        """Compute the probabilities of crops.

        Args:
            crops (Tensor): Crops, BGR, uint8, shape (B, C, S, S).

        Returns:
            Tensor: Probabilities in [0, 1], float32, shape (B, S, S).
        """
        (model,) = self._model
        patches = model.data_preprocessor.normalize(crops)
        return model.combined(self.folded(patches), self.options)

    def factors(self) -> dict[str, np.ndarray]:
        """The factors by which folding multiplied the weights.

        Returns:
            dict[str, np.ndarray]: Factors by the names of the weights,
            float32, with as many axes as the weights.
        """
        found = {}
        for prefix, module in self.named_modules():
            factor = getattr(module, 'factor', None)
            for name, weight in module.named_parameters(prefix, recurse=False):
                if factor is not None and weight.dim() == 4:
                    found[name] = factor[:, None, None, None].numpy()
            if isinstance(module, _Group):
                for name, weight in module.named_buffers(prefix, recurse=False):
                    if weight.shape[-1:] == factor.shape and weight.dim() == 2:
                        found[name] = factor[None].numpy()
        return found


def onnx_content(network: ExportedNetwork, size: int) -> bytes:
    """Export a network to ONNX.

    Args:
        network (ExportedNetwork): The network.
        size (int): Side S of the crops in pixels.

    Returns:
        bytes: Content of an ONNX file. It takes batches of any size.
    """
    crops = torch.zeros(2, network.channels, size, size, dtype=torch.uint8)
    content = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter warns of changes in later versions of torch.
        warnings.simplefilter('ignore')
        torch.onnx.export(
            network.eval().requires_grad_(False),
            (crops,),
            content,
            opset_version=OPSET,
            dynamo=False,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: 'batch'}, OUTPUT: {0: 'batch'}},
        )
    return content.getvalue()


def with_card(
    content: bytes, card: ModelCard, factors: Mapping[str, np.ndarray] | None = None
) -> bytes:
    """Add the description of the model, and optionally halve its weights.

    Args:
        content (bytes): Content of an ONNX file.
        card (ModelCard): Description of the model.
        factors (Mapping[str, np.ndarray], optional): Factors of
            :meth:`ExportedNetwork.factors`, with which weights are stored in
            half precision. Defaults to None: they stay in single precision.

    Returns:
        bytes: Content of the new ONNX file.

    Raises:
        ImportError: If the package onnx is not installed.
        ValueError: If a weight is too large for half precision.
    """
    try:
        import onnx
    except ImportError:
        raise ImportError(
            'boxcaseg export-onnx needs the package onnx: pip install onnx'
        ) from None
    proto = onnx.load_model_from_string(content)
    if factors is not None:
        _halve(proto, factors, onnx)
    onnx.helper.set_model_props(proto, {KEY: card.to_json()})
    proto.producer_name = 'mmboxcaseg'
    onnx.checker.check_model(proto)
    return proto.SerializeToString()


def _halve(proto: Any, factors: Mapping[str, np.ndarray], onnx: ModuleType) -> None:
    """Store the larger weights of a model in half precision, in place.

    When the model is loaded, its weights are converted to single precision
    and multiplied by the factors of the normalisation layers. Weights that
    were stored in half precision before are therefore stored exactly, and all
    is computed in single precision.
    """
    graph, to_array = proto.graph, onnx.numpy_helper.to_array
    nodes, added = [], []
    for weight in graph.initializer:
        name, values = weight.name, to_array(weight)
        if values.dtype != np.float32 or values.size < FEW:
            continue
        half, single, factor = f'{name}_half', f'{name}_single', factors.get(name)
        if factor is not None:
            # Where the factor is 0, the weights are 0 whatever they are divided by.
            values = values / np.where(factor == 0, 1, factor)
            added.append(onnx.numpy_helper.from_array(factor, f'{name}_factor'))
            nodes.append(
                onnx.helper.make_node('Mul', [single, f'{name}_factor'], [name])
            )
        halved = values.astype(np.float16)
        if not np.isfinite(halved).all():
            raise ValueError(f'{name} has values too large for half precision')
        weight.CopyFrom(onnx.numpy_helper.from_array(halved, half))
        nodes.insert(
            0,
            onnx.helper.make_node(
                'Cast',
                [half],
                [name if factor is None else single],
                to=onnx.TensorProto.FLOAT,
            ),
        )
    graph.initializer.extend(added)
    nodes += graph.node
    del graph.node[:]
    graph.node.extend(nodes)
