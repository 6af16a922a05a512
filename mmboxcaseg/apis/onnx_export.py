"""Exporting a trained BoxCaseg as an ONNX file, which needs no PyTorch."""

import os
import os.path as osp
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.config import Config
from torch.nn import functional as F

from mmboxcaseg import __version__
from mmboxcaseg.engine.launch import parse_cfg_options
from mmboxcaseg.models import BoxCaseg
from mmboxcaseg.models.segmentors.onnx_export import (
    OPSET,
    ExportedNetwork,
    onnx_content,
    with_card,
)
from mmboxcaseg.prediction import PredictOptions
from mmboxcaseg.prediction.onnx_model import ModelCard, OnnxNetwork
from mmboxcaseg.proxy_masks.settings import file_sha256, model_config, short_type

from .model import init_model

# Largest accepted difference between the probabilities of PyTorch and of the
# exported model, with weights in single and in half precision.
TOLERANCE, HALF_TOLERANCE = 1e-4, 0.05


@dataclass(frozen=True)
class OnnxReport:
    """The result of exporting a model.

    Attributes:
        path (str): Path of the ONNX file.
        size (int): Size of the file in bytes.
        opset (int): Version of ONNX's operator set that it needs.
        error (float): Largest difference found between its probabilities and
            those of PyTorch.
    """

    path: str
    size: int
    opset: int
    error: float

    def summary(self) -> str:
        """Summarize the result in a line of text."""
        return (
            f'{self.path}: {self.size / 1e6:.1f} MB, opset {self.opset}; '
            f'probabilities differ from PyTorch by {self.error:.1e} at most'
        )


def export_onnx(
    config: str,
    checkpoint: str,
    out: str,
    *,
    half: bool = False,
    cfg_options: Sequence[str] = (),
    allow_unsafe: bool = False,
) -> OnnxReport:
    """Export a model as ONNX, for ``boxcaseg masks --runtime onnx``.

    The file contains the network, including the normalisation. It takes a
    batch of crops of any size and returns probabilities. The settings of the
    config that masks depend on are in its metadata.

    Args:
        config (str): Path of the config of a BoxCaseg.
        checkpoint (str): Path of its checkpoint.
        out (str): Path of the file to write.
        half (bool): Whether weights are stored in half precision, so that the
            file has half the size. The network is computed in single
            precision in any case. Defaults to False.
        cfg_options (Sequence[str]): Settings that replace those of the
            config, as ``KEY=VALUE``. Defaults to ().
        allow_unsafe (bool): Whether the checkpoint may contain more than
            weights and plain values. Loading such a file can run any code.
            Defaults to False.

    Returns:
        OnnxReport: Path, size and accuracy of the file.

    Raises:
        FileNotFoundError: If a file does not exist.
        ImportError: If onnx or onnxruntime is not installed.
        ValueError: If the config is not that of a BoxCaseg that tests on box
            prompts, the checkpoint belongs to another model, the pipeline or
            a head can't be exported, or the probabilities differ too much
            from those of PyTorch.
    """
    for path in (config, checkpoint):
        if not osp.isfile(path):
            raise FileNotFoundError(f'no file {path}')
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(parse_cfg_options(cfg_options))
    card = _card(cfg, checkpoint)
    model = init_model(cfg, checkpoint, 'cpu', allow_unsafe=allow_unsafe)
    content, error = onnx_of(model, card, half)
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    partial = f'{out}.partial'
    with open(partial, 'wb') as file:
        file.write(content)
    os.replace(partial, out)
    return OnnxReport(out, len(content), OPSET, error)


def _card(cfg: Config, checkpoint: str) -> ModelCard:
    """Check a config and make the metadata of the exported model."""
    dataset = cfg.get('test_dataloader', {}).get('dataset', {})
    if (
        short_type(cfg.get('model', {})) != 'BoxCaseg'
        or short_type(dataset) != 'BoxPromptDataset'
    ):
        raise ValueError(
            f'{cfg.filename}: model.type is {cfg.get("model", {}).get("type")!r} and '
            f'test_dataloader.dataset.type is {dataset.get("type")!r}; only a '
            'BoxCaseg that tests on a BoxPromptDataset can be exported'
        )
    cfg.test_dataloader.setdefault('batch_size', 1)
    parts = model_config(cfg.to_dict())
    # Settings of the training are not needed, and they are long.
    parts['model'] = {
        key: value
        for key, value in parts['model'].items()
        if not key.startswith('loss_') and key != 'train_cfg'
    }
    card = ModelCard(parts, file_sha256(checkpoint), __version__)
    if card.steps and card.options.precision != 'fp32':
        raise ValueError(
            f'{cfg.filename}: model.test_cfg.precision is '
            f'{card.options.precision!r}, but an exported model computes in '
            'fp32; set it to fp32'
        )
    return card


def onnx_of(model: BoxCaseg, card: ModelCard, half: bool) -> tuple[bytes, float]:
    """Export a model in memory and compare it with the original.

    Args:
        model (BoxCaseg): Model in evaluation mode, on the CPU.
        card (ModelCard): Metadata for the file.
        half (bool): Whether weights are stored in half precision.

    Returns:
        tuple[bytes, float]: Content of the file; largest difference found
        between its probabilities and those of the model.

    Raises:
        ImportError: If onnx or onnxruntime is not installed.
        ValueError: If a head can't be exported, or the probabilities differ
            too much from those of the model.
    """
    size, options = card.steps.size, card.options
    network = ExportedNetwork(model, options, size)
    content = with_card(
        onnx_content(network, size),
        card,
        network.factors() if half else None,
    )
    error = difference(model, content, options, size)
    allowed = HALF_TOLERANCE if half else TOLERANCE
    if not error <= allowed:
        raise ValueError(
            'the exported model is not written, because its probabilities '
            f'differ from those of PyTorch by {error:.1e}, more than {allowed:g}'
        )
    return content, error


def difference(
    model: BoxCaseg, content: bytes, options: PredictOptions, size: int
) -> float:
    """Compare an exported model with the original on synthetic crops.

    Args:
        model (BoxCaseg): Model in evaluation mode, on the CPU.
        content (bytes): Content of the ONNX file.
        options (PredictOptions): Settings of the prediction; only ``head``
            matters here.
        size (int): Side of the crops in pixels.

    Returns:
        float: Largest difference between two probabilities, over batches of
        one and of three crops.
    """
    generator = torch.Generator().manual_seed(0)
    # Smooth crops resemble photos; plain noise looks the same everywhere.
    noise = torch.randn(4, model.channels, 8, 8, generator=generator)
    smooth = F.interpolate(noise, (size, size), mode='bicubic', align_corners=False)
    crops = (127 + 60 * smooth).clamp(0, 255).byte()
    exported = OnnxNetwork(content, 'the exported model', threads=1)
    found = np.concatenate([exported(x.numpy()) for x in crops.split((1, 3))])
    with torch.no_grad():
        patches = model.data_preprocessor.normalize(crops)
        expected = model.encode_decode(patches, options=options)
    return float(np.abs(found - expected.numpy()).max())
