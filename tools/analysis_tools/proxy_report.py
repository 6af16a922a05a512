"""Report on proxy masks: one HTML page to look at, and its charts as PNGs.

The page (index.html) needs no network: charts, pictures, style and script are
inside it. It shows how agreement is distributed, how many masks are dropped at
which threshold beside the paper's Table 8, the classes, and masks on their
photos, to be filtered by class and agreement. With --gt it compares the masks
with true ones: IoU against agreement and their rank correlation.

Example:
    python tools/analysis_tools/proxy_report.py masks.json \
        --img-dir photos/ --out report/
"""
import argparse
import base64
import os
import os.path as osp
import sys
from typing import Any, Dict, List, Optional

import numpy as np
from eval_masks import score, spearman
from report import charts, gallery, stats

from mmboxcaseg import proxy_masks
from mmboxcaseg import visualization as vis

FOLDER = osp.join(osp.dirname(osp.abspath(__file__)), 'report')
GROUP_TEXTS = dict(
    best='highest agreement',
    median='nearest to the median',
    worst='lowest agreement',
    ignored='below the threshold, drawn at random')
# Pictures on the sheet of a group, and in one of its rows.
SHEET, ROW = 18, 6
# Bars of the chart of classes; the table of the page has all.
MOST_CLASSES = 40


class Masks:
    """The masks of a file, as arrays.

    Args:
        data (dict): Content of a proxy-mask file.
        name (str): What to call it in messages: its path.
        truth (dict, optional): Content of the COCO json with the true masks.
            Defaults to None.
        truth_name (str): What to call that. Defaults to ''.

    Attributes:
        anns (list[dict]): N annotations, no crowds.
        labels (list): Their category ids.
        agreements (np.ndarray): Shape (N, ), in [0, 1].
        areas (np.ndarray): Of the boxes in square pixels, shape (N, ); 0
            where a box covers nothing of its image.
        ious (np.ndarray | None): With the true masks, shape (N, ); NaN where
            there is none.

    Raises:
        ValueError: If there are no masks, or the files don't belong together.
    """

    def __init__(self,
                 data: Dict[str, Any],
                 name: str,
                 truth: Optional[Dict[str, Any]] = None,
                 truth_name: str = '') -> None:
        self.anns = proxy_masks.scored_annotations(data, name)
        if not self.anns:
            raise ValueError(f'{name}: no annotation has a mask')
        self.images = {image['id']: image for image in data['images']}
        self.names = {one['id']: one['name'] for one in data['categories']}
        self.crowds = len(data['annotations']) - len(self.anns)
        self.labels = [ann['category_id'] for ann in self.anns]
        self.agreements = np.array(
            [ann['proxy_agreement'] for ann in self.anns], dtype=np.float64)
        unusable = proxy_masks.unusable_annotations(data)
        self.areas = np.array([
            0. if ann['id'] in unusable else ann['bbox'][2] * ann['bbox'][3]
            for ann in self.anns
        ])
        self.ious = None
        if truth is not None:
            scores = score(data, truth, [name, truth_name])
            iou_of = dict(zip(scores['ids'], scores['ious']))
            self.ious = np.array(
                [iou_of.get(ann['id'], np.nan) for ann in self.anns])
        self.made = data.get('info', {}).get('proxy_masks', {})


def data_uri(content: bytes, kind: str) -> str:
    """Content of a picture as an address that holds it."""
    return f'data:image/{kind};base64,{base64.b64encode(content).decode()}'


def make_numbers(masks: Masks, agreement_thr: float) -> Dict[str, Any]:
    """All numbers of the report, as json values but for arrays.

    Args:
        masks (Masks): The masks.
        agreement_thr (float): Masks with a lower agreement are ignored.

    Returns:
        dict: ``images``, ``masks``, ``crowds``, ``empty``, ``mean``,
        ``median``, ``ignored`` (share), ``histogram``, ``shares`` dropped at
        ``stats.THRESHOLDS``, ``classes`` by category id; with true masks
        ``bands``, ``mean_iou`` and ``spearman``, else None.
    """
    agreements = masks.agreements
    numbers = dict(
        images=len({ann['image_id']
                    for ann in masks.anns}),
        masks=len(masks.anns),
        crowds=masks.crowds,
        empty=int((agreements == 0).sum()),
        mean=float(agreements.mean()),
        median=float(np.median(agreements)),
        ignored=float((agreements < agreement_thr).mean()),
        histogram=stats.histogram(agreements),
        shares=stats.share_dropped(agreements, stats.THRESHOLDS),
        classes=stats.per_class(masks.labels, agreements, agreement_thr,
                                masks.ious),
        bands=None,
        mean_iou=None,
        spearman=None)
    if masks.ious is not None:
        known = ~np.isnan(masks.ious)
        pairs = agreements[known], masks.ious[known]
        numbers.update(
            bands=stats.agreement_bands(*pairs),
            mean_iou=float(pairs[1].mean()),
            spearman=spearman(*pairs))
    return numbers


