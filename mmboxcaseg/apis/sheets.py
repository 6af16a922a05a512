"""Drawing sheets of a model's results: masks of each head, or detections."""

import os.path as osp
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from mmengine.config import Config
from mmengine.structures import BaseDataElement

from mmboxcaseg import visualization as vis
from mmboxcaseg.head_names import HEADS
from mmboxcaseg.masks import decode_rle, to_rle

from .draw import PHOTO_SIDE, choose
from .model import init_model
from .predictions import ScoredMask, detect, predict_boxes, scored_masks, test_loader

# Crops are scaled to fit a square of this side, in pixels.
CROP_SIDE = 170


def spread(values: np.ndarray, count: int, seed: int) -> list[int]:
    """Choose indices that are spread over the quantiles of values.

    The sorted values are divided into ``count`` equal shares, and one index
    is chosen from each.

    Args:
        values (np.ndarray): N values, shape (N,).
        count (int): Number of indices to choose; all if there are fewer.
        seed (int): Seed of the random choice within each share.

    Returns:
        list[int]: Indices of the values, the highest value first.
    """
    order = np.argsort(-np.asarray(values), kind='stable')
    rng = np.random.default_rng(seed)
    shares = np.array_split(order, min(count, len(order)))
    return [int(rng.choice(share)) for share in shares]


def heads_sheet(
    cfg: Config,
    checkpoint: str,
    num: int = 8,
    max_images: int = 200,
    min_side: int = 32,
    seed: int = 0,
    allow_unsafe: bool = False,
) -> np.ndarray:
    """Draw the masks that each head of BoxCaseg predicts for test boxes.

    Args:
        cfg (Config): Config of a BoxCaseg whose test data has true masks.
        checkpoint (str): Path of its checkpoint.
        num (int): Number of instances to draw, spread over the range of IoU.
            Defaults to 8.
        max_images (int): Number of randomly chosen images to take them from.
            Defaults to 200.
        min_side (int): Smallest side of boxes to draw, in pixels. Defaults to
            32.
        seed (int): Seed of the random choice. Defaults to 0.
        allow_unsafe (bool): Whether the checkpoint may contain more than
            weights, see :func:`~mmboxcaseg.apis.init_model`. Defaults to
            False.

    Returns:
        np.ndarray: The sheet in RGB, (H, W, 3) uint8.

    Raises:
        ValueError: If the checkpoint belongs to another model, the test data
            has no true masks, or no box is large enough.
    """
    model = init_model(cfg, checkpoint, allow_unsafe=allow_unsafe)
    dataset = test_loader(cfg).dataset
    ids = [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]
    ids = [ids[index] for index in choose(max_images, len(ids), seed)]
    heads = [name for name in HEADS if getattr(model, f'{name}_head', None)]

    def predict(head: str, img_ids: list) -> Iterator[ScoredMask]:
        options = replace(model.predict_options, head=head)
        loader = test_loader(cfg, img_ids=img_ids)
        for sample in predict_boxes(model, loader, options, head):
            yield from scored_masks(sample, min_side)

    # Only the scores are kept: the masks are as large as their photos.
    scored = {
        found.box_id: (found.image_id, found.iou) for found in predict('fused', ids)
    }
    if not scored:
        raise ValueError(f'no box with sides of {min_side} px or more')
    ious = [iou for _, iou in scored.values()]
    chosen = [list(scored)[index] for index in spread(np.asarray(ious), num, seed)]
    img_ids = list({scored[box_id][0] for box_id in chosen})
    columns = [
        {
            found.box_id: found
            for found in predict(head, img_ids)
            if found.box_id in chosen
        }
        for head in (*heads, 'fused')
    ]
    rows, labels = [], []
    for box_id in chosen:
        found = [of_head[box_id] for of_head in columns]
        fused = found[-1]
        rows.append(
            vis.comparison_row(
                vis.read_photo(fused.img_path),
                fused.box,
                fused.box_iou,
                fused.truth,
                [one.mask for one in found],
                [one.iou for one in found],
                CROP_SIDE,
            )
        )
        width, height = np.rint(fused.box[2:] - fused.box[:2])
        labels.append(
            f'{dataset.metainfo["classes"][fused.label]}\n{width:.0f} x {height:.0f} px'
        )
    return vis.make_sheet(
        rows,
        f'{osp.basename(cfg.filename)}: masks of each head',
        f'{len(rows)} instances spread over the range of fused IoU, best '
        f'first; mean over {len(ious)} instances of at least {min_side} '
        f'px in {len(ids)} images: {100 * np.mean(ious):.1f}',
        column_titles=['photo', 'truth', *heads, 'fused'],
        row_labels=labels,
    )


