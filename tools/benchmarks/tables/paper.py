"""Tables 3 to 8 of the paper: rows, their configs, the paper's numbers."""

from dataclasses import dataclass, replace

from .columns import BOXCASEG, MASK_RCNN, PROXY, Column


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        name (str): Name of the row, by which it is chosen.
        paper (tuple[float | None, ...]): The paper's numbers in percent, in
            the order of the table's columns; None if it has none.
        data (str): Data set of the paper's row, ``'voc'`` or ``'coco'``.
        variant (str | None): Ending of the stage-1 ablation config; None for
            the full model.
        twin (str | None): Variant that is trained instead if the row has its
            own training, since both trainings are the same.
        stage3 (str | None): Ending of the stage-3 ablation config.
        agreement_thr (float | None): Threshold of agreement that the row sets.
        merge (bool): Whether the proxy masks are merged.
        salient (int | None): Number of salient images to draw.
        list_given (bool): Whether the user must give a list of salient
            images.
        mini (bool): Whether the mini data is large enough for the row.
    """

    name: str
    paper: tuple[float | None, ...]
    data: str = 'voc'
    variant: str | None = None
    twin: str | None = None
    stage3: str | None = None
    agreement_thr: float | None = None
    merge: bool = True
    salient: int | None = None
    list_given: bool = False
    mini: bool = True


@dataclass(frozen=True)
class Table:
    """A table of the paper.

    Attributes:
        number (int): Number of the table.
        title (str): What the rows vary.
        head (str): Title of the column with the rows' names.
        columns (tuple[Column, ...]): Columns of numbers.
        rows (tuple[Row, ...]): The rows.
        retrain (bool | None): Whether each row has its own training, instead
            of using the full model's checkpoint. None if there is no choice,
            since a row needs a training or varies only stage 3.
    """

    number: int
    title: str
    head: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    retrain: bool | None = None

    def uses(self, source: str) -> bool:
        """Whether a column's numbers come from ``source``."""
        return any(column.source == source for column in self.columns)


IOU = (
    Column('mIoU*', BOXCASEG, 'mIoU_star'),
    Column('IoU@50', BOXCASEG, 'IoU@50'),
    Column('IoU@75', BOXCASEG, 'IoU@75'),
)
# The paper's numbers on VOC follow VOC's protocol; the mean over thresholds is
# COCO's on both data sets.
AP = Column('AP', MASK_RCNN, 'coco/segm_mAP')
AP50 = Column('AP50', MASK_RCNN, 'AP50', coco_key='coco/segm_mAP_50')
AP75 = Column('AP75', MASK_RCNN, 'AP75', coco_key='coco/segm_mAP_75')
KEPT = Column('mIoU of the kept proxy masks', PROXY, 'mIoU', 'kept')
DROPPED = Column('dropped', PROXY, 'share', 'ignored')


def _salient(count: int, *paper: float, **kwargs: bool) -> Row:
    return Row(str(count), paper, variant=f'salient-{count}', salient=count, **kwargs)


def _merge_and_drop(data: str, *paper: tuple[float, ...]) -> tuple[Row, ...]:
    """The three rows of Table 7 on a data set."""
    none, merge, drop = ((*numbers, None) for numbers in paper)
    rows = (
        Row('none', none, stage3='no-merge', agreement_thr=0.0, merge=False),
        Row('merge', merge, stage3='thr-0.0', agreement_thr=0.0),
        Row('merge+drop', drop),
    )
    return tuple(
        replace(row, name=f'{data} {row.name}', data=data, mini=data == 'coco')
        for row in rows
    )


# fmt: off
ROWS_3 = (
    _salient(100, 61.8, 70.4, 32.2, 55.3, 27.0),
    _salient(500, 65.3, 73.3, 39.6, 62.6, 36.2),
    _salient(1000, 66.4, 77.4, 47.3, 65.1, 37.2),
    _salient(2500, 69.2, 79.9, 51.1, 67.1, 40.9, mini=False),
    Row('4701', (70.1, 80.1, 50.2, 66.7, 38.9), 'voc', 'salient-4701',
        list_given=True, mini=False),
    Row('all', (71.8, 83.8, 56.8, 67.6, 42.4)))
