"""Scoring masks, and the heads of a BoxCaseg."""

import os
import os.path as osp
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from mmboxcaseg.annotations import MaskFile, read_masks, with_decisions
from mmboxcaseg.evaluation import MaskScores, mask_ious, summarize_masks
from mmboxcaseg.progress import show_progress
from mmboxcaseg.proxy_masks import write_json
from mmboxcaseg.proxy_masks.mask_function import (
    MaskFunction,
    load_predictor,
    predictor_masks,
)

# Thresholds in Table 8 of the paper.
AGREEMENT_THRS = (0.75, 0.85, 0.9, 0.95)


def score_masks(
    masks: str,
    truth: str,
    *,
    by_size: bool = False,
    by_overlap: bool = False,
    boundary: bool = False,
    agreement_thrs: Sequence[float] = AGREEMENT_THRS,
    confidence_thrs: Sequence[float] = (),
    decisions: str | None = None,
) -> MaskScores:
    """Score the masks of a COCO json against the true masks of another.

    Masks are matched by annotation id. Crowds, boxes that cover nothing of
    their image, and those without a mask, because they or their photo were
    skipped, are not scored. The filled boxes are scored too, as a baseline
    that any mask should beat.

    Args:
        masks (str): Path of a COCO json with the masks to score.
        truth (str): Path of a COCO json with the true masks of the same
            annotations.
        by_size (bool): Whether objects of each size get their own row.
            Defaults to False.
        by_overlap (bool): Whether free objects and covered ones get their own
            rows. An object is free if other boxes of the image cover less
            than a fifth of its box. Defaults to False.
        boundary (bool): Whether the Boundary IoU is computed too, with a
            boundary as wide as 2 % of the image's diagonal. Defaults to
            False.
        agreement_thrs (Sequence[float]): Thresholds of the agreement, in
            [0, 1]. Each gives a row for the masks at or above it and one for
            those below, which training would ignore. They have no effect if
            the masks have no agreement. Defaults to those in Table 8 of the
            paper.
        confidence_thrs (Sequence[float]): Thresholds of the confidence, in
            [0, 1], with rows as above. Defaults to ().
        decisions (str | None): Path of a file of decisions, saved from the
            page of :func:`make_report`, that are applied to the masks.
            Defaults to None.

    Returns:
        MaskScores: The scores in percent, and the rank correlations of
        agreement and confidence with the IoU.

    Raises:
        OSError: If a file can't be read.
        ValueError: If a threshold is not in [0, 1], the files don't match, or
            an annotation has no mask.
    """
    return _score(
        with_decisions(read_masks(masks), decisions),
        read_masks(truth),
        by_size=by_size,
        by_overlap=by_overlap,
        boundary=boundary,
        agreement_thrs=agreement_thrs,
        confidence_thrs=confidence_thrs,
    )


def _score(
    masks: MaskFile,
    truth: MaskFile,
    *,
    by_size: bool = False,
    by_overlap: bool = False,
    boundary: bool = False,
    agreement_thrs: Sequence[float] = (),
    confidence_thrs: Sequence[float] = (),
) -> MaskScores:
    """Score masks as :func:`score_masks` does, from files already read."""
    with show_progress(len(truth.boxes.wanted), 'score') as update:
        ious = mask_ious(
            masks, truth, boundary, on_image=lambda instances: update(1, instances)
        )
    return summarize_masks(
        ious,
        by_size,
        agreement_thrs,
        confidence_thrs,
        ious.unusable,
        by_overlap,
        ious.skipped,
    )


@dataclass(frozen=True)
class PredictorScores:
    """The result of :func:`score_predictor`.

    Attributes:
        scores (MaskScores): The scores in percent.
        ms_per_box (float): Mean time that the function took per box, in
            milliseconds.
    """

    scores: MaskScores
    ms_per_box: float


