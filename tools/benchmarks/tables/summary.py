"""One table of the three stages, from the scores of a run.

FOLDER holds what tools/test.py --metrics-out and boxcaseg score --json wrote:
weak.json, salient.json, transferred.json and fused.json (stage 1),
proxy_unmerged.json and proxy_merged.json (stage 2), mask_rcnn.json (stage 3).
A file that is not there is a row that is left out.

Example:
    python tools/benchmarks/summarize_run.py work_dirs/quickstart/scores
"""
import argparse
import os.path as osp
from typing import Sequence

from .columns import read_json
from .markdown import Cell, markdown_table

HEADS = ('weak', 'salient', 'transferred', 'fused')
PROXY = dict(
    proxy_unmerged='proxy masks before merging (train)',
    proxy_merged='proxy masks after merging (train)')
MASK_KEYS = {
    'mIoU*': 'mIoU_star',
    'mIoU': 'mIoU',
    'IoU@50': 'IoU@50',
    'IoU@75': 'IoU@75'
}
AP_KEYS = {
    'mask AP': 'coco/segm_mAP',
    'AP50': 'coco/segm_mAP_50',
    'AP75': 'coco/segm_mAP_75',
    'box AP50': 'coco/bbox_mAP_50'
}
VOC_KEYS = ('AP25', 'AP50', 'AP70', 'AP75')
DETECTOR = 'Mask R-CNN on the proxy masks'


def mask_rows(folder: str) -> list[list[Cell]]:
    """Rows of masks with boxes given: title and percentages.

    Args:
        folder (str): Where the scores are.

    Returns:
        list[list[Cell]]: In the order of the table.
    """
    from mmboxcaseg.evaluation.mask_scores import MaskScores
    rows: list[list[Cell]] = []
    keys = MASK_KEYS.values()
    for head in HEADS:
        path = osp.join(folder, f'{head}.json')
        if osp.isfile(path):
            metrics = read_json(path)
            if not rows:
                rows.append(['box itself (val)'] +
                            [metrics[f'box_{key}'] for key in keys])
            rows.append([f'{head} (val)'] + [metrics[key] for key in keys])
    for name, title in PROXY.items():
        path = osp.join(folder, f'{name}.json')
        if osp.isfile(path):
            metrics = MaskScores.read(path).row().metrics
            rows.append([title] + [metrics[key] for key in keys])
    return rows


def detector_tables(folder: str) -> list[str]:
    """Average precision of the Mask R-CNN, by COCO's protocol and, if it was
    asked for, by VOC's; empty without a Mask R-CNN."""
    path = osp.join(folder, 'mask_rcnn.json')
    if not osp.isfile(path):
        return []
    metrics = read_json(path)
    # mmdet's metric gives shares, VOCInstanceMetric percentages.
    coco = [100 * metrics[key] for key in AP_KEYS.values()]
    tables = [
        markdown_table(['detector (val)', *AP_KEYS], [[DETECTOR, *coco]],
                       padded=True)
    ]
    if 'AP25' in metrics:
        tables.append(
            markdown_table(["mask AP by VOC's protocol (val)", *VOC_KEYS],
                           [[DETECTOR, *(metrics[key] for key in VOC_KEYS)]],
                           padded=True))
    return tables


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', help='folder of the scores')
    args = parser.parse_args(argv)
    tables = detector_tables(args.folder)
    rows = mask_rows(args.folder)
    if rows:
        tables.insert(
            0,
            markdown_table(['masks, boxes given', *MASK_KEYS],
                           rows,
                           padded=True))
    if not tables:
        parser.error(f'{args.folder} holds no scores')
    print('\n\n'.join(tables))
