"""Boxes and salient images in one training set of a detector."""

from mmengine.dataset import ConcatDataset

from mmboxcaseg.registry import DATASETS


@DATASETS.register_module()
class JointInstanceDataset(ConcatDataset):
    """The union of images with boxes and of salient images, in this order.

    The object of a salient image is one of an extra class, whose label comes
    after those of all classes. ``metainfo['classes']`` are those of the
    boxes, and ``metainfo['extra_classes']`` is the extra class. Heads that
    learn it have ``num_extra_classes=1`` (see :class:`ExtraClassBBoxHead` and
    :class:`ProxyFCNMaskHead`).

    How batches mix the two is the sampler's, as in
    :class:`JointPatchDataset`: ``InfiniteSampler`` and ``DefaultSampler``
    draw from the union, ``MultiSourceSampler`` with ``source_ratio=[3, 1]``
    draws three images with boxes for every salient one; a batch sampler that
    groups images by aspect ratio keeps the ratio on average.

    Args:
        box (dict): Config of a data set of mmdet, such as
            :class:`COCOInstanceDataset`; :class:`BoxesAsMasks` in its
            pipeline gives masks that are not valid.
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
        # What the images are called by the two differs.
        keys = {key for part in parts for key in part.metainfo}
        super().__init__(parts, ignore_keys=sorted(keys))
        self._metainfo = dict(boxes.metainfo, extra_classes=(extra_class,))