def detections_sheet(
    cfg: Config,
    checkpoint: str,
    num: int = 6,
    score_thr: float = 0.3,
    seed: int = 0,
    allow_unsafe: bool = False,
) -> np.ndarray:
    """Draw the detections in test images next to the truth.

    Args:
        cfg (Config): Config of the detector.
        checkpoint (str): Path of its checkpoint.
        num (int): Number of images to draw, chosen at random. Defaults to 6.
        score_thr (float): Detections with a lower score are not drawn, in
            [0, 1]. Defaults to 0.3.
        seed (int): Seed of the random choice. Defaults to 0.
        allow_unsafe (bool): Whether the checkpoint may contain more than
            weights, see :func:`~mmboxcaseg.apis.init_model`. Defaults to
            False.

    Returns:
        np.ndarray: The sheet in RGB, (H, W, 3) uint8.

    Raises:
        ValueError: If the checkpoint belongs to another model.
    """
    model = init_model(cfg, checkpoint, allow_unsafe=allow_unsafe)
    chosen = choose(num, len(test_loader(cfg).dataset), seed)
    loader = test_loader(cfg, indices=chosen)
    cells = []
    for index, sample in enumerate(detect(model, loader, 'detections')):
        cells += detection_cells(
            sample,
            loader.dataset.get_data_info(index),
            loader.dataset.metainfo['classes'],
            score_thr,
        )
    return vis.make_sheet(
        vis.in_rows(cells, 4),
        f'{osp.basename(cfg.filename)}: detections beside the truth',
        f'Detections with a score of at least {score_thr:g}; a colour is a class',
        column_titles=['detected', 'truth'] * (2 if len(cells) > 2 else 1),
    )


def detection_cells(
    sample: BaseDataElement, info: dict, classes: tuple[str, ...], score_thr: float
) -> list[vis.Cell]:
    """Draw the detections in an image, and the truth.

    Args:
        sample (DetDataSample): The detections, in ``pred_instances``.
        info (dict): Data of the image in mmdet's data set, with the truth in
            ``instances``.
        classes (tuple[str, ...]): Names of the classes.
        score_thr (float): Detections with a lower score are not drawn, in
            [0, 1].

    Returns:
        list[Cell]: Two pictures: the detections and the truth.
    """
    photo = vis.read_photo(info['img_path'])
    pred = sample.pred_instances
    pred = pred[pred.scores >= score_thr].cpu().numpy()
    found = vis.Instances(
        pred.bboxes,
        pred.masks,
        pred.labels.tolist(),
        [
            f'{classes[label]} {score:.2f}'
            for label, score in zip(pred.labels, pred.scores)
        ],
    )
    true = [one for one in info['instances'] if not one['ignore_flag']]
    labels = [one['bbox_label'] for one in true]
    there = vis.Instances(
        np.array([one['bbox'] for one in true]),
        [decode_rle(to_rle(one['mask'], *photo.shape[:2])) for one in true],
        labels,
        [classes[label] for label in labels],
    )
    return vis.detection_pictures(
        photo, found, there, osp.basename(info['img_path']), PHOTO_SIDE
    )
