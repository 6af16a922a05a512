"""Salient images with their object as a detector's instance."""

from mmboxcaseg.annotations.photos import photo_size
from mmboxcaseg.registry import DATASETS

from .salient_object import SalientObjectDataset


@DATASETS.register_module()
class SalientInstanceDataset(SalientObjectDataset):
    """Salient images in the form of mmdet's data sets.

    An item has, beside the keys of :class:`SalientObjectDataset`, ``img_id``
    (the path of the image), ``height`` and ``width`` in pixels, by which mmdet
    groups a batch, and ``bbox_label``. :class:`LoadSalientInstance` makes the
    instance of them, whose mask is valid: the full weight, as of a label
    without one (see :func:`encode_weights`).

    Args:
        label (int): Label of the objects, that of no class;
            :class:`JointInstanceDataset` gives it.
        **kwargs: See :class:`SalientObjectDataset`, but ``cache_dir``, which
            is for images of one size.
    """

    def __init__(self, label: int, **kwargs) -> None:
        self.label = label
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict]:
        """List the two folders, see the class."""
        data_list = super().load_data_list()
        for item in data_list:
            height, width = photo_size(item['img_path'])
            item.update(
                img_id=item['img_path'],
                height=height,
                width=width,
                bbox_label=self.label,
            )
        return data_list
