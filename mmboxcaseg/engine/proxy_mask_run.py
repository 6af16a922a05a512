"""A test loop that makes proxy masks, out of the config of a BoxCaseg."""
import hashlib
import json
import os
import os.path as osp
from dataclasses import dataclass, field
from typing import Any, Dict, Optional, Sequence, Tuple

from mmengine.config import Config
from mmengine.device import is_cuda_available
from mmengine.runner import Runner

from mmboxcaseg import __version__, proxy_masks
from mmboxcaseg.annotations.read import content_hash
from .checkpoints import WEIGHTS_ONLY
from .dist import close_process_group, prepare_distributed


@dataclass
class ProxyMaskOptions:
    """How masks are made, apart from the data.

    Attributes:
        config (str): Path of the config of a BoxCaseg model.
        checkpoint (str): Path of its weights.
        allow_unsafe (bool): See :func:`read_checkpoint`.
        cfg_options (dict): Config values to override, by dotted key.
        merge (bool): See :class:`ProxyMaskHook`.
        polygons (bool): See :class:`ProxyMaskHook`.
        strict (bool): See :class:`ProxyMaskHook`.
        crops_per_batch (int, optional): See :class:`BoxCaseg`, as of
            ``precision`` and ``flip``. None here: as in the config.
        precision (str, optional): Likewise.
        flip (bool): Likewise; False: as in the config.
        margins (Sequence[float], optional): See :class:`CropBoxes`. None: as
            in the config.
        num_workers (int, optional): Processes that read images. None: as in
            the config.
        device (str, optional): ``'cpu'`` or ``'cuda'``. None: a GPU if there
            is one.
        launcher (str): What started the processes.
        work_dir (str, optional): Folder of the logs. None: named after the
            config.
    """
    config: str
    checkpoint: str
    allow_unsafe: bool = False
    cfg_options: Dict[str, Any] = field(default_factory=dict)
    merge: bool = True
    polygons: bool = False
    strict: bool = False
    crops_per_batch: Optional[int] = None
    precision: Optional[str] = None
    flip: bool = False
    margins: Optional[Sequence[float]] = None
    num_workers: Optional[int] = None
    device: Optional[str] = None
    launcher: str = 'none'
    work_dir: Optional[str] = None


def load_config(options: ProxyMaskOptions) -> Config:
    """Read the config and apply what the options say about the model.

    Args:
        options (ProxyMaskOptions): The options.

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
    cfg.merge_from_dict(options.cfg_options)
    dataset = cfg.get('test_dataloader', {}).get('dataset', {})
    if _short_type(dataset) != 'BoxPromptDataset':
        raise ValueError(
            f'{options.config}: test_dataloader.dataset.type is '
            f'{dataset.get("type")!r}; masks are made from boxes by a config '
            'that tests on a BoxPromptDataset')
    cfg.test_dataloader.setdefault('batch_size', 1)
    asked = dict(
        crops_per_batch=options.crops_per_batch,
        precision=options.precision,
        flip=options.flip or None)
    cfg.merge_from_dict({
        f'model.test_cfg.{key}': value
        for key, value in asked.items() if value is not None
    })
    if options.margins is not None:
        steps = [
            step for step in dataset.pipeline
            if _short_type(step) == 'CropBoxes'
        ]
        if not steps:
            raise ValueError(f'{options.config}: --margins, but the pipeline '
                             'of test_dataloader has no CropBoxes')
        for step in steps:
            step.margins = list(options.margins)
    return cfg


def _short_type(config: Any) -> str:
    return str(config.get('type')).split('.')[-1]


def make_settings(cfg: Config, options: ProxyMaskOptions,
                  data: Dict[str, Any]) -> Dict[str, Any]:
    """What the output depends on, as json values.

    Batch sizes are among it: the last digits of the network's output depend
    on them. The number of processes is not, nor is any path.

    Args:
        cfg (Config): What :func:`load_config` returned.
        options (ProxyMaskOptions): The options.
        data (dict): The boxes, a COCO dictionary.

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
        custom_hooks=config.get('custom_hooks', []))
    settings = dict(
        segmentation='polygons' if options.polygons else 'rle',
        model_config=model_config,
        checkpoint_sha256=_sha256(options.checkpoint),
        annotations_sha256=content_hash(data),
        package_version=__version__)
    return json.loads(json.dumps(settings, default=str))


def _without_keys(config: Any, keys: Tuple[str, ...]) -> Any:
    """A copy of nested settings that leaves out some keys everywhere."""
    if isinstance(config, dict):
        return {
            key: _without_keys(value, keys)
            for key, value in config.items() if key not in keys
        }
    if isinstance(config, (list, tuple)):
        return [_without_keys(value, keys) for value in config]
    return config


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(2**20), b''):
            digest.update(block)
    return digest.hexdigest()


def set_up_run(cfg: Config, options: ProxyMaskOptions, img_dir: str,
               hook: Dict[str, Any]) -> None:
    """Turn a config of the test loop into one that makes proxy masks.

    Args:
        cfg (Config): What :func:`load_config` returned, changed in place.
        options (ProxyMaskOptions): The options.
        img_dir (str): Folder of the images.
        hook (dict): Arguments of :class:`ProxyMaskHook` that tell the files,
            the settings and whether to resume.
    """
    loader = cfg.test_dataloader
    # Only the type and the pipeline: whatever else the dataset of the config
    # has belongs to the data it was written for.
    loader.dataset = dict(
        type=loader.dataset.type,
        ann_file=hook['ann_file'],
        data_prefix=dict(img=img_dir),
        pipeline=loader.dataset.pipeline,
        skip_unusable=True,
        test_mode=True)
    loader.pop('batch_sampler', None)
    done_ids = proxy_masks.done_image_ids(
        proxy_masks.shard_dir(hook['out_file'])) if hook['resume'] else ()
    loader.sampler = dict(
        type='BlockSampler', block=loader.batch_size, done_ids=list(done_ids))
    if options.num_workers is not None:
        loader.num_workers = options.num_workers
    if not loader.get('num_workers'):
        loader.persistent_workers = False
    cfg.test_evaluator = []
    cfg.test_cfg = cfg.get('test_cfg') or dict(type='TestLoop')
    hook = dict(
        type='mmboxcaseg.ProxyMaskHook',
        merge=options.merge,
        polygons=options.polygons,
        strict=options.strict,
        **hook)
    cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), hook]
    cfg.load_from = options.checkpoint
    if not options.allow_unsafe:
        cfg.load_from = f'{WEIGHTS_ONLY}{cfg.load_from}'
    cfg.resume = False
    cfg.launcher = options.launcher
    cfg.merge_from_dict(
        dict(
            default_hooks=dict(
                # ProxyMaskHook tells the progress, in images and instances.
                logger=None),
            env_cfg=dict(
                # It picks algorithms by the clock; their last digits differ.
                cudnn_benchmark=False,
                # A process that is done waits for the slowest, for hours if
                # need be.
                dist_cfg=dict(timeout=24 * 3600))))
    cfg.work_dir = options.work_dir or osp.join(
        'work_dirs',
        osp.splitext(osp.basename(options.config))[0], 'proxy_masks')


def run(cfg: Config) -> None:
    """Run the test loop in this process, one of several or alone.

    Args:
        cfg (Config): What :func:`set_up_run` made.

    Raises:
        ValueError: If the checkpoint does not belong to the config.
        BadInputError: If ``strict`` is set and a photo can't be used.
    """
    prepare_distributed(cfg)
    Runner.from_cfg(cfg).test()
    close_process_group()
