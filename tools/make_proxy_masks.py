"""Make proxy masks: boxes in, a COCO file with masks and their scores out."""
import argparse
import os
import os.path as osp
import sys
from typing import Any, Dict, List, Optional, Tuple

from mmboxcaseg import proxy_masks
from mmboxcaseg.annotations import read as inputs

# Exit status of a run that is complete but had to skip something.
SKIPPED = 3


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Killed? Run the same command with --resume. Exit status: 0 '
        f'done, {SKIPPED} done, but photos or boxes were skipped, which the '
        'report beside --out lists, 1 an error, 2 a wrong command line.')
    parser.add_argument(
        'config',
        nargs='?',
        help='config of a BoxCaseg model; default: the model that comes with '
        'the package')
    parser.add_argument('checkpoint', nargs='?', help='its weights')
    parser.add_argument(
        '--ann',
        required=True,
        help='the boxes: a COCO json, or a folder of Pascal VOC xml or of '
        'YOLO txt files')
    parser.add_argument(
        '--img-dir', required=True, help='folder of the images')
    parser.add_argument('--out', required=True, help='COCO json to write')
    parser.add_argument(
        '--ann-format',
        choices=inputs.FORMATS,
        help='format of --ann; default: found out')
    parser.add_argument(
        '--classes',
        metavar='FILE',
        help='names of YOLO\'s classes: a text file with one a line, or a '
        'yaml file with "names"; default: classes.txt or data.yaml beside or '
        'above the boxes')
    parser.add_argument(
        '--img-ids',
        metavar='FILE',
        help='only these images: a text file with one image id a line')
    parser.add_argument(
        '--categories',
        nargs='+',
        metavar='NAME',
        help='only boxes of these categories, by name or id')
    parser.add_argument(
        '--no-merge',
        dest='merge',
        action='store_false',
        help='let masks overlap, instead of giving each pixel to the '
        'smallest object')
    parser.add_argument(
        '--segmentation',
        choices=('rle', 'polygons'),
        default='rle',
        help='how masks are written; polygons lose their holes; default: rle')
    parser.add_argument(
        '--flip',
        action='store_true',
        help='average over each crop and its mirror image')
    parser.add_argument(
        '--margins',
        nargs='+',
        type=float,
        metavar='M',
        help='average over crops with these margins around the box, as parts '
        'of its width and height, such as 0 0.2; default: the box alone')
    parser.add_argument(
        '--precision',
        choices=('fp32', 'bf16'),
        help='numbers the network computes with; default: the config\'s')
    parser.add_argument(
        '--crops-per-batch',
        type=int,
        metavar='N',
        help='most crops that go through the network at once')
    parser.add_argument(
        '--resume',
        action='store_true',
        help='go on where a run that was cut short left off; without it '
        'such results are removed')
    parser.add_argument(
        '--strict',
        action='store_true',
        help='a photo or a box that can\'t be used is an error')
    parser.add_argument(
        '--allow-unsafe-checkpoint',
        action='store_true',
        help='load a checkpoint that holds more than weights, and may run '
        'any code; only for one from a source that you trust')
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
    if args.config and not args.checkpoint:
        parser.error('CONFIG is given, but no CHECKPOINT; give both or none')
    if args.crops_per_batch is not None and args.crops_per_batch < 1:
        parser.error('--crops-per-batch must be at least 1')
    if args.num_workers is not None and args.num_workers < 0:
        parser.error('--num-workers must not be negative')
    if args.margins and not all(0 <= margin <= 10 for margin in args.margins):
        parser.error('--margins must be numbers from 0 to 10')
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def process_rank() -> int:
    """Rank of this process, before anything is started."""
    for name in ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK'):
        if name in os.environ:
            return int(os.environ[name])
    return 0


def say(text: str) -> None:
    """Print to standard error, once for all processes."""
    if process_rank() == 0:
        print(f'make_proxy_masks: {text}', file=sys.stderr, flush=True)


def check_paths(args: argparse.Namespace) -> None:
    """Check that what is named exists, and name the model if it isn't.

    Raises:
        FileNotFoundError: If a file or folder of the command line does not
            exist.
        ValueError: If the output would replace an input, or can't be written.
    """
    files = {
        'CONFIG': args.config,
        'CHECKPOINT': args.checkpoint,
        '--img-ids': args.img_ids,
        '--classes': args.classes
    }
    for name, path in files.items():
        if path is not None and not osp.isfile(path):
            raise FileNotFoundError(f'{name}: no file {path}')
    if not osp.exists(args.ann):
        raise FileNotFoundError(f'--ann: no file {args.ann}')
    if not osp.isdir(args.img_dir):
        raise FileNotFoundError(f'--img-dir: no folder {args.img_dir}')
    if osp.isdir(args.out):
        raise ValueError(f'--out: {args.out} is a folder; name a file in it')
    if osp.exists(args.out) and osp.samefile(args.out, args.ann):
        raise ValueError(f'--out: {args.out} is the file of --ann; give '
                         'another name')
    if args.config is None:
        from mmboxcaseg.apis import default_model
        args.config, args.checkpoint = default_model()


