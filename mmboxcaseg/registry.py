"""Registries of the scope ``mmboxcaseg``, children of mmengine's root.

``locations`` makes ``type='mmboxcaseg.Name'`` resolve from any OpenMMLab
tool with nothing imported first.
"""
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

MODELS = Registry(
    'model',
    parent=MMENGINE_MODELS,
    scope='mmboxcaseg',
    locations=['mmboxcaseg.models'])
DATASETS = Registry(
    'dataset',
    parent=MMENGINE_DATASETS,
    scope='mmboxcaseg',
    locations=['mmboxcaseg.datasets'])
TRANSFORMS = Registry(
    'transform',
    parent=MMENGINE_TRANSFORMS,
    scope='mmboxcaseg',
    locations=['mmboxcaseg.datasets.transforms'])
HOOKS = Registry(
    'hook',
    parent=MMENGINE_HOOKS,
    scope='mmboxcaseg',
    locations=['mmboxcaseg.engine.hooks'])
METRICS = Registry(
    'metric',
    parent=MMENGINE_METRICS,
    scope='mmboxcaseg',
    locations=['mmboxcaseg.evaluation.metrics'])

__all__ = ['MODELS', 'DATASETS', 'TRANSFORMS', 'HOOKS', 'METRICS']
