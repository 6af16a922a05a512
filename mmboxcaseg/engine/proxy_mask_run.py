"""A test loop that makes proxy masks, out of the config of a BoxCaseg."""

import os
import sys
from collections.abc import Collection
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


def prediction_config(options: MaskOptions) -> Config:
    """Read the config and apply what the options say about the model.

    Args:
        options (MaskOptions): The options.

    Returns:
        Config: The config.

    Raises:
        ValueError: If it is not a config of box prompts, its pipeline can't
            do what is asked, or the device is not there.
    """
    if options.device == 'cpu':
        # Read when CUDA starts, so it must be set before torch looks.
        os.environ['CUDA_VISIBLE_DEVICES'] = '-1'
    if options.device == 'cuda' and not is_cuda_available():
        raise ValueError('--device cuda: torch finds no GPU')
    cfg = Config.fromfile(options.config)
    cfg.merge_from_dict(parse_cfg_options(options.cfg_options))
    dataset = cfg.get('test_dataloader', {}).get('dataset', {})
    if short_type(dataset) != 'BoxPromptDataset':
        raise ValueError(
            f'{options.config}: test_dataloader.dataset.type is '
            f'{dataset.get("type")!r}; masks are made from boxes by a config '
            'that tests on a BoxPromptDataset'
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
    """What the output depends on, see :func:`run_settings`.

    Args:
        cfg (Config): What :func:`prediction_config` returned.
        options (MaskOptions): The options.
        boxes (BoxFile): The boxes.
        calibration (CalibrationFile, optional): It tells the expected IoU.
            Defaults to None.

    Returns:
        dict: The settings.
    """
    return run_settings(
        model_config(cfg.to_dict()),
        options,
        boxes,
        file_sha256(options.checkpoint),
        calibration,
    )


class ProxyMaskRunner(QuietRunner):
    """A quiet runner with weights and data given."""

    WAYS_OUT = '--num-workers 0, or more of it: docker run --shm-size 2g'

    # Given by build_runner, before anything is loaded.
    checkpoint: dict[str, Any]
    # Of mmengine's runner: a loader, or the config of one.
    _test_dataloader: Any

    def load_checkpoint(self, filename: str, *args, **kwargs) -> dict[str, Any]:
        """Load the weights that have been read already.

        Args:
            filename (str): Path of the checkpoint, for the log.
            *args: Not used: how another checkpoint would be read.
            **kwargs: Not used either.

        Returns:
            dict: The checkpoint.
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
        """Take other test data than the config's.

        Args:
            dataset (BoxPromptDataset): The data set.
            done_ids (Collection): Ids of images that are done already.
            part (Part, optional): Only this part of them. Defaults to None:
                that of this process in a distributed run.

        Returns:
            int: Number of images of this process.
        """
        cfg = dict(self._test_dataloader)
        cfg.pop('batch_sampler', None)
        # A function, for a data set would be copied with the settings.
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
        cfg (Config): What :func:`prediction_config` returned, changed in
            place.
        options (MaskOptions): The options.
        checkpoint (dict): What :func:`read_checkpoint` returned.
        part (Part, optional): The part that this process makes, beside others
            on this machine. Defaults to None: there are none that
            ``launcher`` has not started.

    Returns:
        ProxyMaskRunner: The runner; see :func:`make_masks`.
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
    # Whatever the config shows in training, the log of a run is whole.
    cfg.log_level = 'INFO'
    cfg.merge_from_dict(
        dict(
            default_hooks=dict(
                # ProxyMaskHook tells the progress, in images and instances.
                logger=None
            ),
            env_cfg=dict(
                # It picks algorithms by the clock; their last digits differ.
                cudnn_benchmark=False,
                # A process that is done waits for the slowest, for hours if
                # need be.
                dist_cfg=dict(timeout=24 * 3600),
            ),
        )
    )
    prepare_distributed(cfg)
    runner = ProxyMaskRunner.from_cfg(cfg)
    runner.checkpoint = checkpoint
    return runner


def start_method(fresh: bool) -> str:
    """How processes of one run are started, for multiprocessing.

    A fork has all that was read and imported, and shares it. It can't use
    CUDA or the threads of OpenMP where these were in use before.

    Args:
        fresh (bool): Whether torch has not been imported before the run.

    Returns:
        str: ``'fork'`` or ``'spawn'``.
    """
    forks = sys.platform == 'linux' and fresh and not is_cuda_available()
    return 'fork' if forks else 'spawn'


def _share_machine(cfg: Config, options: MaskOptions, part: Part) -> None:
    """Leave the other processes of this machine their cores and memory."""
    threads = threads_of(part.of)
    if threads is not None:
        torch.set_num_threads(threads)
    if options.num_workers is None:
        # One reads faster than one network computes.
        cfg.test_dataloader.num_workers = min(cfg.test_dataloader.num_workers, 1)
    # By which a runner divides shared memory.
    os.environ['LOCAL_WORLD_SIZE'] = str(part.of)


def prompt_dataset(cfg: Config, boxes: BoxFile, img_dir: str) -> BoxPromptDataset:
    """The data set of a run: the given boxes in the config's pipeline.

    Args:
        cfg (Config): Config of the runner.
        boxes (BoxFile): The boxes.
        img_dir (str): Folder of the images.

    Returns:
        BoxPromptDataset: Photos that can't be used are told, not raised.
    """
    # Only the pipeline: whatever else the data set of the config has belongs
    # to the data it was written for.
    return BoxPromptDataset(
        boxes=boxes,
        data_prefix=dict(img=img_dir),
        pipeline=cfg.test_dataloader.dataset.pipeline,
        skip_unusable=True,
        test_mode=True,
    )


def make_masks(runner: ProxyMaskRunner, hook: ProxyMaskHook) -> None:
    """Run the test loop in this process, one of several or alone.

    Args:
        runner (ProxyMaskRunner): With its test data.
        hook (ProxyMaskHook): It writes the masks.

    Raises:
        ValueError: If the checkpoint does not belong to the config.
        BadInputError: If the hook is strict and a photo can't be used.
        WorkerError: If a process that reads photos has died.
        MemoryError: If the GPU's memory is short.
    """
    runner.register_hook(hook)
    try:
        runner.test()
    except torch.cuda.OutOfMemoryError as error:
        raise MemoryError(
            'the memory of the GPU is short; give a lower --crops-per-batch'
        ) from error
    finally:
        hook.stop()
        close_process_group()