def score_predictor(
    predictor: str | MaskFunction,
    img_dir: str,
    truth: str,
    *,
    merge: bool = True,
    merge_exponent: float | None = None,
    merge_tolerance: float = 1.0,
    out: str | None = None,
    **rows,
) -> PredictorScores:
    """Score the masks of another network in the same way as BoxCaseg's.

    The masks are cut to their boxes, merged and scored by the same code.

    Args:
        predictor (str | MaskFunction): A function, or its name as
            ``'module:function'``. It takes a photo in RGB, (H, W, 3) uint8,
            and boxes as xyxy in pixels, (N, 4) float64. It returns N masks of
            shape (H, W), either bool or probabilities in [0, 1].
        img_dir (str): Folder of the photos.
        truth (str): Path of a COCO json with the boxes and the true masks.
        merge (bool): Whether masks of a photo are merged. Defaults to True.
        merge_exponent (float, optional): If given, a pixel that several masks
            claim goes to the one with the highest probability times
            (box area) ** -exponent. Defaults to None: it goes to the smallest
            object.
        merge_tolerance (float): With an exponent, a mask keeps a pixel unless
            the claim of another mask is more than this many times as strong,
            at least 1. Defaults to 1.
        out (str, optional): Path of a COCO json to write the masks to.
            Defaults to None: they are not kept.
        **rows (bool): ``by_size``, ``by_overlap`` and ``boundary``, see
            :func:`score_masks`.

    Returns:
        PredictorScores: The scores, and the time per box.

    Raises:
        OSError: If a file can't be read or written.
        ValueError: If there is no such function, a photo is missing, or the
            function does not return one mask per box.
    """
    if isinstance(predictor, str):
        predictor = load_predictor(predictor)
    boxes = read_masks(truth)
    with show_progress(len(boxes.boxes.wanted), 'predict') as update:
        content, seconds = predictor_masks(
            boxes,
            predictor,
            img_dir,
            merge=merge,
            merge_exponent=merge_exponent,
            merge_tolerance=merge_tolerance,
            on_image=lambda instances: update(1, instances),
        )
    with tempfile.TemporaryDirectory() as folder:
        path = out or osp.join(folder, 'masks.json')
        os.makedirs(osp.dirname(osp.abspath(path)), exist_ok=True)
        write_json(path, content)
        scores = _score(read_masks(path), boxes, **rows)
    count = max(int(boxes.boxes.usable.sum()), 1)
    return PredictorScores(scores, 1000 * seconds / count)


def score_heads(
    config: str,
    checkpoint: str,
    *,
    cfg_options: Sequence[str] = (),
    work_dir: str | None = None,
    launcher: str = 'none',
) -> dict[str, dict[str, float]]:
    """Score each head of BoxCaseg, and their fusion, on a config's test set.

    The network sees each photo only once, see
    :class:`~mmboxcaseg.engine.heads_loop.HeadsTestLoop`.

    Args:
        config (str): Path of a config of stage 1.
        checkpoint (str): Path or URL of the checkpoint.
        cfg_options (Sequence[str]): Settings that replace those of the
            config, as ``KEY=VALUE``. Defaults to ().
        work_dir (str, optional): Folder of the logs. Defaults to None: that
            of the config.
        launcher (str): Launcher of a distributed run: ``'none'``,
            ``'pytorch'``, ``'slurm'`` or ``'mpi'``. Defaults to ``'none'``.

    Returns:
        dict[str, dict[str, float]]: Metrics of the config's
        ``test_evaluator`` by head: those of ``weak``, ``salient`` and
        ``transferred`` that the model has, and ``fused``. They are the same
        in each process.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If an option has no ``=``, or the config's model is no
            BoxCaseg.
    """
    # Imported here because the other functions need no torch.
    from mmboxcaseg.engine.launch import build_runner, load_config

    cfg = load_config(config, cfg_options, work_dir, launcher)
    cfg.load_from = checkpoint
    cfg.test_cfg = dict(cfg.test_cfg, type='mmboxcaseg.HeadsTestLoop')
    return build_runner(cfg).test()
