"""Tables 3 to 8 of the paper: rows, their configs, the paper's numbers."""
from dataclasses import dataclass
from typing import Dict, Optional, Tuple

# What a column's numbers come from: BoxCaseg's masks for the true boxes of
# the validation set, the detector on it, the proxy masks of the training set.
BOXCASEG, MASK_RCNN, PROXY = 'boxcaseg', 'mask_rcnn', 'proxy'


@dataclass(frozen=True)
class Column:
    """A column of numbers in percent.

    Args:
        title (str): Its head.
        source (str): One of ``BOXCASEG``, ``MASK_RCNN`` and ``PROXY``.
        key (str): Metric in the file of the source.
        coco_key (str, optional): The metric on COCO, in [0, 1], where it is
            another one than on VOC.
    """
    title: str
    source: str
    key: str
    coco_key: Optional[str] = None


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Args:
        name (str): What the row is called, and chosen by.
        paper (tuple[float | None, ...]): The paper's numbers in percent, in
            the order of the table's columns; None where it has none.
        data (str): Data set of the paper's row, ``'voc'`` or ``'coco'``.
        variant (str, optional): Ending of the stage-1 ablation config; None
            for the full model.
        twin (str, optional): Variant that is the same training, if the row
            is trained on its own.
        stage3 (str, optional): Ending of the stage-3 ablation config; None
            for the full model.
        agreement_thr (float, optional): Threshold of that config; None for
            the full model's.
        merge (bool): Whether the proxy masks are merged. Defaults to True.
        salient (int, optional): Number of salient images to train on; None
            for all.
        list_given (bool): Whether the list of its salient images has to be
            there already. Defaults to False.
        mini (bool): Whether the mini data suffice for it. Defaults to True.
    """
    name: str
    paper: Tuple[Optional[float], ...]
    data: str = 'voc'
    variant: Optional[str] = None
    twin: Optional[str] = None
    stage3: Optional[str] = None
    agreement_thr: Optional[float] = None
    merge: bool = True
    salient: Optional[int] = None
    list_given: bool = False
    mini: bool = True


@dataclass(frozen=True)
class Table:
    """A table of the paper.

    Args:
        number (int): Its number.
        title (str): What is varied.
        head (str): Title of the column of the rows' names.
        columns (tuple[Column, ...]): Columns of numbers.
        rows (tuple[Row, ...]): Its rows.
        retrain (bool, optional): Whether the rows are trained on their own
            rather than taken from the full model's checkpoint; None where
            there is no choice, since a row is a training or varies stage 3
            only.
    """
    number: int
    title: str
    head: str
    columns: Tuple[Column, ...]
    rows: Tuple[Row, ...]
    retrain: Optional[bool] = None

    def uses(self, source: str) -> bool:
        """Whether a column's numbers come from ``source``."""
        return any(column.source == source for column in self.columns)


IOU_COLUMNS = (Column('mIoU*', BOXCASEG,
                      'mIoU_star'), Column('IoU@50', BOXCASEG, 'IoU@50'),
               Column('IoU@75', BOXCASEG, 'IoU@75'))
# The VOC numbers of the paper are by VOC's protocol; the mean over
# thresholds is COCO's on both.
AP = Column('AP', MASK_RCNN, 'coco/segm_mAP', 'coco/segm_mAP')
AP50 = Column('AP50', MASK_RCNN, 'AP50', 'coco/segm_mAP_50')
AP75 = Column('AP75', MASK_RCNN, 'AP75', 'coco/segm_mAP_75')
KEPT_MIOU = Column('mIoU of the kept proxy masks', PROXY, 'mIoU')

TABLE_3 = Table(3, 'number of salient images', 'salient images',
                (*IOU_COLUMNS, Column('AP50', MASK_RCNN, 'AP50'),
                 Column('AP75', MASK_RCNN, 'AP75')), (
                     Row('100', (61.8, 70.4, 32.2, 55.3, 27.0),
                         variant='salient-100',
                         salient=100),
                     Row('500', (65.3, 73.3, 39.6, 62.6, 36.2),
                         variant='salient-500',
                         salient=500),
                     Row('1000', (66.4, 77.4, 47.3, 65.1, 37.2),
                         variant='salient-1000',
                         salient=1000),
                     Row('2500', (69.2, 79.9, 51.1, 67.1, 40.9),
                         variant='salient-2500',
                         salient=2500,
                         mini=False),
                     Row('4701', (70.1, 80.1, 50.2, 66.7, 38.9),
                         variant='salient-4701',
                         list_given=True,
                         mini=False),
                     Row('all', (71.8, 83.8, 56.8, 67.6, 42.4)),
                 ))