def make_charts(masks: Masks, numbers: Dict[str, Any], agreement_thr: float,
                out_dir: str) -> List[dict]:
    """Write the charts as PNGs.

    Args:
        masks (Masks): The masks.
        numbers (dict): Of :func:`make_numbers`.
        agreement_thr (float): Masks with a lower agreement are ignored.
        out_dir (str): Folder to write to.

    Returns:
        list[dict]: ``src``, ``alt`` and ``caption`` of those of the page.
    """
    ignored = 100 * numbers['ignored']
    at = ', '.join(f'{100 * share:.0f} % at {thr:g}' for thr, share in zip(
        stats.PAPER_DROPPED,
        stats.share_dropped(masks.agreements, list(stats.PAPER_DROPPED))))
    most = list(numbers['classes'].items())[:MOST_CLASSES]
    entries = [
        ('histogram',
         charts.histogram_chart(numbers['histogram'], agreement_thr),
         f'Histogram of the agreement of {numbers["masks"]} masks, mean '
         f'{numbers["mean"]:.2f}, median {numbers["median"]:.2f}.',
         f'{ignored:.1f} % of the masks lie below {agreement_thr:g}.'),
        ('dropped', charts.dropped_chart(numbers['shares'], agreement_thr),
         f'Share of masks dropped against the threshold: {at}. In the paper: '
         '27, 49, 64 and 80 %.', f'These masks: {at}.'),
        ('classes',
         charts.class_chart([str(masks.names[label]) for label, _ in most],
                            [one for _, one in most]),
         'Number and mean agreement of the masks of each class.', None)
    ]
    if masks.ious is not None:
        known = ~np.isnan(masks.ious)
        rank = numbers['spearman']
        said = 'no rank correlation, as one of the two is constant' \
            if rank is None else f'Spearman\'s rank correlation {rank:.2f}'
        entries.append(
            ('iou',
             charts.iou_chart(masks.agreements[known], masks.ious[known],
                              numbers['bands'], rank),
             f'IoU with the true mask against agreement: {said}.',
             f'{int(known.sum())} masks with a true one, mean IoU '
             f'{numbers["mean_iou"]:.3f}; {said}.'))
    shown = []
    for name, figure, alt, caption in entries:
        path = osp.join(out_dir, f'{name}.png')
        figure.savefig(path)
        if caption:
            with open(path, 'rb') as file:
                src = data_uri(file.read(), 'png')
            shown.append(dict(src=src, alt=alt, caption=caption))
    return shown


def make_group(group: str, masks: Masks, class_index: Dict[Any, int],
               args: argparse.Namespace) -> Optional[dict]:
    """Draw the masks of a group, and write the first as a PNG sheet.

    Args:
        group (str): One of ``stats.GROUPS``.
        masks (Masks): The masks.
        class_index (dict): Number of each category id on the page.
        args (argparse.Namespace): The command line.

    Returns:
        dict | None: What the page shows; None without masks.
    """
    cards, cells = [], []
    for place in stats.pick(group, masks.labels, masks.agreements, masks.areas,
                            args.agreement_thr, args.num):
        ann, agreement = masks.anns[place], masks.agreements[place]
        image, name = masks.images[ann['image_id']], str(
            masks.names[ann['category_id']])
        ignored = bool(agreement < args.agreement_thr)
        # Rounded down: what is below the threshold must not read as at it.
        text = f'{np.floor(100 * agreement) / 100:.2f}'
        picture = gallery.draw_mask(args.img_dir, image, ann, ignored)
        iou = None if masks.ious is None or np.isnan(
            masks.ious[place]) else float(masks.ious[place])
        cards.append(
            dict(
                src=data_uri(gallery.encode_jpeg(picture), 'jpeg'),
                alt=f'{name} in {image["file_name"]}: '
                f'{"ignored mask" if ignored else "mask"} of agreement {text}',
                width=picture.shape[1],
                height=picture.shape[0],
                name=name,
                class_index=class_index[ann['category_id']],
                agreement=float(agreement),
                score=text,
                ignored=ignored,
                iou=iou,
                id=ann['id'],
                size=f'{ann["bbox"][2]:.0f} x {ann["bbox"][3]:.0f}',
                file_name=image['file_name']))
        if len(cells) < SHEET:
            cells.append(vis.Cell(picture, f'{name} {text}'))
    if not cards:
        return None
    vis.write_png(
        osp.join(args.out, f'gallery_{group}.png'),
        vis.make_sheet(
            vis.in_rows(cells,
                        ROW), f'{osp.basename(args.masks)}: {group} masks',
            f'{GROUP_TEXTS[group]}; the number is the agreement of mask and '
            'box'))
    return dict(
        name=group,
        title=group.capitalize(),
        text=GROUP_TEXTS[group],
        cards=cards)


