"""Images with boxes and salient images in one training set of a detector."""

from mmengine.dataset import ConcatDataset

from mmboxcaseg.registry import DATASETS


@DATASETS.register_module()
class JointInstanceDataset(ConcatDataset):
    """Concatenation of images with boxes and salient images, in this order.

    Objects of salient images belong to an extra class, whose label follows
    those of the other classes. ``metainfo['classes']`` has the classes of the
    boxes, ``metainfo['extra_classes']`` the extra class. Heads that learn it
    need ``num_extra_classes=1``, see :class:`ExtraClassBBoxHead` and
    :class:`ProxyFCNMaskHead`.

    The sampler determines how batches mix the two, as in
    :class:`JointPatchDataset`. ``InfiniteSampler`` and ``DefaultSampler``
    draw from all images. ``MultiSourceSampler`` with ``source_ratio=[3, 1]``
    draws three images with boxes for every salient one; a batch sampler that
    groups images by aspect ratio keeps the ratio on average.

    Args:
        box (dict): Config of a data set of mmdet, such as
            :class:`COCOInstanceDataset`. With :class:`BoxesAsMasks` and a
            weight of 0 in its pipeline, the mask loss ignores its masks.
        salient (dict): Config of :class:`SalientInstanceDataset`, without
            ``label``.
        extra_class (str): Name of the class of salient objects. Defaults to
            ``'salient'``.

    Raises:
        ValueError: If a class of the boxes has the name ``extra_class``.
    """

    def __init__(self, box: dict, salient: dict, extra_class: str = 'salient') -> None:
        boxes = DATASETS.build(box)
        classes = boxes.metainfo['classes']
        if extra_class in classes:
            raise ValueError(
                f'JointInstanceDataset: extra_class={extra_class!r} is a class '
                'of the boxes too; give it another name'
            )
        parts = [boxes, DATASETS.build(dict(salient, label=len(classes)))]
        # The metainfo of the two parts differs, which is accepted.
        keys = {key for part in parts for key in part.metainfo}
        super().__init__(parts, ignore_keys=sorted(keys))
        self._metainfo = dict(boxes.metainfo, extra_classes=(extra_class,))
