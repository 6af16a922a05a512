"""The Python API: make, score, review, draw and export masks, and train."""

from importlib import import_module
from typing import Any

from mmboxcaseg import process

# Imported eagerly, because its module of the same name would hide it.
from .default_model import default_model  # noqa: F401

# The module of each name. A module is imported when one of its names is first
# used, since most import torch, which takes seconds.
_HOMES = dict(
    BoxCasegInferencer='inferencer',
    CheckReport='check',
    DetectorOptions='detector',
    DetectorReport='detector',
    ExportOptions='export',
    ExportReport='export',
    InstanceMasks='instance_masks',
    MaskOptions='proxy_masks',
    TrainOptions='own_model',
    Verdict='own_model',
    OnnxReport='onnx_export',
    calibrate='calibration',
    check_boxes='check',
    draw_masks='draw',
    export_masks='export',
    export_onnx='onnx_export',
    init_model='model',
    make_proxy_masks='proxy_masks',
    make_report='report',
    score_heads='score',
    score_masks='score',
    score_predictor='score',
    train='own_model',
    train_detector='detector',
)
# Names that run a network in this process.
_NETWORKS = ('BoxCasegInferencer', 'init_model', 'score_heads')

__all__ = sorted([*_HOMES, 'default_model'])


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    if name in _NETWORKS:
        # This must precede the import of torch.
        process.prepare()
    return getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)
