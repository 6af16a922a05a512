"""Masks in another form."""
import os.path as osp

from mmboxcaseg.annotations import read_masks, with_decisions
from mmboxcaseg.masks import to_segmentation
from mmboxcaseg.proxy_masks import write_json

SEGMENTATIONS = ('rle', 'polygons')


def export_masks(masks: str,
                 out: str,
                 segmentation: str = 'rle',
                 decisions: str | None = None) -> int:
    """Write the masks of a COCO json in another form.

    Every key of the file stays as it is but ``segmentation`` and ``area`` of
    annotations that are no crowds, and those of the decisions.

    Args:
        masks (str): COCO json with masks, such as one of
            :func:`make_proxy_masks`.
        out (str): COCO json to write.
        segmentation (str): ``'rle'``, or ``'polygons'``, which lose their
            holes. Defaults to ``'rle'``.
        decisions (str | None): File of what was decided about the masks,
            which the page of :func:`make_report` saves; it is applied.
            Defaults to None.

    Returns:
        int: Number of masks written.

    Raises:
        OSError: If a file is not there or can't be written.
        ValueError: If ``segmentation`` is none of the two, an annotation has
            no mask, or the output would replace the input.
    """
    if segmentation not in SEGMENTATIONS:
        raise ValueError(f'segmentation is {segmentation!r}; it must be one '
                         f'of {", ".join(SEGMENTATIONS)}')
    if osp.exists(out) and osp.samefile(masks, out):
        raise ValueError(f'{out} is the input; give another name')
    file = with_decisions(read_masks(masks), decisions)
    crowd = file.boxes.crowd
    anns = []
    for place, ann in enumerate(file.boxes.content['annotations']):
        if not crowd[place]:
            value, area = to_segmentation(
                file.rle(place), segmentation == 'polygons')
            ann = dict(ann, segmentation=value, area=area)
        anns.append(ann)
    write_json(out, dict(file.boxes.content, annotations=anns))
    return int((~crowd).sum())
