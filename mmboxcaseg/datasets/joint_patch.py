"""Box patches and salient patches in one data set (the paper, Sec. 3.2)."""

from mmengine.dataset import ConcatDataset

from mmboxcaseg.registry import DATASETS


@DATASETS.register_module()
class JointPatchDataset(ConcatDataset):
    """Concatenation of box patches and salient patches, in this order.

    In contrast to :class:`mmengine.dataset.ConcatDataset` its parts have
    names, so that a config can change one of them by its key. The sampler
    determines how batches mix the two: ``mmdet.MultiSourceSampler`` with
    ``source_ratio=[9, 7]`` gives 9 box patches and 7 salient patches in a
    batch of 16; ``InfiniteSampler`` draws from all patches at random ("RS" in
    Table 5 of the paper).

    Args:
        box (dict, optional): Config of :class:`BoxPatchDataset`. Defaults to
            None: there are no box patches.
        salient (dict, optional): Config of :class:`SalientObjectDataset`.
            Defaults to None: there are no salient patches.

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
        # ConcatDataset would build the parts from mmengine's registry, which
        # finds them only if a default scope is set.
        super().__init__([DATASETS.build(part) for part in parts])
