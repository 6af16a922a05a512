"""Registries of the scope ``mmboxcaseg``, children of mmengine's root.

Thanks to ``locations``, any OpenMMLab tool resolves ``type='mmboxcaseg.Name'``
without importing this package first.
"""

from mmengine import registry as root
from mmengine.registry import Registry

SCOPE = 'mmboxcaseg'


def _child(parent: Registry, *locations: str) -> Registry:
    """Make a registry of our scope that imports its modules when it is used."""
    return Registry(
        parent.name,
        parent=parent,
        scope=SCOPE,
        locations=[f'{SCOPE}.{location}' for location in locations],
    )


MODELS = _child(root.MODELS, 'models')
DATASETS = _child(root.DATASETS, 'datasets')
DATA_SAMPLERS = _child(root.DATA_SAMPLERS, 'datasets.samplers')
TRANSFORMS = _child(root.TRANSFORMS, 'datasets.transforms')
HOOKS = _child(root.HOOKS, 'engine.hooks')
METRICS = _child(root.METRICS, 'evaluation.metrics')
OPTIM_WRAPPERS = _child(root.OPTIM_WRAPPERS, 'engine')
LOOPS = _child(root.LOOPS, 'engine.heads_loop')

# These registries stay empty. Without them mmengine would warn that the
# default scope has no such registry.
for _parent in (
    root.EVALUATOR,
    root.FUNCTIONS,
    root.LOG_PROCESSORS,
    root.MODEL_WRAPPERS,
    root.OPTIM_WRAPPER_CONSTRUCTORS,
    root.OPTIMIZERS,
    root.PARAM_SCHEDULERS,
    root.RUNNERS,
    root.VISBACKENDS,
    root.VISUALIZERS,
    root.WEIGHT_INITIALIZERS,
):
    _child(_parent)

__all__ = [
    'MODELS',
    'DATASETS',
    'DATA_SAMPLERS',
    'TRANSFORMS',
    'HOOKS',
    'METRICS',
    'OPTIM_WRAPPERS',
    'LOOPS',
]
