"""Models on photos that were kept aside from a training: scores, pictures."""

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
# Instances side by side on a sheet.
IN_A_ROW = 2


@dataclass(frozen=True)
class KeptAside:
    """Photos that were kept aside.

    Attributes:
        ann (str): COCO json of their boxes; masks in it that were given are
            true ones.
        img_dir (str): Folder of the photos.
    """

    ann: str
    img_dir: str

    def fits(self, model: tuple[str, str], what: str) -> BoxFits:
        """Scores of a model's masks.

        Args:
            model (tuple[str, str]): Config and checkpoint.
            what (str): Name of the pass, for the progress.

        Returns:
            BoxFits: Of all boxes, before merging.
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
        """Samples with masks, on the CPU; no progress of what has no name."""
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
        """Instances before a training and after it, side by side.

        They are spread over the range of changes, from the most improved to
        the most worsened.

        Args:
            before (tuple[str, str]): Config and checkpoint of the one model.
            after (tuple[str, str]): The same of the other.
            fits (tuple[BoxFits, BoxFits]): Their scores, of the same boxes.
            measure (str): ``'mIoU'``: of the boxes with true masks those are
                chosen whose IoU has changed so; or ``'confidence'``.
            num (int): How many. Defaults to 12.

        Returns:
            np.ndarray: The sheet, RGB, uint8.
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
        """Masks of some boxes by their ids."""
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
    """A mask in its rectangle, of a box of a photo."""

    img_path: str
    box: np.ndarray
    mask: np.ndarray
    rect: np.ndarray


def _boxes_of(ann: str) -> dict:
    """Ids of boxes by the id of their image."""
    boxes = read_coco(ann)
    return {
        boxes.image_ids[image]: {
            boxes.box_ids[place] for place in boxes.usable_places(image).tolist()
        }
        for image in boxes.wanted.tolist()
    }


def _chosen(before: BoxFits, after: BoxFits, by_iou: bool, num: int) -> list[int]:
    """Places of boxes, spread over the changes."""
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
    """A box with the masks of two models, and the truth if it is known."""
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
