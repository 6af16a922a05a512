"""Box-supervised and salient patches in one data set (Sec. 3.2)."""

from mmengine.dataset import ConcatDataset

from mmboxcaseg.registry import DATASETS


@DATASETS.register_module()
class JointPatchDataset(ConcatDataset):
    """The union of box patches and salient patches, in this order.

    A :class:`mmengine.dataset.ConcatDataset` whose parts have names, so that
    a config can change one of them by its key. How a batch mixes the two is
    the sampler's: ``mmdet.MultiSourceSampler`` with ``source_ratio=[9, 7]``
    gives 9 box patches and 7 salient ones in a batch of 16,
    ``InfiniteSampler`` samples at random from the union ("RS" in Table 5).

    Args:
        box (dict, optional): Config of :class:`BoxPatchDataset`.
        salient (dict, optional): Config of :class:`SalientObjectDataset`.
            One of the two may be None, for training without it.

    Raises:
        ValueError: If both are None.
    """

    def __init__(self, box: dict | None = None, salient: dict | None = None) -> None:
        parts = [part for part in (box, salient) if part is not None]
        if not parts:
            raise ValueError(
                'JointPatchDataset: box and salient are both '
                'None; give at least one of them'
            )
        # Built here: ConcatDataset knows mmengine's registry alone, which
        # has no default scope where a tool sets none.
        super().__init__([DATASETS.build(part) for part in parts])
