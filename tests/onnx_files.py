"""Exported models for tests."""

from pathlib import Path

import numpy as np
from proxy_run import write_model

from mmboxcaseg.prediction.onnx_model import ModelCard


def card(size: int = 32, **model) -> ModelCard:
    """A card of a model of three heads."""
    names = ('weak_head', 'salient_head', 'transferred_head')
    heads = dict.fromkeys(names, dict(type='SegmentationHead'))
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='CropBoxes', size=size),
        dict(type='PackBoxPrompts'),
    ]
    parts = dict(model={**heads, **model}, pipeline=pipeline, images_per_batch=2)
    return ModelCard(parts, '0' * 64, '1.0')


def crops(count: int, size: int, seed: int = 0) -> np.ndarray:
    """Crops of noise, (count, 3, size, size) uint8."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 3, size, size), dtype=np.uint8)


def write_exported(folder: Path) -> str:
    """``config.py``, ``model.pth`` and the path of ``model.onnx``."""
    from mmboxcaseg.apis import export_onnx

    write_model(folder)
    paths = [str(folder / name) for name in ('config.py', 'model.pth', 'model.onnx')]
    return export_onnx(*paths).path
