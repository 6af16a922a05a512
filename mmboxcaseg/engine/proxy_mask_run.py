"""Making proxy masks in the test loop of a BoxCaseg."""

import os
import sys
from collections.abc import Collection
from itertools import count
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import is_cuda_available
from mmengine.runner.checkpoint import load_state_dict

from mmboxcaseg.annotations import BoxFile, CalibrationFile
from mmboxcaseg.datasets import BoxPromptDataset
from mmboxcaseg.process import threads_of
from mmboxcaseg.proxy_masks import MaskOptions, Part
from mmboxcaseg.proxy_masks.settings import (
    apply_options,
    file_sha256,
    model_config,
    run_settings,
    short_type,
)

from .checkpoints import weights_of
from .dist import close_process_group, prepare_distributed
from .hooks import ProxyMaskHook
from .launch import parse_cfg_options
from .quiet_runner import QuietRunner
from .unwrapped import unwrapped

# Numbers of the runs of this process.
_NUMBERS = count(1)


def prediction_config(options: MaskOptions) -> Config:
    """Read the config of a run and apply the options that concern the model.

    Args:
        options (MaskOptions): Options of the run.

    Returns:
        Config: The config.

    Raises:
        ValueError: If the config does not test on box prompts, its pipeline
            does not support an option, or there is no such device.
    """
    if options.device == 'cpu':
        # CUDA reads the variable when it is initialised.
        os.environ['CUDA_VISIBLE_DEVICES'] = '-1'
    if options.device == 'cuda' and not is_cuda_available():
        raise ValueError('--device cuda: torch finds no GPU; leave the option out')
    cfg = Config.fromfile(options.config)
    cfg.merge_from_dict(parse_cfg_options(options.cfg_options))
    dataset = cfg.get('test_dataloader', {}).get('dataset', {})
    if short_type(dataset) != 'BoxPromptDataset':
        raise ValueError(
            f'{options.config}: test_dataloader.dataset.type is '
            f'{dataset.get("type")!r}; to make masks from boxes it must be '
            'BoxPromptDataset'
        )
    cfg.test_dataloader.setdefault('batch_size', 1)
    apply_options(cfg.model, cfg.test_dataloader.dataset.pipeline, options)
    return cfg


def make_settings(
    cfg: Config,
    options: MaskOptions,
    boxes: BoxFile,
    calibration: CalibrationFile | None = None,
) -> dict[str, Any]:
    """Collect the settings that the masks depend on, see :func:`run_settings`.

    Args:
        cfg (Config): Config from :func:`prediction_config`.
        options (MaskOptions): Options of the run.
        boxes (BoxFile): The boxes.
        calibration (CalibrationFile, optional): Calibration of the expected
            IoU. Defaults to None.

    Returns:
        dict: The settings, json values.
    """
    return run_settings(
        model_config(cfg.to_dict()),
        options,
        boxes,
        file_sha256(options.checkpoint),
        calibration,
    )


class ProxyMaskRunner(QuietRunner):
    """A :class:`QuietRunner` for weights and data that are in memory."""

    WAYS_OUT = 'use --num-workers 0, or give more: docker run --shm-size 2g'

    # Set by build_runner, before the weights are loaded.
    checkpoint: dict[str, Any]
    # Attribute of mmengine's runner: a data loader or its config.
    _test_dataloader: Any

    def load_checkpoint(self, filename: str, *args, **kwargs) -> dict[str, Any]:
        """Load the weights from memory.

        Args:
            filename (str): Path of the checkpoint, for the log.
            *args (Any): Not used.
            **kwargs (Any): Not used.

        Returns:
            dict: Content of the checkpoint.
        """
        self.call_hook('after_load_checkpoint', checkpoint=self.checkpoint)
        load_state_dict(
            unwrapped(self.model), weights_of(self.checkpoint), logger=self.logger
        )
        self._has_loaded = True
        self.logger.info(f'loaded {filename}')
        return self.checkpoint

    def load_test_data(
        self,
        dataset: BoxPromptDataset,
        done_ids: Collection[Any],
        part: Part | None = None,
    ) -> int:
        """Replace the test data of the config.

        Args:
            dataset (BoxPromptDataset): Data set with all images.
            done_ids (Collection): Ids of images that are done already.
            part (Part, optional): Part of the images for this process.
                Defaults to None: that of its rank in a distributed run.

        Returns:
            int: Number of images of this process.
        """
        cfg = dict(self._test_dataloader)
        cfg.pop('batch_sampler', None)
        # A function, since a data set would be copied with the config.
        cfg['dataset'] = dict(type=lambda: dataset)
        cfg['sampler'] = dict(
            type='mmboxcaseg.BlockSampler',
            block=cfg['batch_size'],
            done_ids=done_ids,
            part=part and (part.number, part.of),
        )
        self._test_dataloader = self.build_dataloader(cfg, seed=self.seed)
        return len(self._test_dataloader.sampler)


