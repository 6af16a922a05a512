"""Make proxy masks: a COCO file with boxes in, the same with masks out."""
import argparse
import hashlib
import json
import os
import os.path as osp
import sys
from typing import Any, Dict, List, Optional, Set, Tuple

from mmboxcaseg import __version__, proxy_masks


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Killed? Run the same command with --resume.')
    parser.add_argument('config', help='config of a BoxCaseg model')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument(
        '--ann', required=True, help='COCO json with the boxes')
    parser.add_argument(
        '--img-dir', required=True, help='folder of the images')
    parser.add_argument('--out', required=True, help='COCO json to write')
    parser.add_argument(
        '--resume',
        action='store_true',
        help='go on where a run that was cut short left off; without it '
        'such results are removed')
    parser.add_argument(
        '--no-merge',
        dest='merge',
        action='store_false',
        help='let masks overlap, instead of giving each pixel to the '
        'smallest object')
    parser.add_argument(
        '--img-ids',
        metavar='FILE',
        help='only these images: a text file with one image id a line')
    parser.add_argument(
        '--crops-per-batch',
        type=int,
        metavar='N',
        help='most boxes that go through the network at once')
    parser.add_argument(
        '--num-workers',
        type=int,
        metavar='N',
        help='processes that read images, for each process')
    parser.add_argument(
        '--device',
        choices=('cpu', 'cuda'),
        help='default: a GPU if there is one')
    parser.add_argument(
        '--work-dir',
        metavar='DIR',
        help='folder of the logs; default: work_dirs/<config>/proxy_masks')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        metavar='KEY=VALUE',
        default=[],
        help='config values to override, such as model.alpha=0.6')
    parser.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        default='none',
        help='what started the processes, if there are several')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args(argv)
    if args.crops_per_batch is not None and args.crops_per_batch < 1:
        parser.error('--crops-per-batch must be at least 1')
    if args.num_workers is not None and args.num_workers < 0:
        parser.error('--num-workers must not be negative')
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def is_first_process() -> bool:
    """Whether this process prints and joins, before anything is started."""
    rank = os.environ.get('RANK', os.environ.get('SLURM_PROCID', '0'))
    return int(rank) == 0


def say(text: str) -> None:
    """Print to standard error, once for all processes."""
    if is_first_process():
        print(f'make_proxy_masks: {text}', file=sys.stderr, flush=True)


def check_paths(args: argparse.Namespace) -> None:
    """Check that what is named exists.

    Raises:
        FileNotFoundError: If a file or folder of the command line does not
            exist.
        ValueError: If the output would replace an input.
    """
    files = dict(
        CONFIG=args.config,
        CHECKPOINT=args.checkpoint,
        **{
            '--ann': args.ann,
            '--img-ids': args.img_ids
        })
    for name, path in files.items():
        if path is not None and not osp.isfile(path):
            raise FileNotFoundError(f'{name}: no file {path}')
    if not osp.isdir(args.img_dir):
        raise FileNotFoundError(f'--img-dir: no folder {args.img_dir}')
    if osp.exists(args.out) and osp.samefile(args.out, args.ann):
        raise ValueError(f'--out: {args.out} is the file of --ann; give '
                         'another name')


def read_boxes(args: argparse.Namespace) -> Tuple[Dict[str, Any], Set[Any]]:
    """Read ``--ann``, restrict it to ``--img-ids`` and check it.

    Returns:
        tuple[dict, set]: The content, and the ids of the images that have a
        box to make a mask for.

    Raises:
        FileNotFoundError: If images with boxes are not in ``--img-dir``.
        ValueError: If the json is not in order.
    """
    data = proxy_masks.load_coco(args.ann)
    if args.img_ids:
        by_text = {str(image['id']): image['id'] for image in data['images']}
        with open(args.img_ids, encoding='utf-8') as file:
            asked = file.read().split()
        data = proxy_masks.select_images(
            data, [by_text.get(text, text) for text in asked], args.ann)
    unusable = proxy_masks.unusable_annotations(data)
    if unusable:
        ids = ', '.join(map(str, sorted(unusable, key=str)[:20]))
        say(f'warning: the boxes of {len(unusable)} annotations are empty, '
            'not finite or outside their image; they get an empty mask and '
            f'agreement 0: {ids}{", ..." if len(unusable) > 20 else ""}')
    wanted = {
        ann['image_id']
        for ann in data['annotations']
        if not proxy_masks.is_crowd(ann) and ann['id'] not in unusable
    }
    missing = [
        image['file_name'] for image in data['images'] if image['id'] in wanted
        and not osp.isfile(osp.join(args.img_dir, image['file_name']))
    ]
    if missing:
        raise FileNotFoundError(
            f'--img-dir: {len(missing)} of {len(wanted)} images with boxes '
            f'are not in {args.img_dir}, such as {missing[0]}')
    return data, wanted


