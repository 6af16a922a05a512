"""Trainings out of a recipe: budget, runner, what is left at the end."""

import copy
import os
import os.path as osp
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import is_cuda_available
from mmengine.runner.checkpoint import load_state_dict

import mmboxcaseg
from mmboxcaseg.models.segmentors.export import export_config, export_weights
from mmboxcaseg.progress import Steps
from mmboxcaseg.registry import MODELS

from .checkpoints import check_weights, read_checkpoint, weights_of
from .dist import prepare_distributed
from .hooks import SpeedHook, StepsHook
from .launch import parse_cfg_options
from .quiet_runner import QuietRunner

# Iterations by which the speed is told, and the fewest of a training.
PROBE, LEAST_ITERS = 14, 20


def recipe(name: str) -> Config:
    """Read a config of this repository.

    Args:
        name (str): Its path below ``configs/``.

    Returns:
        Config: The config.

    Raises:
        FileNotFoundError: If this copy of the package came without configs.
    """
    package = Path(mmboxcaseg.__file__).resolve().parent
    places = [package / '.mim' / 'configs', package.parent / 'configs']
    found = [place / name for place in places if (place / name).is_file()]
    if not found:
        raise FileNotFoundError(
            f'no config {name} in {places[0]} or {places[1]}; install '
            'mmboxcaseg from its repository, by pip install .'
        )
    return Config.fromfile(str(found[0]))


def apply_options(cfg: Config, cfg_options: Sequence[str]) -> None:
    """Replace settings of a config, in place.

    Args:
        cfg (Config): The config.
        cfg_options (Sequence[str]): ``KEY=VALUE``, see
            :func:`parse_cfg_options`.

    Raises:
        ValueError: If an option has no ``=``.
    """
    cfg.merge_from_dict(parse_cfg_options(cfg_options))


def use_device(device: str | None) -> None:
    """Make a device the one that is used, before torch looks for one.

    Args:
        device (str, optional): ``'cpu'`` or ``'cuda'``; None: a GPU if there
            is one.

    Raises:
        ValueError: If it is not there.
    """
    if device == 'cpu':
        os.environ['CUDA_VISIBLE_DEVICES'] = '-1'
    if device == 'cuda' and not is_cuda_available():
        raise ValueError('--device cuda: torch finds no GPU')


def set_workers(cfg: Config, count: int | None) -> None:
    """Set how many processes read photos, in place.

    Args:
        cfg (Config): Config of a training.
        count (int, optional): How many; None: as it says.
    """
    if count is None:
        return
    for name in ('train', 'val', 'test'):
        loader = cfg.get(f'{name}_dataloader')
        if loader is not None:
            loader.num_workers = count
            loader.persistent_workers = count > 0


def leave_out_salient(cfg: Config) -> None:
    """Train on boxes alone, in batches as large as before, in place.

    Args:
        cfg (Config): Config of a BoxCaseg.
    """
    loader = cfg.train_dataloader
    loader.dataset.salient = None
    loader.sampler.source_ratio = [loader.batch_size]


