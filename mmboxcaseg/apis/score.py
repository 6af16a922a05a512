"""Scoring masks, and the heads of a model."""

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

# Of the paper's Table 8.
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

    Masks belong together by annotation id; crowds are not scored, nor are
    boxes that cover nothing of their image. The masks are compared with the
    filled box, which any mask should beat.

    Args:
        masks (str): COCO json with the masks to score.
        truth (str): COCO json with the true masks of the same annotations.
        by_size (bool): Whether there are rows by the size of objects too.
            Defaults to False.
        by_overlap (bool): Whether there are rows of free and of covered
            objects too: of whose box other boxes of the image cover less than
            a fifth, or not. Defaults to False.
        boundary (bool): Whether there is Boundary IoU too, with boundaries as
            wide as 2 % of the image's diagonal. Defaults to False.
        agreement_thrs (Sequence[float]): For each, in [0, 1], there are rows
            of the masks at or above that agreement and of those below, which
            training would ignore; none where the masks have no agreement.
            Defaults to those of the paper's Table 8.
        confidence_thrs (Sequence[float]): The same for confidence. Defaults
            to ().
        decisions (str | None): File of what was decided about the masks,
            which the page of :func:`make_report` saves; it is applied.
            Defaults to None.

    Returns:
        MaskScores: The numbers, in percent, and the rank correlations of
        agreement and of confidence with IoU.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a threshold is not in [0, 1], the files don't belong
            together, or one lacks a mask.
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
    """:func:`score_masks` of files that have been read."""
    with show_progress(len(truth.boxes.wanted), 'score') as update:
        ious = mask_ious(
            masks, truth, boundary, on_image=lambda instances: update(1, instances)
        )
    return summarize_masks(
        ious, by_size, agreement_thrs, confidence_thrs, ious.unusable, by_overlap
    )


@dataclass(frozen=True)
class PredictorScores:
    """What :func:`score_predictor` found.

    Attributes:
        scores (MaskScores): The numbers, in percent.
        ms_per_box (float): Milliseconds that the function took a box.
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
    out: str | None = None,
    **rows,
) -> PredictorScores:
    """Score another network's masks as BoxCaseg's are scored.

    They are cut to their boxes, merged and scored by the same code.

    Args:
        predictor (str | MaskFunction): A function, or its name as
            ``'module:function'``. It takes a photo, (H, W, 3) uint8 RGB, and
            boxes, (N, 4) float64, xyxy in pixels, and gives N masks (H, W):
            bool, or probabilities in [0, 1].
        img_dir (str): Folder of the photos.
        truth (str): COCO json with the boxes and the true masks.
        merge (bool): Whether a pixel claimed by several masks of a photo goes
            to one of them only. Defaults to True.
        merge_exponent (float, optional): It goes to the highest probability
            times (box area) ** -exponent. Defaults to None: to the smallest
            object.
        out (str, optional): COCO json to write the masks to. Defaults to
            None: they are not kept.
        **rows: ``by_size``, ``by_overlap`` and ``boundary``, see
            :func:`score_masks`.

    Returns:
        PredictorScores: The numbers, and the time a box.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If there is no such function, a photo is missing, or the
            function gives something else than a mask a box.
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

    The photos are gone through once, see
    :class:`~mmboxcaseg.engine.heads_loop.HeadsTestLoop`.

    Args:
        config (str): Config file of stage 1.
        checkpoint (str): Checkpoint file or address.
        cfg_options (Sequence[str]): ``KEY=VALUE``, settings that replace the
            config's. Defaults to ().
        work_dir (str, optional): Folder of the logs. Defaults to None: the
            config's.
        launcher (str): What started the processes of a distributed run:
            ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``. Defaults to
            ``'none'``.

    Returns:
        dict[str, dict[str, float]]: The metrics of the config's
        ``test_evaluator`` by head: ``weak``, ``salient``, ``transferred``, as
        far as the model has them, and ``fused``; the same in each process.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If an option has no ``=``, or the config's model is no
            BoxCaseg.
    """
    # Scoring masks needs no torch.
    from mmboxcaseg.engine.launch import build_runner, load_config

    cfg = load_config(config, cfg_options, work_dir, launcher)
    cfg.load_from = checkpoint
    cfg.test_cfg = dict(cfg.test_cfg, type='mmboxcaseg.HeadsTestLoop')
    return build_runner(cfg).test()
