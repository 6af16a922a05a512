"""One table of the three stages, from the scores of a run.

FOLDER holds what tools/test.py --metrics-out and
tools/analysis_tools/eval_masks.py --json wrote: weak.json, salient.json,
transferred.json and fused.json (stage 1), proxy_unmerged.json and
proxy_merged.json (stage 2), mask_rcnn.json (stage 3). A file that is not there
is a row that is left out.

Example:
    python tools/analysis_tools/summarize_run.py work_dirs/quickstart/scores
"""
import argparse
import json
import os.path as osp

HEADS = ('weak', 'salient', 'transferred', 'fused')
MASK_KEYS = ('mIoU_star', 'mIoU', 'IoU@50', 'IoU@75')
AP_KEYS = ('segm_mAP', 'segm_mAP_50', 'segm_mAP_75', 'bbox_mAP_50')
VOC_KEYS = ('AP25', 'AP50', 'AP70', 'AP75')


def read_scores(folder: str, name: str) -> dict:
    """Scores of one step, empty if it has left none.

    Args:
        folder (str): Where the scores are.
        name (str): Name of the step.

    Returns:
        dict: Numbers by key.
    """
    path = osp.join(folder, f'{name}.json')
    if not osp.isfile(path):
        return {}
    with open(path, encoding='utf-8') as file:
        return json.load(file)


def mask_rows(folder: str) -> list[tuple[str, list[float]]]:
    """Rows of masks with boxes given: title and percentages.

    Args:
        folder (str): Where the scores are.

    Returns:
        list[tuple[str, list[float]]]: In the order of the table.
    """
    rows = []
    for head in HEADS:
        scores = read_scores(folder, head)
        if scores and not rows:
            rows.append(('box itself (val)',
                         [scores[f'box_{key}'] for key in MASK_KEYS]))
        if scores:
            rows.append((f'{head} (val)', [scores[key] for key in MASK_KEYS]))
    for name, title in (('proxy_unmerged', 'proxy masks before merging'),
                        ('proxy_merged', 'proxy masks after merging')):
        scores = read_scores(folder, name)
        if scores:
            masks = scores['rows'][0]
            rows.append(
                (f'{title} (train)', [masks[key] for key in MASK_KEYS]))
    return rows


def detection_rows(folder: str) -> tuple[list[float], list[float]]:
    """Average precision of the Mask R-CNN, by COCO's and by VOC's protocol.

    Args:
        folder (str): Where the scores are.

    Returns:
        tuple[list[float], list[float]]: Percentages in the order of
        ``AP_KEYS`` and of ``VOC_KEYS``; empty where there are none.
    """
    scores = read_scores(folder, 'mask_rcnn')
    if not scores:
        return [], []
    # mmdet's metric gives shares, VOCInstanceMetric percentages.
    voc = [scores[key] for key in VOC_KEYS] if 'AP25' in scores else []
    return [100 * scores[f'coco/{key}'] for key in AP_KEYS], voc


def table(header: list[str], rows: list[tuple[str, list[float]]]) -> str:
    """A Markdown table.

    Args:
        header (list[str]): Titles of the columns.
        rows (list[tuple[str, list[float]]]): Title and numbers of each row.

    Returns:
        str: The table, without a newline at the end.
    """
    widths = [max([len(header[0]), *(len(title) for title, _ in rows)])]
    widths += [max(len(title), 5) for title in header[1:]]
    lines = [
        [header[0].ljust(widths[0])] +
        [title.rjust(width) for title, width in zip(header[1:], widths[1:])],
        ['-' * widths[0]] + ['-' * (w - 1) + ':' for w in widths[1:]]
    ]
    for title, numbers in rows:
        lines.append([title.ljust(widths[0])] + [
            f'{number:.1f}'.rjust(width)
            for number, width in zip(numbers, widths[1:])
        ])
    return '\n'.join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', help='folder of the scores')
    args = parser.parse_args()
    rows = mask_rows(args.folder)
    detection, voc = detection_rows(args.folder)
    if not rows and not detection:
        parser.error(f'{args.folder} holds no scores')
    if rows:
        print(
            table(['masks, boxes given', 'mIoU*', 'mIoU', 'IoU@50', 'IoU@75'],
                  rows))
    if detection:
        print()
        print(
            table(['detector (val)', 'mask AP', 'AP50', 'AP75', 'box AP50'],
                  [('Mask R-CNN on the proxy masks', detection)]))
    if voc:
        print()
        print(
            table(["mask AP by VOC's protocol (val)", *VOC_KEYS],
                  [('Mask R-CNN on the proxy masks', voc)]))


if __name__ == '__main__':
    main()
