"""Running several processes on a machine without a GPU."""

import atexit
import datetime
import logging
import os
import time

import torch.distributed as torch_dist
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_distributed
from mmengine.logging import print_log


def prepare_distributed(cfg: Config) -> None:
    """Make a distributed run possible without a GPU.

    mmengine selects a CUDA device whatever the backend is, wraps the model
    with a device id, and converts batch norms to a kind that exists only on
    GPUs. So if ``cfg.launcher`` asks for several processes and there is no
    accelerator, this function starts the process group with gloo. It also
    changes the config: ``env_cfg.dist_cfg.backend`` becomes gloo, the model
    wrapper gets no device id, and ``sync_bn`` is removed, so that each process
    has its own batch statistics. Otherwise the function does nothing.

    Call it after ``cfg.launcher`` is set and before the runner is built.

    Args:
        cfg (Config): Config of the run, changed in place.

    Raises:
        ValueError: If there is no accelerator and the launcher is not
            ``'pytorch'``.
        KeyError: If an environment variable of the launcher is missing.
    """
    launcher = cfg.get('launcher', 'none')
    if launcher == 'none' or get_device() != 'cpu':
        return
    if launcher != 'pytorch':
        raise ValueError(
            f'launcher={launcher!r} needs a GPU in every process; without one '
            'start the processes with torchrun and --launcher pytorch'
        )
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT'):
        if name not in os.environ:
            raise KeyError(
                f'launcher="pytorch", but the environment has no {name}: '
                'start the processes with torchrun'
            )

    cfg.merge_from_dict({'env_cfg.dist_cfg.backend': 'gloo'})
    if not is_distributed():
        options = {}
        seconds = cfg.env_cfg.dist_cfg.get('timeout')
        if seconds is not None:
            options['timeout'] = datetime.timedelta(seconds=seconds)
        torch_dist.init_process_group(backend='gloo', **options)
        atexit.register(close_process_group)

    wrapper = cfg.get('model_wrapper_cfg')
    if wrapper is None:
        # The runner's own defaults, which it does not apply to a given wrapper.
        wrapper = dict(
            type='MMDistributedDataParallel',
            broadcast_buffers=False,
            find_unused_parameters=cfg.get('find_unused_parameters', False),
        )
        cfg.model_wrapper_cfg = wrapper
    cfg.model_wrapper_cfg['device_ids'] = None

    if cfg.get('sync_bn') is not None:
        print_log(
            f'sync_bn={cfg.sync_bn!r} needs GPUs: on the CPU each process '
            'normalises with the statistics of its own samples',
            logger='current',
            level=logging.WARNING,
        )
        cfg.sync_bn = None


def close_process_group() -> None:
    """End the process group if there is one.

    Otherwise gloo's threads may still run while the interpreter shuts down,
    and the process aborts after all work is done. DistributedDataParallel
    keeps the threads alive beyond the end of the group, so they also get a
    moment to release the tensors of the last operation.
    """
    if torch_dist.is_initialized():
        torch_dist.destroy_process_group()
        time.sleep(0.2)
