"""A test loop that makes proxy masks, out of the config of a BoxCaseg."""

import json
import os
from collections.abc import Collection
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import is_cuda_available
from mmengine.runner.checkpoint import load_state_dict

from mmboxcaseg import __version__
from mmboxcaseg.annotations import BoxFile, CalibrationFile
from mmboxcaseg.annotations.output import digest_of_file
from mmboxcaseg.datasets import BoxPromptDataset
from mmboxcaseg.proxy_masks import MaskOptions

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
    if _short_type(dataset) != 'BoxPromptDataset':
        raise ValueError(
            f'{options.config}: test_dataloader.dataset.type is '
            f'{dataset.get("type")!r}; masks are made from boxes by a config '
            'that tests on a BoxPromptDataset'
        )
    cfg.test_dataloader.setdefault('batch_size', 1)
    asked = dict(
        crops_per_batch=options.crops_per_batch,
        precision=options.precision,
        merge_exponent=options.merge_exponent,
        flip=options.flip or None,
    )
    cfg.merge_from_dict(
        {
            f'model.test_cfg.{key}': value
            for key, value in asked.items()
            if value is not None
        }
    )
    if options.margins is not None:
        _set_step(
            cfg, options, '--margins', 'CropBoxes', dict(margins=list(options.margins))
        )
    if options.tighten:
        _set_step(cfg, options, '--tighten', 'CropBoxes', dict(grow=options.tighten))
    if options.stretch_16bit:
        _set_step(
            cfg,
            options,
            '--stretch-16bit',
            'LoadImageFromFile',
            dict(stretch_16bit=True),
        )
    return cfg


def _set_step(
    cfg: Config, options: MaskOptions, option: str, kind: str, values: dict[str, Any]
) -> None:
    """Give a step of the pipeline what an option asks for."""
    steps = [
        step
        for step in cfg.test_dataloader.dataset.pipeline
        if _short_type(step) == kind
    ]
    if not steps:
        raise ValueError(
            f'{options.config}: {option}, but the pipeline of '
            f'test_dataloader has no {kind}'
        )
    for step in steps:
        step.update(values)


def _short_type(config: Any) -> str:
    return str(config.get('type')).split('.')[-1]


def make_settings(
    cfg: Config,
    options: MaskOptions,
    boxes: BoxFile,
    calibration: CalibrationFile | None = None,
) -> dict[str, Any]:
    """What the output depends on, as json values.

    Batch sizes are among it: the last digits of the network's output depend
    on them. The number of processes is not, nor is any path.

    Args:
        cfg (Config): What :func:`prediction_config` returned.
        options (MaskOptions): The options.
        boxes (BoxFile): The boxes.
        calibration (CalibrationFile, optional): It tells the expected IoU.
            Defaults to None.

    Returns:
        dict: The settings.
    """
    config = cfg.to_dict()
    # The checkpoint replaces whatever weights init_cfg and pretrained name.
    model = _without_keys(config['model'], ('init_cfg', 'pretrained'))
    model_config = dict(
        model=model,
        pipeline=config['test_dataloader']['dataset']['pipeline'],
        images_per_batch=config['test_dataloader']['batch_size'],
        test_cfg=config.get('test_cfg'),
        custom_hooks=config.get('custom_hooks', []),
    )
    settings = dict(
        merge=options.merge,
        keep_masks=options.keep_masks,
        tighten=options.tighten is not None,
        segmentation='polygons' if options.polygons else 'rle',
        model_config=model_config,
        calibration=calibration and calibration.summary(),
        checkpoint_sha256=digest_of_file(options.checkpoint),
        annotations_sha256=boxes.digest,
        package_version=__version__,
    )
    return json.loads(json.dumps(settings, default=str))


def _without_keys(config: Any, keys: tuple[str, ...]) -> Any:
    """A copy of nested settings that leaves out some keys everywhere."""
    if isinstance(config, dict):
        return {
            key: _without_keys(value, keys)
            for key, value in config.items()
            if key not in keys
        }
    if isinstance(config, (list, tuple)):
        return [_without_keys(value, keys) for value in config]
    return config


class ProxyMaskRunner(QuietRunner):
    """A quiet runner with weights and data given."""

    WAYS_OUT = '--num-workers 0, or more of it: docker run --shm-size 2g'

    # Given by build_runner, before anything is loaded.
    checkpoint: dict[str, Any]

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
        self, dataset: BoxPromptDataset, done_ids: Collection[Any]
    ) -> int:
        """Take other test data than the config's.

        Args:
            dataset (BoxPromptDataset): The data set.
            done_ids (Collection): Ids of images that are done already.

        Returns:
            int: Number of images of this process.
        """
        cfg = dict(self._test_dataloader)
        cfg.pop('batch_sampler', None)
        # A function, for a data set would be copied with the settings.
        cfg['dataset'] = dict(type=lambda: dataset)
        cfg['sampler'] = dict(
            type='mmboxcaseg.BlockSampler', block=cfg['batch_size'], done_ids=done_ids
        )
        self._test_dataloader = self.build_dataloader(cfg, seed=self.seed)
        return len(self._test_dataloader.sampler)


def build_runner(
    cfg: Config, options: MaskOptions, checkpoint: dict[str, Any]
) -> ProxyMaskRunner:
    """Build the runner of a test loop that makes proxy masks.

    Args:
        cfg (Config): What :func:`prediction_config` returned, changed in
            place.
        options (MaskOptions): The options.
        checkpoint (dict): What :func:`read_checkpoint` returned.

    Returns:
        ProxyMaskRunner: The runner; see :func:`make_masks`.
    """
    loader = cfg.test_dataloader
    if options.num_workers is not None:
        loader.num_workers = options.num_workers
    cfg.test_evaluator = []
    cfg.test_cfg = cfg.get('test_cfg') or dict(type='TestLoop')
    cfg.load_from = options.checkpoint
    cfg.resume = False
    cfg.launcher = options.launcher
    cfg.work_dir = options.log_dir
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
        close_process_group()
