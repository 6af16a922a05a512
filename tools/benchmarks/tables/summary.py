"""Print a table of the three stages from the scores of a run.

FOLDER has files that tools/test.py --metrics-out and boxcaseg score --json have
written: weak.json, salient.json, transferred.json and fused.json (stage 1),
proxy_unmerged.json and proxy_merged.json (stage 2), mask_rcnn.json (stage 3). If
a file is missing, its row is left out.

Example:
    python tools/benchmarks/summarize_run.py work_dirs/quickstart/scores
"""

import argparse
import os.path as osp
from collections.abc import Iterable, Sequence

from mmboxcaseg.head_names import PREDICTIONS
from mmboxcaseg.markdown import Cell, markdown_table

from .columns import read_json

PROXY = dict(
    proxy_unmerged='proxy masks before merging (train)',
    proxy_merged='proxy masks after merging (train)',
)
MASK_KEYS = {
    'mIoU*': 'mIoU_star',
    'mIoU': 'mIoU',
    'IoU@50': 'IoU@50',
    'IoU@75': 'IoU@75',
}
AP_KEYS = {
    'mask AP': 'coco/segm_mAP',
    'AP50': 'coco/segm_mAP_50',
    'AP75': 'coco/segm_mAP_75',
    'box AP50': 'coco/bbox_mAP_50',
}
VOC_KEYS = ('AP25', 'AP50', 'AP70', 'AP75')
DETECTOR = 'Mask R-CNN on the proxy masks'


def mask_rows(folder: str) -> list[list[Cell]]:
    """Rows of masks whose boxes are given: title and percentages."""
    from mmboxcaseg.evaluation.mask_scores import MaskScores

    rows: list[list[Cell]] = []
    keys = MASK_KEYS.values()
    for head in PREDICTIONS:
        path = osp.join(folder, f'{head}.json')
        if osp.isfile(path):
            metrics = read_json(path)
            if not rows:
                box = [metrics[f'box_{key}'] for key in keys]
                rows.append(['box itself (val)', *box])
            rows.append([f'{head} (val)', *(metrics[key] for key in keys)])
    for name, title in PROXY.items():
        path = osp.join(folder, f'{name}.json')
        if osp.isfile(path):
            metrics = MaskScores.read(path).row().metrics
            rows.append([title, *(metrics[key] for key in keys)])
    return rows


def tables(folder: str) -> list[str]:
    """The tables for which a folder has scores: masks whose boxes are given,
    and average precision of the Mask R-CNN, by COCO's protocol and by VOC's."""
    found: list[tuple[str, Iterable[str], list[list[Cell]]]] = []
    masks = mask_rows(folder)
    if masks:
        found.append(('masks, boxes given', MASK_KEYS, masks))
    path = osp.join(folder, 'mask_rcnn.json')
    if osp.isfile(path):
        metrics = read_json(path)
        # mmdet's metric returns shares, VOCInstanceMetric percentages.
        coco = [100 * metrics[key] for key in AP_KEYS.values()]
        found.append(('detector (val)', AP_KEYS, [[DETECTOR, *coco]]))
        if 'AP25' in metrics:
            voc = [metrics[key] for key in VOC_KEYS]
            found.append(
                ("mask AP by VOC's protocol (val)", VOC_KEYS, [[DETECTOR, *voc]])
            )
    return [
        markdown_table([head, *titles], rows, padded=True)
        for head, titles, rows in found
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('folder', help='folder of the scores')
    folder = parser.parse_args(argv).folder
    texts = tables(folder)
    if not texts:
        parser.error(f'{folder} has no scores; see the files above')
    print('\n\n'.join(texts))