def build_runner(
    cfg: Config,
    options: MaskOptions,
    checkpoint: dict[str, Any],
    part: Part | None = None,
) -> ProxyMaskRunner:
    """Build the runner of a test loop that makes proxy masks.

    Args:
        cfg (Config): Config from :func:`prediction_config`, changed in place.
        options (MaskOptions): Options of the run.
        checkpoint (dict): Content of the checkpoint, from
            :func:`~mmboxcaseg.engine.read_checkpoint`.
        part (Part, optional): Part of the images for this process, if several
            processes share this machine (``--jobs``). Defaults to None.

    Returns:
        ProxyMaskRunner: The runner, for :func:`make_masks`.
    """
    loader = cfg.test_dataloader
    if options.num_workers is not None:
        loader.num_workers = options.num_workers
    if part is not None:
        _share_machine(cfg, options, part)
    cfg.test_evaluator = []
    cfg.test_cfg = cfg.get('test_cfg') or dict(type='TestLoop')
    cfg.load_from = options.checkpoint
    cfg.resume = False
    cfg.launcher = options.launcher
    cfg.work_dir = options.log_dir
    if part is not None and part.number:
        cfg.work_dir = os.path.join(options.log_dir, f'job_{part.number + 1}')
    cfg.verbose = options.verbose
    # Without a backend it writes no file of its own beside the log.
    cfg.visualizer = dict(type='Visualizer')
    # mmengine would let two runs that begin in the same second share a log.
    cfg.experiment_name = f'masks_{next(_NUMBERS)}'
    # The log of a run is complete, whatever the level in the config.
    cfg.log_level = 'INFO'
    cfg.merge_from_dict(
        dict(
            default_hooks=dict(
                # ProxyMaskHook shows the progress, in images and instances.
                logger=None
            ),
            env_cfg=dict(
                # It chooses algorithms by their speed, so the last digits of
                # the results would vary from run to run.
                cudnn_benchmark=False,
                # A process that is done may wait hours for the slowest one.
                dist_cfg=dict(timeout=24 * 3600),
            ),
        )
    )
    prepare_distributed(cfg)
    runner = ProxyMaskRunner.from_cfg(cfg)
    runner.checkpoint = checkpoint
    return runner


def start_method(fresh: bool) -> str:
    """Choose how multiprocessing starts the processes of a run.

    A forked process shares all data and imported modules. But it can't use
    CUDA or the threads of OpenMP if its parent has used them before.

    Args:
        fresh (bool): Whether torch was not imported when the run began.

    Returns:
        str: ``'fork'`` or ``'spawn'``.
    """
    forks = sys.platform == 'linux' and fresh and not is_cuda_available()
    return 'fork' if forks else 'spawn'


def _share_machine(cfg: Config, options: MaskOptions, part: Part) -> None:
    """Limit this process to its share of the machine's cores and memory."""
    threads = threads_of(part.of)
    if threads is not None:
        torch.set_num_threads(threads)
    if options.num_workers is None:
        # One process reads photos faster than one network processes them.
        cfg.test_dataloader.num_workers = min(cfg.test_dataloader.num_workers, 1)
    # FittingRunner divides the shared memory by it.
    os.environ['LOCAL_WORLD_SIZE'] = str(part.of)


def prompt_dataset(cfg: Config, boxes: BoxFile, img_dir: str) -> BoxPromptDataset:
    """Make the data set of a run from boxes and the pipeline of a config.

    Args:
        cfg (Config): Config of the runner.
        boxes (BoxFile): The boxes.
        img_dir (str): Folder of the photos.

    Returns:
        BoxPromptDataset: The data set. Photos that can't be used are skipped.
    """
    # Only the pipeline is used. The other settings of the config's data set
    # belong to other data.
    return BoxPromptDataset(
        boxes=boxes,
        data_prefix=dict(img=img_dir),
        pipeline=cfg.test_dataloader.dataset.pipeline,
        skip_unusable=True,
        test_mode=True,
    )


def make_masks(runner: ProxyMaskRunner, hook: ProxyMaskHook) -> None:
    """Run the test loop in this process.

    Args:
        runner (ProxyMaskRunner): Runner with its test data.
        hook (ProxyMaskHook): Hook that writes the masks.

    Raises:
        ValueError: If the checkpoint does not belong to the config.
        BadInputError: If the hook is strict and a photo can't be used.
        WorkerError: If a process that reads photos has died.
        MemoryError: If the GPU has not enough memory.
    """
    runner.register_hook(hook)
    try:
        runner.test()
    except torch.cuda.OutOfMemoryError as error:
        raise MemoryError(
            'the GPU has not enough memory; give a lower --crops-per-batch'
        ) from error
    finally:
        hook.stop()
        close_process_group()
