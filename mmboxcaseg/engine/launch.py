"""A config and its runner, as the commands of training and testing need."""
import os.path as osp
from collections.abc import Sequence
from typing import Any

from mmengine.config import Config, DictAction
from mmengine.runner import Runner

from .dist import prepare_distributed


def parse_cfg_options(options: Sequence[str]) -> dict[str, Any]:
    """Turn ``KEY=VALUE`` strings into values by dotted key.

    Args:
        options (Sequence[str]): Such as ``'model.alpha=0.5'``; lists as
            ``key="[a,b]"`` or ``key=a,b``.

    Returns:
        dict: The values, converted as mmengine's own tools do.

    Raises:
        ValueError: If one has no ``=``.
    """
    import argparse
    for option in options:
        if '=' not in option:
            raise ValueError(f'--cfg-options takes KEY=VALUE, got {option!r}')
    parser = argparse.ArgumentParser()
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={})
    words = ['--cfg-options', *options] if options else []
    return parser.parse_args(words).cfg_options


def load_config(path: str,
                cfg_options: Sequence[str] = (),
                work_dir: str | None = None,
                launcher: str = 'none') -> Config:
    """Read a config and apply what a command line says.

    Args:
        path (str): Path of the config.
        cfg_options (Sequence[str]): See :func:`parse_cfg_options`. Defaults
            to ().
        work_dir (str, optional): Folder of logs and results. Defaults to
            None: the config's ``work_dir``, or else
            ``work_dirs/<name of the config>``.
        launcher (str): What started the processes of a distributed run.
            Defaults to ``'none'``.

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
    cfg.work_dir = (
        work_dir or cfg.get('work_dir') or osp.join('work_dirs', name))
    return cfg


def build_runner(cfg: Config) -> Runner:
    """Build the runner, also in several processes without a GPU.

    Args:
        cfg (Config): The final config.

    Returns:
        Runner: The runner.
    """
    prepare_distributed(cfg)
    return Runner.from_cfg(cfg)
