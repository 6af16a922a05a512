"""A trained BoxCaseg as ONNX: crops in, probabilities out.

The exported network is the one that predicts (:mod:`.folded`), with its
normalisation before it, and with the heads as products of matrices, which
ONNX Runtime is fastest with.
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
# Floats of hidden channels at a time: what a core keeps in its cache.
GROUP = 3 * 2**16
# Weights of fewer numbers stay in single precision.
FEW = 1024


class ProductHeads(nn.Module):
    """Heads whose maps are convolved and resized by products of matrices.

    Bilinear resizing is linear and separable: along the width each map is
    multiplied by a matrix, and along the height all of them, stacked, by one,
    which adds them up as well. Hidden channels are computed in groups that
    stay in the cache.

    Args:
        heads (FoldedHeads): The heads.
        feats (Sequence[Tensor]): Maps of the size that they will have.
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
        """As in :class:`FoldedHeads`."""
        height, width = feats[0].shape[-2:]
        first, *others = (x.permute(0, 2, 3, 1) for x in feats)
        along = [getattr(self, f'along_{place}') for place in range(len(others))]
        logits = [group(first, others, along, self.down) for group in self.groups]
        result = sum(logits[1:], logits[0]) + self.bias
        return result.reshape(-1, height, width, len(self.bias)).permute(0, 3, 1, 2)


class _Group(nn.Module):
    """Some hidden channels, K of them, of :class:`ProductHeads`.

    Args:
        weights (Sequence[Tensor]): For each map (C_i, K).
        bias (Tensor): (K, ).
        weight_seg (Tensor): (K, M).
        factor (Tensor): (K, ), by which the norm has multiplied the weights.
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
        """Their share of the logits, (B * H_0 * W_0, M), of maps
        (B, H_i, W_i, C_i)."""
        width, channels = first.shape[2], len(self.bias)
        rows = []
        for place, (x, matrix) in enumerate(zip(others, along), 1):
            x = torch.matmul(x, getattr(self, f'weight_{place}'))
            if place == len(others):
                # Resizing leaves it as it is, and this map is the smallest.
                x = x + self.bias
            x = torch.matmul(matrix, x)
            rows.append(x.reshape(-1, x.shape[1], width * channels))
        resized = torch.matmul(down, torch.cat(rows, 1)).reshape(-1, channels)
        hidden = torch.addmm(resized, first.reshape(-1, first.shape[-1]), self.weight_0)
        return torch.matmul(hidden.relu(), self.weight_seg)


def resizing(source: int, target: int) -> Tensor:
    """Bilinear resizing of one axis as a matrix.

    Args:
        source (int): Positions before.
        target (int): Positions after.

    Returns:
        Tensor: Shape (target, source).
    """
    return F.interpolate(
        torch.eye(source)[None], target, mode='linear', align_corners=False
    )[0].T.contiguous()


class ExportedNetwork(nn.Module):
    """What is exported.

    Args:
        model (BoxCaseg): In evaluation mode, on the CPU.
        options (PredictOptions): Only ``head`` matters here.
        size (int): S, side of the crops in pixels.

    Raises:
        ValueError: If the heads can't be folded, or the model lacks one.
    """

    def __init__(self, model: BoxCaseg, options: PredictOptions, size: int) -> None:
        super().__init__()
        # Not a part of this module: its weights are not exported.
        self._model = [model]
        self.options = options
        sample = torch.randn(1, 3, size, size)
        with torch.no_grad():
            folded = model.fold(options, sample)
            if folded is None:
                raise ValueError(
                    'heads with another norm_cfg than batch normalisation '
                    "can't be exported"
                )
            feats = folded.feats(sample)
        if len(feats) > 1:
            folded.heads = ProductHeads(folded.heads, feats)
        self.folded = folded

    def forward(self, crops: Tensor) -> Tensor:
        """Probabilities (B, S, S) of crops (B, 3, S, S), uint8."""
        (model,) = self._model
        patches = model.data_preprocessor.normalize(crops)
        return model.combined(self.folded(patches), self.options)

    def factors(self) -> dict[str, np.ndarray]:
        """By what norms have multiplied weights, by the names of these.

        Returns:
            dict[str, np.ndarray]: float32, as many axes as the weights have.
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
    """Export a network.

    Args:
        network (ExportedNetwork): The network.
        size (int): S, side of the crops in pixels.

    Returns:
        bytes: Content of an ONNX file whose batch may have any size.
    """
    crops = torch.zeros(2, 3, size, size, dtype=torch.uint8)
    content = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter warns of what it will be in later versions of torch.
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
    """Add what the model knows of itself, and halve its weights on request.

    Args:
        content (bytes): Content of an ONNX file.
        card (ModelCard): What is added.
        factors (Mapping[str, np.ndarray], optional): What
            :meth:`ExportedNetwork.factors` returned: the weights are stored in
            half precision. Defaults to None: they are not.

    Returns:
        bytes: Content of an ONNX file.

    Raises:
        ImportError: If the package onnx is not installed.
        ValueError: If a weight doesn't fit half precision.
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

    They are made single again, and multiplied by what the norms multiply them
    by, when the model is loaded. So weights that were trained or stored in
    half precision are the same, and it is computed in single precision.
    """
    graph, to_array = proto.graph, onnx.numpy_helper.to_array
    nodes, added = [], []
    for weight in graph.initializer:
        name, values = weight.name, to_array(weight)
        if values.dtype != np.float32 or values.size < FEW:
            continue
        half, single, factor = f'{name}_half', f'{name}_single', factors.get(name)
        if factor is not None:
            # A channel whose factor is 0 is 0 by that.
            values = values / np.where(factor == 0, 1, factor)
            added.append(onnx.numpy_helper.from_array(factor, f'{name}_factor'))
            nodes.append(
                onnx.helper.make_node('Mul', [single, f'{name}_factor'], [name])
            )
        halved = values.astype(np.float16)
        if not np.isfinite(halved).all():
            raise ValueError(f'{name} has values beyond half precision')
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
