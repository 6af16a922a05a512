"""Scoring and drawing models on photos that were kept aside from training."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from mmengine.config import Config

from mmboxcaseg import visualization as vis
from mmboxcaseg.annotations import read_coco
from mmboxcaseg.evaluation.box_fit import BoxFits, box_fits, known_masks
from mmboxcaseg.masks import RLE, decode_rle, pixel_rects

from .model import init_model
from .predictions import predict_boxes, test_loader
from .sheets import CROP_SIDE, spread

SEED = 0
# Number of instances in a row of a sheet.
IN_A_ROW = 2


@dataclass(frozen=True)
class KeptAside:
    """Photos that were kept aside from training.

    Attributes:
        ann (str): Path of a COCO json with the boxes of these photos. Its
            given masks are taken as the truth.
        img_dir (str): Folder of the photos.
    """

    ann: str
    img_dir: str

    def fits(self, model: tuple[str, str], what: str) -> BoxFits:
        """Predict masks with a model and score them, without merging.

        Args:
            model (tuple[str, str]): Paths of config and checkpoint.
            what (str): Title of the progress bar.

        Returns:
            BoxFits: Scores of the masks of all boxes.
        """
        truth = known_masks(self.ann)
        return BoxFits.join(
            [
                box_fits(
                    sample.prompt_instances.ann_ids,
                    sample.pred_instances.masks,
                    sample.pred_instances.rects.numpy(),
                    sample.prompt_instances.bboxes.numpy(),
                    sample.pred_instances.confidence,
                    tuple(sample.ori_shape[:2]),
                    truth,
                )
                for sample in self._samples(model, what, None)
            ]
        )

    def _samples(
        self, model: tuple[str, str], what: str | None, img_ids: Sequence | None
    ) -> Iterator:
        """Predict masks; yield samples on the CPU. No title, no progress bar."""
        cfg = Config.fromfile(model[0])
        net = init_model(cfg, model[1])
        loader = test_loader(
            cfg,
            ann_file=self.ann,
            data_prefix=dict(img=self.img_dir),
            img_ids=img_ids,
        )
        samples = predict_boxes(
            net, loader, net.predict_options, what or '', quiet=what is None
        )
        for sample in samples:
            yield sample.cpu()

    def sheet(
        self,
        before: tuple[str, str],
        after: tuple[str, str],
        fits: tuple[BoxFits, BoxFits],
        measure: str,
        num: int = 12,
    ) -> np.ndarray:
        """Draw masks from before and after a training side by side.

        The instances drawn are spread over the range of changes, from the
        most improved to the most worsened.

        Args:
            before (tuple[str, str]): Paths of config and checkpoint of the
                model before the training.
            after (tuple[str, str]): Paths of config and checkpoint of the
                model after the training.
            fits (tuple[BoxFits, BoxFits]): Scores of the two models, for the
                same boxes.
            measure (str): Score whose change is compared: ``'mIoU'``, for
                boxes with a true mask only, or ``'confidence'``.
            num (int): Number of instances to draw. Defaults to 12.

        Returns:
            np.ndarray: The sheet in RGB, (H, W, 3) uint8.
        """
        by_iou = measure == 'mIoU'
        chosen = _chosen(*fits, by_iou, num)
        ids = [fits[0].box_ids[place] for place in chosen]
        truth = known_masks(self.ann) if by_iou else {}
        found = [self._found(model, set(ids)) for model in (before, after)]
        pictures = []
        for place, box_id in zip(chosen, ids):
            one, other = (of_model[box_id] for of_model in found)
            scores = [
                f'IoU {100 * fit.iou[place]:.0f}'
                if by_iou
                else f'confidence {fit.confidence[place]:.2f}'
                for fit in fits
            ]
            pictures.append(_row(one, other, scores, truth.get(box_id)))
        rows = [
            sum(pictures[start : start + IN_A_ROW], [])
            for start in range(0, len(pictures), IN_A_ROW)
        ]
        titles = ['box', 'before', 'after', *(['truth'] if by_iou else [])]
        return vis.make_sheet(
            rows,
            'Before and after the training',
            f'{len(pictures)} of {len(fits[0])} boxes of photos kept aside, spread '
            f'over the range of changes of {"IoU" if by_iou else "confidence"}, '
            'the most improved first',
            column_titles=titles * min(len(pictures), IN_A_ROW),
        )

    def _found(self, model: tuple[str, str], ids: set) -> dict:
        """Predict the masks of some boxes; return them by box id."""
        images = [image for image, boxes in _boxes_of(self.ann).items() if ids & boxes]
        return {
            box_id: _Found(
                sample.img_path,
                sample.prompt_instances.bboxes[place].numpy(),
                sample.pred_instances.masks[place],
                sample.pred_instances.rects[place].numpy(),
            )
            for sample in self._samples(model, None, images)
            for place, box_id in enumerate(sample.prompt_instances.ann_ids)
            if box_id in ids
        }


@dataclass(frozen=True, eq=False)
class _Found:
    """A predicted mask within its rectangle, with its box and its photo."""

    img_path: str
    box: np.ndarray
    mask: np.ndarray
    rect: np.ndarray


def _boxes_of(ann: str) -> dict:
    """Ids of the usable boxes of each image, by image id."""
    boxes = read_coco(ann)
    return {
        boxes.image_ids[image]: {
            boxes.box_ids[place] for place in boxes.usable_places(image).tolist()
        }
        for image in boxes.wanted.tolist()
    }


def _chosen(before: BoxFits, after: BoxFits, by_iou: bool, num: int) -> list[int]:
    """Choose boxes spread over the range of changes; return their places."""
    if by_iou:
        places = np.flatnonzero(before.known)
        change = (after.iou - before.iou)[places]
    else:
        places = np.arange(len(before))
        change = after.confidence - before.confidence
    return places[spread(change, num, SEED)].tolist()


def _row(
    before: _Found, after: _Found, scores: Sequence[str], truth: RLE | None
) -> list[vis.Cell]:
    """Draw a box, its masks by two models, and its true mask if it has one."""
    photo = vis.read_photo(before.img_path)
    height, width = photo.shape[:2]
    box = before.box
    border = np.tile((box[2:] - box[:2]) / 4, 2) * (-1, -1, 1, 1)
    x0, y0, x1, y1 = pixel_rects((box + border)[None], height, width)[0]
    masks = [_whole(one, height, width) for one in (before, after)]
    if truth is not None:
        masks.append(decode_rle(truth))
    photo, masks, boxes = vis.fit(
        photo[y0:y1, x0:x1],
        [mask[y0:y1, x0:x1] for mask in masks],
        (box - (x0, y0, x0, y0))[None],
        CROP_SIDE,
        CROP_SIDE,
    )
    cells = [vis.Cell(vis.draw_box(photo, boxes[0], vis.BOX))]
    cells += [
        vis.Cell(vis.draw_mask(photo, mask, vis.MASK, thickness=1), text)
        for mask, text in zip(masks, scores)
    ]
    if truth is not None:
        cells.append(vis.Cell(vis.draw_mask(photo, masks[2], vis.TRUTH, thickness=1)))
    return cells


def _whole(found: _Found, height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width), dtype=bool)
    x0, y0, x1, y1 = found.rect.tolist()
    mask[y0:y1, x0:x1] = found.mask
    return mask
