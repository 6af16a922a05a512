"""Draw results into one picture: masks by head, proxy masks, detections.

``masks`` shows what each head of BoxCaseg makes of the test set's boxes,
beside the true masks; the instances drawn are spread evenly over the range of
IoU. ``proxy`` shows the masks of a proxy-mask file with their agreement, and
which of them are dropped. ``detections`` shows what a detector finds in test
images, beside the truth. The same seed gives the same choice.

Examples:
    python tools/misc/draw_predictions.py masks CONFIG CHECKPOINT \
        --out masks.png
    python tools/misc/draw_predictions.py proxy MASKS.json --img-dir DIR \
        --out proxy.png
    python tools/misc/draw_predictions.py detections CONFIG CHECKPOINT \
        --out detections.png
"""
import argparse
import os.path as osp
import sys
from dataclasses import replace
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
from predictions import build_loader, build_model, predict, scored_instances

from mmboxcaseg import proxy_masks
from mmboxcaseg import visualization as vis

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))
from run_config import load_config  # noqa: E402

HEADS = ('weak', 'salient', 'transferred', 'fused')
# Pictures are scaled to fit squares of these sides, in pixels.
CROP_SIDE = 170
PHOTO_SIDE = 400


def read_photo(path: str) -> np.ndarray:
    """Read a photo as the data sets do, but RGB, uint8, (H, W, 3)."""
    import mmcv
    photo = mmcv.imread(path)
    if photo is None:
        raise ValueError(f'{path} can\'t be decoded as an image')
    return np.ascontiguousarray(photo[..., ::-1])


def choose(count: int, total: int, seed: int) -> List[int]:
    """``count`` of ``total`` numbers (or all), drawn at random, sorted."""
    return sorted(np.random.default_rng(seed).permutation(total)[:count])


def spread(values: np.ndarray, count: int, seed: int) -> List[int]:
    """Indices spread over the quantiles of some values, the highest first.

    Args:
        values (np.ndarray): Shape (N, ).
        count (int): How many to take; all if there are fewer.
        seed (int): Which one of each quantile is taken.

    Returns:
        list[int]: One index out of each of ``count`` equal shares of the
        sorted values.
    """
    order = np.argsort(-np.asarray(values), kind='stable')
    rng = np.random.default_rng(seed)
    shares = np.array_split(order, min(count, len(order)))
    return [int(rng.choice(share)) for share in shares]


def draw_masks(args: argparse.Namespace) -> np.ndarray:
    """The sheet of the command ``masks``."""
    cfg = load_config(args)
    model = build_model(cfg, args.checkpoint)
    dataset = build_loader(cfg).dataset
    ids = [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]
    chosen = choose(args.max_images, len(ids), args.seed)
    ids = [ids[index] for index in chosen]
    heads = [
        head for head in HEADS[:3] if getattr(model, f'{head}_head', None)
    ] + ['fused']

    model.predict_options = replace(model.predict_options, head='fused')
    ious = {}
    image_of = {}
    for sample in predict(model, build_loader(cfg, img_ids=ids), 'fused'):
        for found in scored_instances(sample, args.min_side):
            ious[found['key']] = found['iou']
            image_of[found['key']] = sample.img_id
    if not ious:
        raise ValueError(f'no box with sides of {args.min_side} px or more')
    keys = list(ious)
    chosen = [
        keys[index]
        for index in spread(list(ious.values()), args.num, args.seed)
    ]
    by_key: Dict[int, Dict[str, dict]] = {key: {} for key in chosen}
    loader = build_loader(cfg, img_ids={image_of[key] for key in chosen})
    for head in heads:
        model.predict_options = replace(model.predict_options, head=head)
        for sample in predict(model, loader, head):
            for found in scored_instances(sample, args.min_side):
                if found['key'] in by_key:
                    by_key[found['key']][head] = found

    rows, labels = [], []
    for found in by_key.values():
        fused = found['fused']
        rows.append(
            vis.comparison_row(
                read_photo(fused['path']), fused['box'], fused['box_iou'],
                fused['truth'], [found[head]['mask'] for head in heads],
                [found[head]['iou'] for head in heads], CROP_SIDE))
        width, height = np.rint(fused['box'][2:] - fused['box'][:2])
        labels.append(f'{dataset.metainfo["classes"][fused["label"]]}\n'
                      f'{width:.0f} x {height:.0f} px')
    return vis.make_sheet(
        rows,
        f'{osp.basename(args.config)}: masks of each head',
        f'{len(rows)} instances spread over the range of fused IoU, best '
        f'first; mean over {len(ious)} instances of at least {args.min_side} '
        f'px in {len(ids)} images: {100 * np.mean(list(ious.values())):.1f}',
        column_titles=['photo', 'truth', *heads],
        row_labels=labels)


