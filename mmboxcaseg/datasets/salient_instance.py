"""Salient images whose object is an instance for a detector."""

from mmboxcaseg.annotations.photos import photo_size
from mmboxcaseg.registry import DATASETS

from .salient_object import SalientObjectDataset


@DATASETS.register_module()
class SalientInstanceDataset(SalientObjectDataset):
    """A :class:`SalientObjectDataset` in the form of mmdet's data sets.

    Items also have ``img_id`` (the path of the image), ``height`` and
    ``width`` in pixels, by which mmdet groups images into batches, and
    ``bbox_label``. :class:`LoadSalientInstance` makes the instance of an item.
    Its mask has the full weight, see :func:`encode_weights`.

    Args:
        label (int): Label of the salient objects, which follows those of the
            classes; :class:`JointInstanceDataset` sets it.
        **kwargs (Any): Arguments of :class:`SalientObjectDataset`, except
            ``cache_dir``, which needs images of one size.
    """

    def __init__(self, label: int, **kwargs) -> None:
        self.label = label
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict]:
        """List the images with their masks and sizes.

        Returns:
            list[dict]: The items, see the class.
        """
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
