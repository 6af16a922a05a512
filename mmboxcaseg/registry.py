"""Registries of the scope ``mmboxcaseg``, children of mmengine's root.

``locations`` makes ``type='mmboxcaseg.Name'`` resolve from any OpenMMLab
tool with nothing imported first.
"""

from mmengine import registry as root
from mmengine.registry import Registry

SCOPE = 'mmboxcaseg'


def _child(parent: Registry, *locations: str) -> Registry:
    """A registry of our scope, with the modules that fill it."""
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

# Nothing of ours is in these. They stand here so that mmengine finds a
# registry of the default scope wherever it looks and gives no warning.
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
