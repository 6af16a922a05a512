"""Boxes with proxy masks: the training set of a Proxy Mask R-CNN."""

from typing import Any

import numpy as np

from mmboxcaseg.annotations import KEPT, REVIEW, SCORES, SOURCE
from mmboxcaseg.registry import DATASETS
from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR, ignored_masks

from .coco_instance import COCOInstanceDataset


@DATASETS.register_module()
class ProxyMaskDataset(COCOInstanceDataset):
    """A :class:`COCOInstanceDataset` whose masks are weighted proxy masks.

    The json must be one that ``boxcaseg masks`` has written: every annotation
    that is not a crowd has ``segmentation`` (an RLE that has the size of the
    image), ``area`` (of that mask, in pixels) and ``proxy_agreement``, the IoU
    between the tight box of the mask and the annotated box, in [0, 1] (the
    paper, Sec. 3.4).

    Each instance of ``get_data_info`` gets the key ``'mask_weight'``, the
    weight of its mask in the mask loss, in [0, 1]. The weight is 0 for an
    ignored mask: one of its scores is below the threshold ("drop" in the
    paper, Sec. 3.4 and Table 8), or its ``proxy_review`` is ``"rejected"``.
    The box and the class of such an object still train. Other masks have the
    weight 1 or, with ``mask_weight``, their score. Masks whose
    ``proxy_source`` is ``"kept"``, because they were given or accepted,
    always have 1 unless they are ignored. The weight of a crowd is 1 and has
    no effect, since crowds don't train.

    Unlike :class:`COCOInstanceDataset`, this data set uses annotations with an
    empty mask (area and agreement 0), whose box and class still train. Crowds
    need no agreement. The classes are those of COCO unless ``metainfo`` has
    others.

    Args:
        *args (Any): Arguments of :class:`COCOInstanceDataset`.
        agreement_thr (float, optional): Masks with a lower agreement are
            ignored, in [0, 1]; 0 ignores none. Defaults to 0.95, the best
            value in Table 8, which None stands for too.
        confidence_thr (float, optional): Masks with a lower
            ``proxy_confidence`` are ignored, in [0, 1]; see
            :func:`mmboxcaseg.masks.merged_confidence`. Defaults to None: the
            confidence does not matter.
        mask_weight (str, optional): Score that weights the masks that are not
            ignored: ``'agreement'``, ``'confidence'`` or ``'iou'``, the
            expected IoU. The paper has no such weights. Defaults to None: all
            weights are 1.
        **kwargs (Any): Arguments of :class:`COCOInstanceDataset`.

    Raises:
        ValueError: If a threshold is not in [0, 1], ``mask_weight`` is no
            score, the file has none of the classes, or an annotation that is
            not a crowd lacks a mask or a score that is needed.
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
                f'ProxyMaskDataset: mask_weight={mask_weight!r} must be one of '
                f'{list(scores)}'
            )
        thresholds = dict(agreement=agreement_thr, confidence=confidence_thr)
        for score, thr in thresholds.items():
            if thr is not None and not 0 <= thr <= 1:
                raise ValueError(
                    f'ProxyMaskDataset: {score}_thr={thr!r} must lie in [0, 1]'
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
        """Check that an annotation has its scores and a mask of a size.

        Args:
            ann (dict): The annotation.
            size (list[int]): Height and width of its image in pixels.

        Raises:
            ValueError: If it does not.
        """
        mask = ann.get('segmentation')
        wrong = [key for key in self._keys.values() if not _is_share(ann.get(key))]
        if not (
            isinstance(mask, dict)
            and mask.get('counts') is not None
            and mask.get('size') == size
        ):
            key, value, need = 'segmentation', mask, f'an RLE of the size {size}'
        elif wrong:
            key, value, need = wrong[0], ann.get(wrong[0]), 'a score in [0, 1]'
        else:
            return
        raise ValueError(
            f'{self.ann_file}: annotation {ann["id"]} has {key}='
            f'{str(value)[:80]}, but a proxy mask needs {need}; make proxy '
            'masks from a file of boxes with boxcaseg masks or '
            'tools/make_proxy_masks.py'
        )

    def _weights(self, anns: list[dict]) -> np.ndarray:
        """Weights of the masks of N annotations, (N,) float64."""
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
