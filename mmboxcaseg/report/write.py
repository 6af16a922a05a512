"""Writing a report."""

import os
import os.path as osp

from mmboxcaseg.annotations import Decisions

from .charts import write_charts
from .gallery import make_gallery
from .masks import ReportMasks
from .numbers import report_numbers
from .page import render_page
from .review import make_review


def write_report(
    masks: ReportMasks,
    img_dir: str,
    out: str,
    num: int = 96,
    review: int | None = None,
    decisions: Decisions | None = None,
) -> str:
    """Write the page, its charts and its galleries.

    Photos and masks are decoded one at a time, so memory depends only on the
    size of the json.

    Args:
        masks (ReportMasks): The masks.
        img_dir (str): Folder of the photos. If a photo is missing or has
            another size than its masks, a grey picture says so.
        out (str): Folder to write to; it is made.
        num (int): Largest number of pictures in each group of the gallery.
            Defaults to 96.
        review (int | None): Largest number of masks that the page asks about,
            0 for all. Defaults to None: it asks about none.
        decisions (Decisions | None): Decisions that were applied to the
            masks, see :func:`make_review`. Defaults to None.

    Returns:
        str: Path of the page, ``index.html``, which needs no other file.
    """
    os.makedirs(out, exist_ok=True)
    numbers = report_numbers(masks)
    charts = write_charts(masks, numbers, out)
    groups = make_gallery(masks, img_dir, out, num)
    asked = None if review is None else make_review(masks, img_dir, review, decisions)
    path = osp.join(out, 'index.html')
    # Names of files may have bytes that are not valid text.
    with open(path, 'w', encoding='utf-8', errors='backslashreplace') as file:
        file.write(render_page(masks, numbers, charts, groups, asked))
    return path