def set_iters(cfg: Config, iters: int) -> None:
    """Fit the schedule of a config to a number of iterations, in place.

    Everything that the recipe says in iterations keeps its share; photos kept
    aside are scored after each tenth.

    Args:
        cfg (Config): Config of a training by iterations.
        iters (int): How many.
    """
    old = cfg.train_cfg.max_iters
    tenth = max(iters // 10, 1)
    schedulers = cfg.param_scheduler
    for one in schedulers if isinstance(schedulers, list) else [schedulers]:
        for key in ('begin', 'end'):
            if key in one:
                one[key] = round(one[key] * iters / old)
        if 'end' in one:
            # Of a warm-up of less than an iteration.
            one.end = max(one.end, one.get('begin', 0) + 1)
        if 'milestones' in one:
            one.milestones = [round(at * iters / old) for at in one.milestones]
    cfg.train_cfg.update(max_iters=iters, val_interval=tenth)
    cfg.default_hooks.checkpoint.interval = tenth
    if 'max_iters' in cfg:
        cfg.max_iters = iters


def seconds_per_iter(cfg: Config, work_dir: str) -> float:
    """How long an iteration takes here, by training for a moment.

    Args:
        cfg (Config): Config of a training; it is not changed.
        work_dir (str): Folder for the log; it is removed.

    Returns:
        float: Seconds.
    """
    cfg = copy.deepcopy(cfg)
    cfg.work_dir = work_dir
    cfg.merge_from_dict(
        dict(
            experiment_name='speed',
            train_cfg=dict(max_iters=PROBE, val_interval=PROBE + 1),
            default_hooks=dict(checkpoint=None, logger=None),
        )
    )
    speed = SpeedHook()
    runner = QuietRunner.from_cfg(cfg)
    runner.register_hook(speed)
    try:
        runner.train()
    finally:
        shutil.rmtree(work_dir, ignore_errors=True)
    return speed.seconds


def train(
    cfg: Config,
    on_scores: Callable[[int, dict[str, float]], None] | None = None,
) -> str:
    """Train, or go on with a training that was stopped.

    Args:
        cfg (Config): Config with its ``work_dir``; what is in it is gone on
            with.
        on_scores (Callable, optional): See :class:`StepsHook`. Defaults to
            None.

    Returns:
        str: Path of the last checkpoint.

    Raises:
        WorkerError: If a process that reads photos has died.
        MemoryError: If the GPU's memory is short.
    """
    cfg = copy.deepcopy(cfg)
    last = osp.join(cfg.work_dir, 'last_checkpoint')
    done = 0
    if osp.isfile(last):
        cfg.resume, cfg.load_from = True, None
        done = iters_of(last_checkpoint(cfg.work_dir))
    prepare_distributed(cfg)
    runner = QuietRunner.from_cfg(cfg)
    total = cfg.train_cfg.max_iters
    with Steps(total, done) as steps:
        runner.register_hook(StepsHook(steps, on_scores))
        try:
            runner.train()
        except torch.cuda.OutOfMemoryError as error:
            raise MemoryError(
                'the memory of the GPU is short; give a smaller batch, as by '
                '--cfg-options train_dataloader.batch_size=8'
            ) from error
    return last_checkpoint(cfg.work_dir)


def last_checkpoint(work_dir: str) -> str:
    """Path of the last checkpoint of a folder."""
    with open(osp.join(work_dir, 'last_checkpoint'), encoding='utf-8') as file:
        # The folder may have been moved since.
        return osp.join(work_dir, osp.basename(file.read().strip()))


def iters_of(checkpoint: str) -> int:
    """Iterations of a checkpoint, by its name."""
    return int(osp.splitext(osp.basename(checkpoint))[0].rpartition('_')[2])


def export_model(cfg: Config, weights: dict[str, Any], name: str) -> None:
    """Write config and weights for prediction alone.

    Args:
        cfg (Config): Config of the training.
        weights (dict): Content of a checkpoint of its model.
        name (str): Path of the two files, without ``.py`` and ``.pth``.

    Raises:
        ValueError: If the weights are not of this model.
    """
    trained = MODELS.build(_without_init(cfg.model))
    check_weights(trained, weights)
    load_state_dict(trained, weights_of(weights))
    exported_cfg = export_config(cfg)
    exported = MODELS.build(exported_cfg.model)
    torch.save(dict(state_dict=export_weights(trained, exported)), f'{name}.pth.part')
    exported_cfg.dump(f'{name}.py')
    # Only when all is there is it taken for a model.
    os.replace(f'{name}.pth.part', f'{name}.pth')


def _without_init(model: Config) -> Config:
    model = copy.deepcopy(model)
    model.backbone.init_cfg = None
    return model


__all__ = [
    'export_model',
    'iters_of',
    'last_checkpoint',
    'read_checkpoint',
    'recipe',
    'seconds_per_iter',
    'set_iters',
    'set_workers',
    'train',
    'use_device',
]