def sha256(path: str) -> str:
    """Hexadecimal SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(2**20), b''):
            digest.update(block)
    return digest.hexdigest()


def load_config(args: argparse.Namespace) -> Any:
    """Read the config and apply what the command line says about the model.

    Raises:
        ValueError: If it is not a config of box prompts, or ``--device`` is
            not there.
    """
    if args.device == 'cpu':
        # Read when CUDA starts, so it must be set before torch looks.
        os.environ['CUDA_VISIBLE_DEVICES'] = '-1'
    from mmengine.config import Config, DictAction
    from mmengine.device import is_cuda_available
    if args.device == 'cuda' and not is_cuda_available():
        raise ValueError('--device cuda: torch finds no GPU')
    cfg = Config.fromfile(args.config)
    if args.cfg_options:
        parser = argparse.ArgumentParser('--cfg-options')
        parser.add_argument('--cfg-options', nargs='+', action=DictAction)
        cfg.merge_from_dict(
            parser.parse_args(['--cfg-options',
                               *args.cfg_options]).cfg_options)
    dataset = cfg.get('test_dataloader', {}).get('dataset', {})
    if str(dataset.get('type')).split('.')[-1] != 'BoxPromptDataset':
        raise ValueError(
            f'{args.config}: test_dataloader.dataset.type is '
            f'{dataset.get("type")!r}; masks are made from boxes by a config '
            'that tests on a BoxPromptDataset')
    cfg.test_dataloader.setdefault('batch_size', 1)
    if args.crops_per_batch is not None:
        cfg.merge_from_dict(
            {'model.test_cfg.crops_per_batch': args.crops_per_batch})
    return cfg


def without_keys(config: Any, keys: Tuple[str, ...]) -> Any:
    """A copy of nested settings that leaves out some keys everywhere."""
    if isinstance(config, dict):
        return {
            key: without_keys(value, keys)
            for key, value in config.items() if key not in keys
        }
    if isinstance(config, (list, tuple)):
        return [without_keys(value, keys) for value in config]
    return config


def make_settings(cfg: Any, args: argparse.Namespace,
                  data: Dict[str, Any]) -> Dict[str, Any]:
    """What the masks depend on, as json values.

    Batch sizes are among it: the last digits of the network's output depend
    on them. The number of processes is not, nor is any path.
    """
    config = cfg.to_dict()
    # The checkpoint replaces whatever weights init_cfg and pretrained name.
    model = without_keys(config['model'], ('init_cfg', 'pretrained'))
    model_config = dict(
        model=model,
        pipeline=config['test_dataloader']['dataset']['pipeline'],
        images_per_batch=config['test_dataloader']['batch_size'],
        test_cfg=config.get('test_cfg'),
        custom_hooks=config.get('custom_hooks', []))
    settings = dict(
        model_config=model_config,
        checkpoint_sha256=sha256(args.checkpoint),
        annotations_sha256=hashlib.sha256(
            json.dumps(data).encode('ascii')).hexdigest(),
        package_version=__version__)
    return json.loads(json.dumps(settings, default=str))


def set_up_run(cfg: Any, args: argparse.Namespace, hook: dict) -> None:
    """Turn a config of the test loop into one that makes proxy masks."""
    loader = cfg.test_dataloader
    # Only the type and the pipeline: whatever else the dataset of the config
    # has belongs to the data it was written for.
    loader.dataset = dict(
        type=loader.dataset.type,
        ann_file=hook['ann_file'],
        data_prefix=dict(img=args.img_dir),
        pipeline=loader.dataset.pipeline,
        test_mode=True)
    loader.pop('batch_sampler', None)
    loader.sampler = dict(
        type='BlockSampler',
        block=loader.batch_size,
        done_dir=proxy_masks.shard_dir(args.out) if hook['resume'] else None)
    if args.num_workers is not None:
        loader.num_workers = args.num_workers
    if not loader.get('num_workers'):
        loader.persistent_workers = False
    cfg.test_evaluator = []
    cfg.test_cfg = cfg.get('test_cfg') or dict(type='TestLoop')
    cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), hook]
    cfg.load_from = args.checkpoint
    cfg.resume = False
    cfg.launcher = args.launcher
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
    cfg.work_dir = args.work_dir or osp.join(
        'work_dirs',
        osp.splitext(osp.basename(args.config))[0], 'proxy_masks')


def run(cfg: Any) -> None:
    """Run the test loop in every process."""
    import torch.distributed
    from mmengine.dist import is_distributed
    from mmengine.runner import Runner

    from mmboxcaseg.engine import prepare_distributed
    prepare_distributed(cfg)
    Runner.from_cfg(cfg).test()
    if is_distributed():
        torch.distributed.destroy_process_group()


def main(argv: Optional[List[str]] = None) -> None:
    """Make the masks, or only join them if all are there."""
    args = parse_args(argv)
    folder = proxy_masks.shard_dir(args.out)
    try:
        check_paths(args)
        data, wanted = read_boxes(args)
        cfg = load_config(args)
        settings = make_settings(cfg, args, data)
        full_settings = dict(merge=args.merge, **settings)
        started = args.resume and proxy_masks.check_settings(
            folder, full_settings)
    except (OSError, ValueError) as error:
        sys.exit(f'make_proxy_masks: error: {error}')

    if args.resume and not started and (proxy_masks.joined_settings(args.out)
                                        == full_settings):
        say(f'{args.out} is complete already')
        return
    done = proxy_masks.done_image_ids(folder) if started else set()
    left = wanted - done
    say(f'{len(left)} images to do, {len(done)} done before')
    os.makedirs(folder, exist_ok=True)
    ann_file = args.ann
    if args.img_ids:
        ann_file = osp.join(folder, 'input.json')
        proxy_masks.write_json(ann_file, data)
    if left:
        hook = dict(
            type='mmboxcaseg.ProxyMaskHook',
            out_file=args.out,
            ann_file=ann_file,
            merge=args.merge,
            resume=started,
            settings=settings)
        set_up_run(cfg, args, hook)
        run(cfg)
    elif is_first_process():
        proxy_masks.prepare_shards(folder, full_settings, started)
        report = proxy_masks.join_shards(folder, ann_file, args.out,
                                         full_settings)
        say(f'{args.out}: {report.summary()}')


if __name__ == '__main__':
    main()