def how_made(masks: Masks) -> Dict[str, str]:
    """What the file says of its own making, in words."""
    made = {'classes and boxes': 'as in the input; crowds pass through'}
    for key, value in masks.made.items():
        if not isinstance(value, (dict, list)):
            made[key.replace('_', ' ')] = str(value)
    model = masks.made.get('model_config', {}).get('model', {})
    backbone = model.get('backbone', {}).get('type')
    if model.get('type'):
        made['network'] = ', '.join(
            str(part) for part in (model['type'], backbone) if part)
    return made


def make_page(masks: Masks, numbers: Dict[str, Any], shown_charts: List[dict],
              args: argparse.Namespace) -> str:
    """The HTML page.

    Args:
        masks (Masks): The masks.
        numbers (dict): Of :func:`make_numbers`.
        shown_charts (list[dict]): Of :func:`make_charts`.
        args (argparse.Namespace): The command line.

    Returns:
        str: The page.
    """
    import jinja2
    classes = [
        dict(index=index, name=str(masks.names[label]), **one)
        for index, (label, one) in enumerate(numbers['classes'].items())
    ]
    class_index = {
        label: index
        for index, label in enumerate(numbers['classes'])
    }
    groups = [
        make_group(name, masks, class_index, args) for name in stats.GROUPS
    ]
    tiles = [('images with masks', f'{numbers["images"]:,}'),
             ('masks', f'{numbers["masks"]:,}'),
             ('classes', f'{len(classes):,}'),
             ('mean agreement', f'{numbers["mean"]:.3f}'),
             ('median agreement', f'{numbers["median"]:.3f}'),
             (f'kept at {args.agreement_thr:g}',
              f'{100 - 100 * numbers["ignored"]:.1f} %')]
    if masks.ious is not None:
        tiles.append(
            ('mean IoU with true masks', f'{numbers["mean_iou"]:.3f}'))
        if numbers['spearman'] is not None:
            tiles.append(
                ('Spearman, agreement and IoU', f'{numbers["spearman"]:.2f}'))
    notes = []
    if numbers['empty']:
        notes.append(f'{numbers["empty"]} masks are empty or have agreement '
                     '0: the network found nothing, a smaller object took all '
                     'of it, or the box or its photo could not be used.')
    if numbers['crowds']:
        notes.append(f'{numbers["crowds"]} crowds are not counted; they have '
                     'no proxy mask.')
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined)
    parts = {}
    for part in ('page.css', 'page.js'):
        with open(osp.join(FOLDER, part), encoding='utf-8') as file:
            parts[part] = jinja2.utils.markupsafe.Markup(file.read())
    return environment.get_template('page.html.j2').render(
        title=f'Proxy masks: {osp.basename(args.masks)}',
        subtitle='Every box got a mask; agreement says how well the mask '
        'fills its box.',
        css=parts['page.css'],
        script=parts['page.js'],
        threshold=f'{args.agreement_thr:g}',
        tiles=[dict(label=label, value=value) for label, value in tiles],
        notes=notes,
        charts=shown_charts,
        bands=numbers['bands'],
        dropped=[
            dict(threshold=thr, share=share,
                 paper=paper) for (thr, paper), share in zip(
                     stats.PAPER_DROPPED.items(),
                     stats.share_dropped(masks.agreements,
                                         list(stats.PAPER_DROPPED)))
        ],
        classes=classes,
        groups=[group for group in groups if group],
        with_iou=masks.ious is not None,
        made=how_made(masks).items())


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('masks', help='COCO json of tools/make_proxy_masks.py')
    parser.add_argument('--img-dir', required=True, help='its images')
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument(
        '--gt',
        metavar='TRUE.json',
        help='COCO json with the true masks of the same annotations')
    parser.add_argument(
        '--agreement-thr',
        type=float,
        default=0.95,
        metavar='T',
        help='masks with a lower agreement are shown as ignored; default: '
        '0.95')
    parser.add_argument(
        '--num',
        type=int,
        default=96,
        help='pictures in each of the four groups; default: 96')
    args = parser.parse_args(argv)
    for path in (args.masks, args.gt):
        if path is not None and not osp.isfile(path):
            parser.error(f'no file {path}')
    if not osp.isdir(args.img_dir):
        parser.error(f'--img-dir: no folder {args.img_dir}')
    if not 0 <= args.agreement_thr <= 1:
        parser.error('--agreement-thr must be from 0 to 1')
    if args.num < 1:
        parser.error('--num must be at least 1')
    return args


def main(argv: Optional[List[str]] = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    try:
        truth = args.gt and proxy_masks.load_coco(args.gt)
        masks = Masks(
            proxy_masks.load_coco(args.masks), args.masks, truth, args.gt)
        os.makedirs(args.out, exist_ok=True)
        numbers = make_numbers(masks, args.agreement_thr)
        shown = make_charts(masks, numbers, args.agreement_thr, args.out)
        page = make_page(masks, numbers, shown, args)
        path = osp.join(args.out, 'index.html')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(page)
    except (OSError, ValueError) as error:
        sys.exit(f'proxy_report: error: {error}')
    print(f'saved {path}')


if __name__ == '__main__':
    main()