def read_boxes(
        args: argparse.Namespace) -> Tuple[Dict[str, Any], List[dict], set]:
    """Read ``--ann``, check it, and tell what will be skipped.

    Returns:
        tuple[dict, list, set]: The content; what had to be left out of it;
        and the ids of the images that have a box to make a mask for.

    Raises:
        FileNotFoundError: If no image with boxes is in ``--img-dir``.
        ValueError: If the annotations are not in order; with ``--strict``
            also if anything has to be skipped.
    """
    img_ids = None
    if args.img_ids:
        with open(args.img_ids, encoding='utf-8') as file:
            img_ids = file.read().split()
    data, left_out = inputs.read_boxes(args.ann, args.img_dir, args.ann_format,
                                       args.classes, img_ids, args.categories)
    wanted = inputs.images_to_do(data)
    missing = [
        image['file_name'] for image in data['images'] if image['id'] in wanted
        and not osp.isfile(osp.join(args.img_dir, image['file_name']))
    ]
    if missing and len(missing) == len(wanted):
        raise FileNotFoundError(
            f'--img-dir: none of the {len(wanted)} images with boxes is in '
            f'{args.img_dir}, such as {missing[0]}')
    unusable = [
        f'annotation {ann_id}: {reason}'
        for ann_id, reason in proxy_masks.unusable_annotations(data).items()
    ]
    left_out_lines = [f'{one["file"]}: {one["reason"]}' for one in left_out]
    for lines, what in ((unusable, 'boxes cover nothing of their image'),
                        (missing, f'images are not in {args.img_dir}'),
                        (left_out_lines, 'annotation files have no image')):
        if not lines:
            continue
        text = f'{len(lines)} {what}: {"; ".join(lines[:5])}'
        text += '; ...' if len(lines) > 5 else ''
        if args.strict:
            raise ValueError(f'--strict: {text}')
        say(f'warning: {text}; skipped')
    return data, left_out, wanted


def make_options(args: argparse.Namespace) -> Any:
    """The :class:`ProxyMaskOptions` of the command line."""
    from mmengine.config import DictAction

    from mmboxcaseg.engine.proxy_mask_run import ProxyMaskOptions
    cfg_options = {}
    if args.cfg_options:
        parser = argparse.ArgumentParser('--cfg-options')
        parser.add_argument('--cfg-options', nargs='+', action=DictAction)
        cfg_options = parser.parse_args(['--cfg-options',
                                         *args.cfg_options]).cfg_options
    same = ('config', 'checkpoint', 'merge', 'strict', 'crops_per_batch',
            'precision', 'flip', 'margins', 'num_workers', 'device',
            'launcher', 'work_dir')
    return ProxyMaskOptions(
        cfg_options=cfg_options,
        polygons=args.segmentation == 'polygons',
        allow_unsafe=args.allow_unsafe_checkpoint,
        **{name: getattr(args, name)
           for name in same})


def is_complete(args: argparse.Namespace, folder: str,
                settings: Dict[str, Any]) -> bool:
    """Whether ``--resume`` finds the output there, made the same way."""
    return (args.resume and not osp.isdir(folder)
            and proxy_masks.joined_settings(args.out) == settings
            and osp.isfile(proxy_masks.report_path(args.out)))


def finish(args: argparse.Namespace) -> int:
    """Tell what the report says was skipped; the exit status."""
    if process_rank() != 0:
        return 0
    skips = proxy_masks.describe_skips(args.out)
    if skips is None:
        return 0
    say(f'{"error" if args.strict else "warning"}: {skips}')
    return 1 if args.strict else SKIPPED


def main(argv: Optional[List[str]] = None) -> int:
    """Make the masks, or only join them if all are there."""
    args = parse_args(argv)
    folder = proxy_masks.shard_dir(args.out)
    try:
        check_paths(args)
        data, left_out, wanted = read_boxes(args)
        options = make_options(args)
        from mmboxcaseg.engine import proxy_mask_run, read_checkpoint
        cfg = proxy_mask_run.load_config(options)
        read_checkpoint(args.checkpoint, options.allow_unsafe)
        settings = proxy_mask_run.make_settings(cfg, options, data)
        full_settings = dict(merge=args.merge, **settings)
        if is_complete(args, folder, full_settings):
            proxy_masks.remove_joined(folder)
            say(f'{args.out} is complete already')
            return finish(args)
        # Other processes of a run that was killed may need a moment to end.
        rank = process_rank()
        lock = proxy_masks.lock_shards(folder, rank, 10 if rank else 0)
        started = args.resume and proxy_masks.check_settings(
            folder, full_settings)
        if started and args.strict and proxy_masks.first_skipped(folder):
            raise ValueError(
                '--strict: image {!r} has been skipped: {}'.format(
                    *proxy_masks.first_skipped(folder)))
    except (OSError, ValueError) as error:
        sys.exit(f'make_proxy_masks: error: {error}')

    with lock:
        done = proxy_masks.done_image_ids(folder) if started else set()
        left = wanted - done
        say(f'{len(left)} images to do, {len(done)} done before')
        ann_file = args.ann
        if args.img_ids or args.categories or osp.isdir(args.ann):
            ann_file = osp.join(folder, 'input.json')
            proxy_masks.write_json(ann_file, data)
        # A large file would stand in memory twice.
        del data
        if left:
            hook = dict(
                out_file=args.out,
                ann_file=ann_file,
                resume=started,
                settings=settings,
                left_out=left_out)
            proxy_mask_run.set_up_run(cfg, options, args.img_dir, hook)
            try:
                proxy_mask_run.run(cfg)
            except proxy_masks.BadInputError as error:
                sys.exit(f'make_proxy_masks: error: {error}')
        elif rank == 0:
            proxy_masks.prepare_shards(folder, full_settings, started)
            report = proxy_masks.join_shards(folder, ann_file, args.out,
                                             full_settings, options.polygons,
                                             left_out)
            say(f'{args.out}: {report.summary()}')
    return finish(args)


if __name__ == '__main__':
    sys.exit(main())
