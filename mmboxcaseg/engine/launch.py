"""Loading a config and building its runner, for training and testing."""

import os.path as osp
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mmengine.config import Config, DictAction
from mmengine.device import get_device

from mmboxcaseg.process import keep_freed_memory

from .dist import prepare_distributed

if TYPE_CHECKING:
    from .fitting_runner import FittingRunner

# Optimiser wrapper for each precision.
AMP_WRAPPERS = dict(bf16='BF16OptimWrapper', fp16='AmpOptimWrapper')


def parse_cfg_options(options: Sequence[str]) -> dict[str, Any]:
    """Turn ``KEY=VALUE`` strings into values by dotted key.

    Args:
        options (Sequence[str]): Settings such as ``'model.alpha=0.5'``; lists
            as ``key="[a,b]"`` or ``key=a,b``.

    Returns:
        dict: Values by dotted key, converted as in mmengine's own tools.

    Raises:
        ValueError: If an option has no ``=``.

    Example:
        >>> parse_cfg_options(['model.alpha=0.5', 'model.heads=[weak,salient]'])
        {'model.alpha': 0.5, 'model.heads': ['weak', 'salient']}
    """
    import argparse

    for option in options:
        if '=' not in option:
            raise ValueError(f'--cfg-options takes KEY=VALUE, got {option!r}')
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    words = ['--cfg-options', *options] if options else []
    return parser.parse_args(words).cfg_options


def load_config(
    path: str,
    cfg_options: Sequence[str] = (),
    work_dir: str | None = None,
    launcher: str = 'none',
) -> Config:
    """Read a config and apply the options of a command line.

    Args:
        path (str): Path of the config.
        cfg_options (Sequence[str]): Settings that replace those of the
            config, see :func:`parse_cfg_options`. Defaults to ().
        work_dir (str, optional): Folder for logs and results. Defaults to
            None: ``work_dir`` of the config, else ``work_dirs/<name of the
            config>``.
        launcher (str): Launcher of a distributed run: ``'none'``,
            ``'pytorch'``, ``'slurm'`` or ``'mpi'``. Defaults to ``'none'``.

    Returns:
        Config: The config, ready for :func:`build_runner`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an option has no ``=``.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(f'the config {path} does not exist')
    cfg = Config.fromfile(path)
    cfg.launcher = launcher
    cfg.merge_from_dict(parse_cfg_options(cfg_options))
    name = osp.splitext(osp.basename(path))[0]
    cfg.work_dir = work_dir or cfg.get('work_dir') or osp.join('work_dirs', name)
    return cfg


def build_runner(cfg: Config) -> 'FittingRunner':
    """Build the runner of a config, on several processes even without a GPU.

    Args:
        cfg (Config): The final config. It may be changed in place, see
            :func:`~mmboxcaseg.engine.prepare_distributed`.

    Returns:
        FittingRunner: The runner.

    Raises:
        KeyError: If an environment variable of the launcher is missing.
        ValueError: If the launcher needs a GPU and there is none.
    """
    # Imported here because it imports MMDetection, which takes seconds.
    from .fitting_runner import FittingRunner

    keep_freed_memory()
    prepare_distributed(cfg)
    return FittingRunner.from_cfg(cfg)


def use_amp(cfg: Config, precision: str) -> None:
    """Switch a config to mixed precision, in place.

    Args:
        cfg (Config): Config of a training.
        precision (str): Precision of forward passes, ``'bf16'`` or
            ``'fp16'``.

    Raises:
        ValueError: If fp16 is asked for without a GPU, or the config has
            another kind of optimiser wrapper.
    """
    kind = cfg.optim_wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', *AMP_WRAPPERS.values()):
        raise ValueError(
            f'--amp: optim_wrapper.type is {kind!r}; only OptimWrapper can be '
            f'switched to {AMP_WRAPPERS[precision]}, so set the type in the '
            'config'
        )
    if precision == 'fp16':
        if get_device() == 'cpu':
            raise ValueError(
                '--amp fp16 needs a GPU, but there is none; use --amp bf16, '
                'which needs none'
            )
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
        cfg.optim_wrapper.dtype = 'float16'
    cfg.optim_wrapper.type = AMP_WRAPPERS[precision]


def scale_lr(cfg: Config, config: str) -> None:
    """Scale the learning rate of a config with the batch size, in place.

    Args:
        cfg (Config): Config of a training.
        config (str): Path of the config, for the message.

    Raises:
        ValueError: If the config does not say for which batch size its
            learning rate is meant.
    """
    if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
        raise ValueError(
            f'--auto-scale-lr: {config} has no auto_scale_lr.base_batch_size, '
            'the number of samples per step that its learning rate is meant '
            'for; add it'
        )
    cfg.auto_scale_lr.enable = True


def draw_results(cfg: Config, config: str, show_dir: str) -> None:
    """Make the visualisation hook of a config draw the results, in place.

    Args:
        cfg (Config): Config of a test.
        config (str): Path of the config, for the message.
        show_dir (str): Folder for the pictures, below the folder of the run.

    Raises:
        ValueError: If the config has no visualisation hook.
    """
    hook = cfg.get('default_hooks', {}).get('visualization')
    if hook is None:
        raise ValueError(
            f'--show-dir: {config} has no default_hooks.visualization to draw '
            'with; add type="mmdet.DetVisualizationHook" for a detector'
        )
    hook.draw = True
    hook.test_out_dir = show_dir