# "only using a salient segmentation head, which is trained by salient
# images" (Sec. 4.2.2), and alpha "in Eq. (3) is set to 0 or 1": the rows are
# trainings.
TABLE_4 = Table(
    4,
    'segmentation heads',
    'heads',
    IOU_COLUMNS, (
        Row('weak', (66.1, 76.8, 40.0), variant='heads-weak'),
        Row('salient', (43.1, 43.0, 25.9), variant='heads-salient'),
        Row('weak+transferred', (69.7, 80.0, 50.3),
            variant='heads-weak-transferred'),
        Row('weak+salient', (70.5, 80.8, 53.7), variant='heads-weak-salient'),
        Row('all', (71.8, 83.4, 56.8)),
    ),
    retrain=True)
TABLE_5 = Table(5, 'ratio of box to salient patches in a batch, r_ws', 'r_ws',
                IOU_COLUMNS, (
                    Row('RS', (58.1, 62.2, 27.9), 'coco', 'ratio-rs'),
                    Row('8:8', (70.7, 84.5, 48.0), 'coco', 'ratio-8-8'),
                    Row('9:7', (70.9, 84.9, 48.6), 'coco', 'ratio-9-7'),
                    Row('10:6', (70.0, 82.7, 45.4), 'coco', 'ratio-10-6'),
                    Row('11:5', (70.7, 83.6, 47.8), 'coco', 'ratio-11-5'),
                    Row('12:4', (70.4, 82.7, 47.2), 'coco', 'ratio-12-4'),
                    Row('13:3', (68.1, 77.6, 44.1), 'coco', 'ratio-13-3'),
                    Row('14:2', (69.2, 81.1, 46.4), 'coco', 'ratio-14-2'),
                ))
# The paper does not say whether alpha was varied in training too; its ends
# are the two trainings of Table 4.
TABLE_6 = Table(
    6,
    'share of the salient head, alpha',
    'alpha',
    IOU_COLUMNS, (
        Row('0.0', (69.7, 80.0, 50.3),
            variant='alpha-0.0',
            twin='heads-weak-transferred'),
        Row('0.3', (71.7, 83.0, 55.7), variant='alpha-0.3'),
        Row('0.4', (71.0, 82.0, 54.9), variant='alpha-0.4'),
        Row('0.5', (71.4, 82.6, 55.6), variant='alpha-0.5'),
        Row('0.6', (71.3, 82.7, 55.2), variant='alpha-0.6'),
        Row('0.7', (71.8, 83.4, 56.8), variant='alpha-0.7'),
        Row('1.0', (70.5, 80.8, 53.7),
            variant='alpha-1.0',
            twin='heads-weak-salient'),
    ),
    retrain=False)


def _merge_and_drop(data: str, *paper: Tuple[float, ...]) -> Tuple[Row, ...]:
    """The three rows of Table 7 on a data set."""
    none, merge, drop = ((*numbers, None) for numbers in paper)
    return (
        Row(f'{data} none',
            none,
            data,
            stage3='no-merge',
            agreement_thr=0.0,
            merge=False,
            mini=data == 'coco'),
        Row(f'{data} merge',
            merge,
            data,
            stage3='thr-0.0',
            agreement_thr=0.0,
            mini=data == 'coco'),
        Row(f'{data} merge+drop', drop, data, mini=data == 'coco'),
    )


TABLE_7 = Table(7, 'merging and dropping of proxy masks', 'proxy masks',
                (AP, AP50, AP75, KEPT_MIOU), (
                    *_merge_and_drop('voc', (39.6, 67.5, 41.3),
                                     (40.2, 67.6, 42.1), (40.2, 67.6, 42.4)),
                    *_merge_and_drop('coco', (28.6, 51.3, 28.2),
                                     (29.5, 51.9, 29.3), (30.9, 53.7, 31.3)),
                ))
TABLE_8 = Table(
    8, 'threshold of agreement below which masks are dropped', 'threshold',
    (Column('dropped', PROXY, 'dropped'), AP, KEPT_MIOU),
    tuple(
        Row(f'{thr:g}' if thr else '0.0', (dropped, ap, None),
            'coco',
            stage3=f'thr-{thr}',
            agreement_thr=thr)
        for thr, dropped, ap in ((0.0, 0.0, 29.5), (0.75, 27.0,
                                                    30.2), (0.85, 49.0, 30.4),
                                 (0.9, 64.0, 30.7), (0.95, 80.0, 30.9))))

TABLES: Dict[int, Table] = {
    table.number: table
    for table in (TABLE_3, TABLE_4, TABLE_5, TABLE_6, TABLE_7, TABLE_8)
}
