"""Training from a recipe: budget, runner, and export of the model."""

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
from mmboxcaseg.head_names import HEADS
from mmboxcaseg.models.segmentors.export import export_config, export_weights
from mmboxcaseg.progress import Steps
from mmboxcaseg.registry import MODELS

from .checkpoints import check_weights, read_checkpoint, weights_of
from .dist import prepare_distributed
from .hooks import SpeedHook, StepsHook
from .launch import parse_cfg_options
from .quiet_runner import QuietRunner

# Iterations to measure the speed, and the smallest number of a training.
PROBE, LEAST_ITERS = 14, 20


def recipe(name: str) -> Config:
    """Read a config of this repository.

    Args:
        name (str): Path of the config below ``configs/``.

    Returns:
        Config: The config.

    Raises:
        FileNotFoundError: If there is no such config, for example because
            this copy of the package has none.
    """
    package = Path(mmboxcaseg.__file__).resolve().parent
    places = [package / '.mim' / 'configs', package.parent / 'configs']
    found = [place / name for place in places if (place / name).is_file()]
    if not found:
        raise FileNotFoundError(
            f'no config {name} in {places[0]} or {places[1]}; install '
            'mmboxcaseg from its repository with pip install .'
        )
    return Config.fromfile(str(found[0]))


def apply_options(cfg: Config, cfg_options: Sequence[str]) -> None:
    """Replace settings of a config, in place.

    Args:
        cfg (Config): The config, changed in place.
        cfg_options (Sequence[str]): Settings as ``KEY=VALUE``, see
            :func:`~mmboxcaseg.engine.launch.parse_cfg_options`.

    Raises:
        ValueError: If an option has no ``=``.
    """
    cfg.merge_from_dict(parse_cfg_options(cfg_options))


def use_device(device: str | None) -> None:
    """Choose the device of this process, before torch looks for GPUs.

    Args:
        device (str | None): ``'cpu'`` or ``'cuda'``; None for a GPU if there
            is one.

    Raises:
        ValueError: If ``'cuda'`` is asked for, but there is no GPU.
    """
    if device == 'cpu':
        os.environ['CUDA_VISIBLE_DEVICES'] = '-1'
    if device == 'cuda' and not is_cuda_available():
        raise ValueError('--device cuda: torch finds no GPU; leave the option out')


def set_workers(cfg: Config, count: int | None) -> None:
    """Set the number of processes that read photos.

    Args:
        cfg (Config): Config of a training, changed in place.
        count (int | None): Number of processes of each data loader; None
            leaves the config unchanged.
    """
    if count is None:
        return
    for name in ('train', 'val', 'test'):
        loader = cfg.get(f'{name}_dataloader')
        if loader is not None:
            loader.num_workers = count
            loader.persistent_workers = count > 0


def leave_out_salient(cfg: Config) -> None:
    """Remove the salient images from a training, with the same batch size.

    Args:
        cfg (Config): Config of a BoxCaseg, changed in place.
    """
    loader = cfg.train_dataloader
    loader.dataset.salient = None
    loader.sampler.source_ratio = [loader.batch_size]


def match_heads(cfg: Config, checkpoint: dict[str, Any]) -> None:
    """Give the heads of a config the hidden channels of those in a checkpoint.

    Args:
        cfg (Config): Config of a BoxCaseg, changed in place.
        checkpoint (dict): Content of the checkpoint that the model starts from.
    """
    weights = weights_of(checkpoint)
    for name in HEADS:
        head = cfg.model.get(f'{name}_head')
        # The weights of the transferred head are made from those of the weak head.
        source = 'weak' if name == 'transferred' else name
        weight = weights.get(f'{source}_head.conv.weight')
        if head and weight is not None:
            head.channels = len(weight)


