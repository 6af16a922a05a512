"""Boxes with proxy masks, the training set of Proxy Mask R-CNN."""

from typing import Any

import numpy as np

from mmboxcaseg.annotations import KEPT, REVIEW, SCORES, SOURCE
from mmboxcaseg.registry import DATASETS
from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR, ignored_masks

from .coco_instance import COCOInstanceDataset


@DATASETS.register_module()
class ProxyMaskDataset(COCOInstanceDataset):
    """COCO json whose masks are proxy masks, each with its weight.

    The file is what ``boxcaseg masks`` writes: every annotation that is not a
    crowd has ``segmentation`` (RLE of the image's size), ``area`` (of that
    mask, px) and ``proxy_agreement``, the IoU of the mask's tight box with
    the annotated box, in [0, 1] (the paper, Sec. 3.4).

    Each instance of ``get_data_info`` gets the key ``'mask_weight'``, the
    weight of its mask in the mask loss, in [0, 1]. It is 0 for a mask that is
    ignored, because one of its scores is below the threshold ("drop" in the
    paper, Sec. 3.4 and Table 8) or ``proxy_review`` is ``"rejected"``; box
    and class of the object still train. The other masks have 1 or, with
    ``mask_weight``, their score; those with ``proxy_source`` ``"kept"``,
    which were given or accepted, always have 1. A crowd has 1, which nothing
    reads, since crowds do not train.

    Unlike in :class:`COCOInstanceDataset`, an annotation with an empty mask
    (area 0, agreement 0) is kept: only its mask is worthless, its box and
    class still train. Crowds are read as there and need no agreement. Class
    names are those of COCO unless ``metainfo`` says otherwise.

    Args:
        agreement_thr (float, optional): A mask with an agreement strictly
            below it is ignored, in [0, 1]; 0 ignores none. It is one config
            key: ``train_dataloader = dict(dataset=dict(agreement_thr=0.85))``.
            Defaults to 0.95, the best of Table 8, which None means too.
        confidence_thr (float, optional): The same for ``proxy_confidence``,
            how sure the network was of what merging has left, in [0, 1] (see
            :func:`mmboxcaseg.masks.merged_confidence`); a mask that is below
            either threshold is ignored. With None it is not looked at.
            Defaults to None.
        mask_weight (str, optional): ``'agreement'``, ``'confidence'`` or
            ``'iou'``, the expected one: the score by which a mask that is not
            ignored is weighted, softer than a threshold and not in the paper.
            With None all weigh the same. Defaults to None.
        **kwargs: Arguments of :class:`COCOInstanceDataset`.

    Raises:
        ValueError: If a threshold is not in [0, 1], if ``mask_weight`` is
            none of the scores, if the file has none of the classes, or if an
            annotation that is not a crowd lacks a mask, an agreement in
            [0, 1] or, with ``confidence_thr`` or for ``mask_weight``, another
            score in [0, 1].
    """

    NEEDS_AREA = False

    def __init__(
        self,
        *args,
        agreement_thr: float | None = DEFAULT_AGREEMENT_THR,
        confidence_thr: float | None = None,
        mask_weight: str | None = None,
        **kwargs,
    ) -> None:
        if agreement_thr is None:
            agreement_thr = DEFAULT_AGREEMENT_THR
        scores = (*SCORES, 'iou')
        if mask_weight is not None and mask_weight not in scores:
            raise ValueError(
                f'ProxyMaskDataset: mask_weight={mask_weight!r} '
                f'is none of {list(scores)}'
            )
        thresholds = dict(agreement=agreement_thr, confidence=confidence_thr)
        for score, thr in thresholds.items():
            if thr is not None and not 0 <= thr <= 1:
                raise ValueError(
                    f'ProxyMaskDataset: {score}_thr={thr!r} is not in [0, 1]'
                )
        self.agreement_thr = agreement_thr
        self.confidence_thr = confidence_thr
        self.mask_weight = mask_weight
        self._keys = {
            score: f'proxy_{score}'
            for score in scores
            if thresholds.get(score) is not None or score == mask_weight
        }
        super().__init__(*args, **kwargs)

    def _finish(self, info: dict, anns: list[dict]) -> None:
        size = [info['height'], info['width']]
        proxies = []
        for instance, ann in zip(info['instances'], anns, strict=True):
            instance['mask_weight'] = 1.0
            if not instance['ignore_flag']:
                self._check(ann, size)
                proxies.append((instance, ann))
        weights = self._weights([ann for _, ann in proxies])
        for (instance, _), weight in zip(proxies, weights.tolist(), strict=True):
            instance['mask_weight'] = weight

    def _check(self, ann: dict, size: list[int]) -> None:
        """Raise ValueError unless ``ann`` has a mask of ``size`` (height,
        width) and its scores."""
        mask = ann.get('segmentation')
        wrong = [key for key in self._keys.values() if not _is_share(ann.get(key))]
        if not (
            isinstance(mask, dict)
            and mask.get('counts') is not None
            and mask.get('size') == size
        ):
            key, value, need = 'segmentation', mask, f'an RLE of size {size}'
        elif wrong:
            key, value, need = wrong[0], ann.get(wrong[0]), 'a score in [0, 1]'
        else:
            return
        raise ValueError(
            f'{self.ann_file}: annotation {ann["id"]} has {key}='
            f'{str(value)[:80]}, where a proxy mask needs {need}; make proxy '
            'masks from a file of boxes with boxcaseg masks or '
            'tools/make_proxy_masks.py'
        )

    def _weights(self, anns: list[dict]) -> np.ndarray:
        """The weights of N annotations' masks, float64, (N,)."""
        scores = {
            score: np.array([ann[key] for ann in anns])
            for score, key in self._keys.items()
        }
        kept = np.array([ann.get(SOURCE) == KEPT for ann in anns], dtype=bool)
        rejected = np.array([ann.get(REVIEW) == 'rejected' for ann in anns], dtype=bool)
        ignored = ignored_masks(
            scores['agreement'],
            scores.get('confidence'),
            self.agreement_thr,
            self.confidence_thr,
            rejected,
        )
        weights = scores[self.mask_weight] if self.mask_weight else 1.0
        return np.where(ignored, 0.0, np.where(kept, 1.0, weights))


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and 0 <= value <= 1