def proxy_cell(image: Dict[str, Any],
               anns: List[dict],
               img_dir: str,
               agreement_thr: float,
               side: int,
               names: Optional[Dict[Any, str]] = None) -> vis.Cell:
    """The picture of an image of a proxy-mask file.

    Args:
        image (dict): Entry of ``images``.
        anns (list[dict]): Its annotations, no crowds. Those whose box covers
            nothing of the image are not drawn.
        img_dir (str): Folder of the photos.
        agreement_thr (float): Masks with a lower agreement are hatched.
        side (int): Of the picture in pixels.
        names (dict, optional): Names of the categories by id, to be written
            beside the agreements. Defaults to None.

    Returns:
        vis.Cell: The picture.

    Raises:
        OSError: If there is no such photo.
        ValueError: If it can't be decoded or is of another size.
    """
    path = osp.join(img_dir, image['file_name'])
    photo = read_photo(path)
    size = image['height'], image['width']
    if photo.shape[:2] != size:
        raise ValueError(
            f'{path} is {photo.shape[1]} x {photo.shape[0]} pixels, its '
            f'masks {size[1]} x {size[0]}')
    boxes = np.array([ann['bbox'] for ann in anns],
                     dtype=np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    drawn = np.flatnonzero(proxy_masks.usable_boxes(boxes, *size))
    shown = [anns[index] for index in drawn]
    return vis.proxy_picture(photo, boxes[drawn], [
        proxy_masks.decode_rle(proxy_masks.to_rle(ann['segmentation'], *size))
        for ann in shown
    ], [ann['proxy_agreement'] for ann in shown], agreement_thr,
                             image['file_name'], side,
                             [str(names[ann['category_id']])
                              for ann in shown] if names else [])


def draw_proxy(args: argparse.Namespace) -> np.ndarray:
    """The sheet of the command ``proxy``."""
    data = proxy_masks.load_coco(args.masks)
    by_image: Dict[Any, List[dict]] = {}
    for ann in proxy_masks.scored_annotations(data, args.masks):
        by_image.setdefault(ann['image_id'], []).append(ann)
    images = [
        image for image in data['images']
        if 0 < len(by_image.get(image['id'], [])) <= args.max_instances
    ]
    if not images:
        raise ValueError(f'{args.masks}: no image has between 1 and '
                         f'{args.max_instances} masks')
    scores = np.array(
        [ann['proxy_agreement'] for anns in by_image.values() for ann in anns])
    cells = [
        proxy_cell(images[index], by_image[images[index]['id']], args.img_dir,
                   args.agreement_thr, PHOTO_SIDE)
        for index in choose(args.num, len(images), args.seed)
    ]
    share = 100 * np.mean(scores < args.agreement_thr)
    return vis.make_sheet(
        vis.in_rows(cells, 3),
        f'{osp.basename(args.masks)}: proxy masks',
        f'The number is the agreement of mask and box; below '
        f'{args.agreement_thr:g} a mask is dropped: {share:.0f} % of all '
        f'{len(scores)}',
        legend=[(vis.swatch(vis.color_of(0), 'mask'), 'kept'),
                (vis.swatch(vis.DROPPED,
                            'hatched'), 'dropped: only box and class train')])


def detection_cells(sample: Any, info: dict, classes: Sequence[str],
                    score_thr: float) -> List[Any]:
    """What was found in an image, and the truth.

    Args:
        sample (mmdet.structures.DetDataSample): With ``pred_instances``.
        info (dict): The image's entry of the data set, with ``instances``.
        classes (Sequence[str]): Names of the classes.
        score_thr (float): Detections with a lower score are not drawn.

    Returns:
        list[vis.Cell]: Two pictures.
    """
    photo = read_photo(info['img_path'])
    pred = sample.pred_instances
    pred = pred[pred.scores >= score_thr].cpu().numpy()
    found = vis.Instances(pred.bboxes, pred.masks, pred.labels.tolist(), [
        f'{classes[label]} {score:.2f}'
        for label, score in zip(pred.labels, pred.scores)
    ])
    true = [one for one in info['instances'] if not one['ignore_flag']]
    labels = [one['bbox_label'] for one in true]
    there = vis.Instances(
        np.array([one['bbox'] for one in true]), [
            proxy_masks.decode_rle(
                proxy_masks.to_rle(one['mask'], *photo.shape[:2]))
            for one in true
        ], labels, [classes[label] for label in labels])
    return vis.detection_pictures(photo, found, there,
                                  osp.basename(info['img_path']), PHOTO_SIDE)


def draw_detections(args: argparse.Namespace) -> np.ndarray:
    """The sheet of the command ``detections``."""
    cfg = load_config(args)
    model = build_model(cfg, args.checkpoint)
    loader = build_loader(cfg)
    chosen = choose(args.num, len(loader.dataset), args.seed)
    loader = build_loader(cfg, indices=[int(index) for index in chosen])
    cells = []
    for index, sample in enumerate(predict(model, loader, 'detections')):
        cells += detection_cells(sample, loader.dataset.get_data_info(index),
                                 loader.dataset.metainfo['classes'],
                                 args.score_thr)
    return vis.make_sheet(
        vis.in_rows(cells, 4),
        f'{osp.basename(args.config)}: detections beside the truth',
        f'Detections with a score of at least {args.score_thr:g}; a colour '
        'is a class',
        column_titles=['detected', 'truth'] * (2 if len(cells) > 2 else 1))


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(
        dest='command', required=True, metavar='masks | proxy | detections')
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument('--out', required=True, help='PNG file to write')
    common.add_argument('--seed', type=int, default=0, help='default: 0')
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument('config', help='config file')
    model.add_argument('checkpoint', help='checkpoint file')
    model.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='settings that replace the config\'s')
    # What load_config asks for beside these.
    model.set_defaults(work_dir=None, launcher='none')

    masks = commands.add_parser('masks', parents=[model, common])
    masks.add_argument(
        '--num', type=int, default=8, help='instances; default: 8')
    masks.add_argument(
        '--max-images',
        type=int,
        default=200,
        metavar='N',
        help='images to choose them from, drawn at random; default: 200')
    masks.add_argument(
        '--min-side',
        type=int,
        default=32,
        metavar='PX',
        help='leave out boxes with a shorter side; default: 32')
    proxy = commands.add_parser('proxy', parents=[common])
    proxy.add_argument('masks', help='COCO json of tools/make_proxy_masks.py')
    proxy.add_argument('--img-dir', required=True, help='its images')
    proxy.add_argument('--num', type=int, default=6, help='images; default: 6')
    proxy.add_argument(
        '--agreement-thr', type=float, default=0.95, help='default: 0.95')
    proxy.add_argument(
        '--max-instances',
        type=int,
        default=12,
        metavar='N',
        help='leave out images with more of them; default: 12')
    found = commands.add_parser('detections', parents=[model, common])
    found.add_argument('--num', type=int, default=6, help='images; default: 6')
    found.add_argument(
        '--score-thr', type=float, default=0.3, help='default: 0.3')

    args = parser.parse_args(argv)
    for name in ('config', 'checkpoint', 'masks'):
        path = getattr(args, name, None)
        if path is not None and not osp.isfile(path):
            parser.error(f'{name}: no file {path}')
    for option in getattr(args, 'cfg_options', []):
        if '=' not in option:
            parser.error(f'--cfg-options takes KEY=VALUE, got {option!r}')
    if not args.out.lower().endswith('.png'):
        parser.error(f'--out must end in .png, got {args.out}')
    if args.num < 1:
        parser.error('--num must be at least 1')
    return args


def main(argv: Optional[List[str]] = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    draw = dict(masks=draw_masks, proxy=draw_proxy, detections=draw_detections)
    try:
        vis.write_png(args.out, draw[args.command](args))
    except (OSError, ValueError) as error:
        sys.exit(f'draw_predictions: error: {error}')
    print(f'saved {args.out}')


if __name__ == '__main__':
    main()