def set_iters(cfg: Config, iters: int, tenth: int | None = None) -> None:
    """Scale the schedule of a config to a number of iterations.

    The steps of the schedule move in proportion. Photos kept aside are scored,
    and a checkpoint is saved, after each tenth of the iterations.

    Args:
        cfg (Config): Config of a training by iterations, changed in place.
        iters (int): Number of iterations.
        tenth (int, optional): Number of iterations between two validations,
            if the config is only a part of a training. Defaults to None: a
            tenth of ``iters``.
    """
    old = cfg.train_cfg.max_iters
    tenth = tenth or max(iters // 10, 1)
    schedulers = cfg.param_scheduler
    for one in schedulers if isinstance(schedulers, list) else [schedulers]:
        for key in ('begin', 'end'):
            if key in one:
                one[key] = round(one[key] * iters / old)
        if 'end' in one:
            # A warm-up takes at least one iteration.
            one.end = max(one.end, one.get('begin', 0) + 1)
        if 'milestones' in one:
            one.milestones = [round(at * iters / old) for at in one.milestones]
    cfg.train_cfg.update(max_iters=iters, val_interval=tenth)
    cfg.default_hooks.checkpoint.interval = tenth
    if 'max_iters' in cfg:
        cfg.max_iters = iters


def seconds_per_iter(cfg: Config, work_dir: str) -> float:
    """Measure the time of an iteration in a short training.

    Args:
        cfg (Config): Config of a training. It is not changed.
        work_dir (str): Folder for the log. It is removed at the end.

    Returns:
        float: Mean time of an iteration in seconds.

    Raises:
        WorkerError: If a process that reads photos has died.
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
        _end_workers(runner)
        shutil.rmtree(work_dir, ignore_errors=True)
    return speed.seconds


def train(
    cfg: Config,
    on_scores: Callable[[int, dict[str, float]], None] | None = None,
    before: int = 0,
    total: int | None = None,
) -> str:
    """Train, or resume a training that was stopped.

    Args:
        cfg (Config): Config of the training. If its ``work_dir`` has a
            checkpoint, the training is resumed from it.
        on_scores (Callable, optional): Function that is called with the
            number of iterations and the scores of each validation. Defaults
            to None.
        before (int): Iterations of earlier rounds, which progress and scores
            count too. Defaults to 0.
        total (int, optional): Number of iterations of all rounds. Defaults to
            None: this is the last one.

    Returns:
        str: Path of the last checkpoint.

    Raises:
        WorkerError: If a process that reads photos has died.
        MemoryError: If the GPU has not enough memory.
    """
    cfg = copy.deepcopy(cfg)
    last = osp.join(cfg.work_dir, 'last_checkpoint')
    done = 0
    if osp.isfile(last):
        cfg.resume, cfg.load_from = True, None
        done = iters_of(last_checkpoint(cfg.work_dir))
    prepare_distributed(cfg)
    runner = QuietRunner.from_cfg(cfg)
    total = total or before + cfg.train_cfg.max_iters
    with Steps(total, before + done) as steps:
        runner.register_hook(StepsHook(steps, on_scores, before))
        try:
            runner.train()
        except torch.cuda.OutOfMemoryError as error:
            raise MemoryError(
                'the GPU has not enough memory; use smaller batches, for example '
                'with --cfg-options train_dataloader.batch_size=8'
            ) from error
        finally:
            _end_workers(runner)
    return last_checkpoint(cfg.work_dir)


def _end_workers(runner: QuietRunner) -> None:
    """End the processes that read photos.

    If they are left to the garbage collector, it waits for each of them for up
    to five seconds: the queue that would tell them to end is collected with them.
    """
    for loop in (runner._train_loop, runner._val_loop):
        # Not built yet, a loop is a dict.
        loader = getattr(loop, 'dataloader', None)
        iterator = getattr(loader, '_iterator', None)
        if hasattr(iterator, '_shutdown_workers'):
            iterator._shutdown_workers()
            loader._iterator = None


def last_checkpoint(work_dir: str) -> str:
    """Find the last checkpoint of a training.

    Args:
        work_dir (str): Folder of the training.

    Returns:
        str: Path of the checkpoint.

    Raises:
        FileNotFoundError: If the folder has no checkpoint.
    """
    with open(osp.join(work_dir, 'last_checkpoint'), encoding='utf-8') as file:
        # The folder may have been moved since.
        return osp.join(work_dir, osp.basename(file.read().strip()))


def iters_of(checkpoint: str) -> int:
    """Read the number of iterations from the name of a checkpoint.

    Args:
        checkpoint (str): Path of the checkpoint.

    Returns:
        int: Number of iterations.

    Example:
        >>> iters_of('work_dirs/iter_2000.pth')
        2000
    """
    return int(osp.splitext(osp.basename(checkpoint))[0].rpartition('_')[2])


def export_model(cfg: Config, weights: dict[str, Any], name: str) -> None:
    """Write the config and the weights that prediction needs.

    Args:
        cfg (Config): Config of the training.
        weights (dict): Content of a checkpoint of its model.
        name (str): Path of the two files, without ``.py`` and ``.pth``.

    Raises:
        OSError: If a file can't be written.
        ValueError: If the weights belong to another model.
    """
    trained = MODELS.build(_without_init(cfg.model))
    check_weights(trained, weights)
    load_state_dict(trained, weights_of(weights))
    exported_cfg = export_config(cfg)
    exported = MODELS.build(exported_cfg.model)
    torch.save(dict(state_dict=export_weights(trained, exported)), f'{name}.pth.part')
    exported_cfg.dump(f'{name}.py')
    # Renamed last: with the checkpoint in place the model is complete.
    os.replace(f'{name}.pth.part', f'{name}.pth')


def _without_init(model: Config) -> Config:
    model = copy.deepcopy(model)
    model.backbone.init_cfg = None
    return model


__all__ = [
    'apply_options',
    'export_model',
    'iters_of',
    'last_checkpoint',
    'leave_out_salient',
    'match_heads',
    'read_checkpoint',
    'recipe',
    'seconds_per_iter',
    'set_iters',
    'set_workers',
    'train',
    'use_device',
]
