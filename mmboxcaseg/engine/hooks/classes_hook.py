"""Checking that the classes of model, data sets and metrics match."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmboxcaseg.registry import HOOKS

from ..unwrapped import unwrapped

# Modules whose num_classes is not the number of the detector's classes.
OTHER_MODULES = ('VGG', 'FusedSemanticHead')


@HOOKS.register_module()
class ClassesHook(Hook):
    """Checks the classes of a detector before its first iteration.

    mmdet's NumClassCheckHook checks the validation set only at the first
    validation, which may be after the training.
    """

    def before_train(self, runner: Runner) -> None:
        """Compare the model, both data sets and the metrics.

        Args:
            runner (Runner): The runner.

        Raises:
            ValueError: If ``num_classes`` of a head is not the number of
                classes, ``num_extra_classes`` of a head is not the number of
                extra classes, the data sets have different classes or another
                order of them, or the file of a metric lacks an image of the
                validation set.
        """
        classes = _classes(runner.train_dataloader)
        if classes is None:
            return
        _check_heads(runner.model, classes)
        metainfo = runner.train_dataloader.dataset.metainfo
        _check_extra(runner.model, metainfo.get('extra_classes', ()))
        if runner.val_loop is None:
            return
        theirs = _classes(runner.val_dataloader)
        if theirs is not None and theirs != classes:
            raise ValueError(
                f'classes of the validation set are {theirs}, but those of '
                f'the training set are {classes}; give both datasets the same '
                'metainfo=dict(classes=...)'
            )
        dataset = runner.val_dataloader.dataset
        for metric in runner.val_loop.evaluator.metrics:
            # The metric itself would fail only when it reaches the image.
            if hasattr(metric, 'check_images'):
                metric.check_images(
                    dataset.get_data_info(place)['img_id']
                    for place in range(len(dataset))
                )

    def before_test(self, runner: Runner) -> None:
        """Compare the model and the test set.

        Args:
            runner (Runner): The runner.

        Raises:
            ValueError: If ``num_classes`` of a head is not the number of
                classes.
        """
        classes = _classes(runner.test_dataloader)
        if classes is not None:
            _check_heads(runner.model, classes)


def _classes(dataloader: Any) -> tuple[str, ...] | None:
    classes = dataloader.dataset.metainfo.get('classes')
    return None if classes is None else tuple(classes)


def _check_heads(model: Any, classes: tuple[str, ...]) -> None:
    for name, module in unwrapped(model).named_modules():
        number = getattr(module, 'num_classes', None)
        if (
            number is None
            or name.endswith('rpn_head')
            or type(module).__name__ in OTHER_MODULES
        ):
            continue
        # Extra classes are learnt, but never detected.
        number -= getattr(module, 'num_extra_classes', 0)
        if number != len(classes):
            raise ValueError(
                f'num_classes of {name} is {number}, but metainfo has '
                f'{len(classes)} classes: {classes}; set num_classes of all '
                'heads of the model to their number'
            )


def _check_extra(model: Any, extra: tuple[str, ...]) -> None:
    """Compare the extra classes, which are learnt, but never detected.

    A box head without extra classes is accepted: their label is that of the
    background there. Other heads would have no channel for them.
    """
    for name, module in unwrapped(model).named_modules():
        number = getattr(module, 'num_extra_classes', None)
        if number is None or (number == 0 and name.endswith('bbox_head')):
            continue
        if number != len(extra):
            raise ValueError(
                f'num_extra_classes of {name} is {number}, but the training '
                f'set has {len(extra)} extra classes: {tuple(extra)}; set '
                'num_extra_classes of all heads to their number'
            )
