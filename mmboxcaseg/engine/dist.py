"""Several processes on a machine without an accelerator."""

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
    """Make a distributed run possible without a GPU; else do nothing.

    mmengine's own start-up selects a CUDA device whatever the backend, wraps
    the model with a device id, and converts to a batch norm that exists on
    GPUs only. So where ``cfg.launcher`` asks for several processes and there
    is no accelerator, this starts the process group (gloo) before the runner
    is built, and changes ``cfg`` in place: ``env_cfg.dist_cfg.backend``
    becomes gloo, the model is wrapped without a device id, and ``sync_bn`` is
    dropped (each process then keeps its own batch statistics).

    Call it after ``cfg.launcher`` is set and before the runner is built.

    Args:
        cfg (Config): Config of the run, changed in place.

    Raises:
        ValueError: If the launcher is not ``'pytorch'``.
        KeyError: If the launcher did not set an environment variable.
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
        # The runner's own defaults, which it leaves out for a given wrapper.
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
    """End the process group, unless it has been ended already.

    Left to the interpreter's own end, gloo's threads may still run when what
    holds them is taken down; the process then aborts after all work is done.
    DistributedDataParallel keeps them beyond the group's end, so they also
    get a moment to let go of the tensors of the last operation.
    """
    if torch_dist.is_initialized():
        torch_dist.destroy_process_group()
        time.sleep(0.2)