# The rows are separate trainings: "only using a salient segmentation head, which
# is trained by salient images" (Sec. 4.2.2), and alpha "in Eq. (3) is set to 0 or
# 1".
ROWS_4 = (
    Row('weak', (66.1, 76.8, 40.0), 'voc', 'heads-weak'),
    Row('salient', (43.1, 43.0, 25.9), 'voc', 'heads-salient'),
    Row('weak+transferred', (69.7, 80.0, 50.3), 'voc',
        'heads-weak-transferred'),
    Row('weak+salient', (70.5, 80.8, 53.7), 'voc', 'heads-weak-salient'),
    Row('all', (71.8, 83.4, 56.8)))
ROWS_5 = (
    Row('RS', (58.1, 62.2, 27.9), 'coco', 'ratio-rs'),
    Row('8:8', (70.7, 84.5, 48.0), 'coco', 'ratio-8-8'),
    Row('9:7', (70.9, 84.9, 48.6), 'coco', 'ratio-9-7'),
    Row('10:6', (70.0, 82.7, 45.4), 'coco', 'ratio-10-6'),
    Row('11:5', (70.7, 83.6, 47.8), 'coco', 'ratio-11-5'),
    Row('12:4', (70.4, 82.7, 47.2), 'coco', 'ratio-12-4'),
    Row('13:3', (68.1, 77.6, 44.1), 'coco', 'ratio-13-3'),
    Row('14:2', (69.2, 81.1, 46.4), 'coco', 'ratio-14-2'))
# The paper does not say whether alpha was varied in training too. The rows for 0
# and 1 have the numbers of two trainings of Table 4.
ROWS_6 = (
    Row('0.0', (69.7, 80.0, 50.3), 'voc', 'alpha-0.0',
        'heads-weak-transferred'),
    Row('0.3', (71.7, 83.0, 55.7), 'voc', 'alpha-0.3'),
    Row('0.4', (71.0, 82.0, 54.9), 'voc', 'alpha-0.4'),
    Row('0.5', (71.4, 82.6, 55.6), 'voc', 'alpha-0.5'),
    Row('0.6', (71.3, 82.7, 55.2), 'voc', 'alpha-0.6'),
    Row('0.7', (71.8, 83.4, 56.8), 'voc', 'alpha-0.7'),
    Row('1.0', (70.5, 80.8, 53.7), 'voc', 'alpha-1.0', 'heads-weak-salient'))
ROWS_7 = (
    *_merge_and_drop('voc', (39.6, 67.5, 41.3), (40.2, 67.6, 42.1),
                     (40.2, 67.6, 42.4)),
    *_merge_and_drop('coco', (28.6, 51.3, 28.2), (29.5, 51.9, 29.3),
                     (30.9, 53.7, 31.3)))
# fmt: on
ROWS_8 = tuple(
    Row(str(thr), (dropped, ap, None), 'coco', stage3=f'thr-{thr}', agreement_thr=thr)
    for thr, dropped, ap in zip(
        (0.0, 0.75, 0.85, 0.9, 0.95),
        (0.0, 27.0, 49.0, 64.0, 80.0),
        (29.5, 30.2, 30.4, 30.7, 30.9),
    )
)
# Thresholds at which the proxy masks of all rows are scored.
THRESHOLDS = tuple(row.agreement_thr for row in ROWS_8 if row.agreement_thr)

TABLES: dict[int, Table] = {
    table.number: table
    for table in (
        Table(
            3,
            'number of salient images',
            'salient images',
            (
                *IOU,
                Column('AP50', MASK_RCNN, 'AP50'),
                Column('AP75', MASK_RCNN, 'AP75'),
            ),
            ROWS_3,
        ),
        Table(4, 'segmentation heads', 'heads', IOU, ROWS_4, retrain=True),
        Table(
            5, 'ratio of box to salient patches in a batch, r_ws', 'r_ws', IOU, ROWS_5
        ),
        Table(
            6, 'share of the salient head, alpha', 'alpha', IOU, ROWS_6, retrain=False
        ),
        Table(
            7,
            'merging and dropping of proxy masks',
            'proxy masks',
            (AP, AP50, AP75, KEPT),
            ROWS_7,
        ),
        Table(
            8,
            'threshold of agreement below which masks are dropped',
            'threshold',
            (DROPPED, AP, KEPT),
            ROWS_8,
        ),
    )
}
