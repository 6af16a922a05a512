"""Settings of a run: options put into a config, and what the output depends on.

Parts of a config are plain dictionaries here, or those of mmengine.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mmboxcaseg import __version__
from mmboxcaseg.annotations import BoxFile, CalibrationFile

from .options import MaskOptions


def apply_options(
    model: dict[str, Any], pipeline: Sequence[dict[str, Any]], options: MaskOptions
) -> None:
    """Put the options of a run into parts of a config, in place.

    Args:
        model (dict): ``model`` of the config.
        pipeline (Sequence[dict]): ``test_dataloader.dataset.pipeline`` of the
            config.
        options (MaskOptions): Options of the run.

    Raises:
        ValueError: If the pipeline lacks the step that an option changes.
    """
    asked = dict(
        crops_per_batch=options.crops_per_batch,
        precision=options.precision,
        merge_exponent=options.merge_exponent,
        merge_tolerance=options.merge_tolerance,
        flip=options.flip or None,
    )
    given = {key: value for key, value in asked.items() if value is not None}
    if given:
        model['test_cfg'] = {**(model.get('test_cfg') or {}), **given}
    if options.margins is not None:
        margins = dict(margins=list(options.margins))
        _set_step(pipeline, options, '--margins', 'CropBoxes', margins)
    if options.tighten:
        grow = dict(grow=options.tighten)
        _set_step(pipeline, options, '--tighten', 'CropBoxes', grow)
    if options.stretch_16bit:
        stretch = dict(stretch_16bit=True)
        _set_step(pipeline, options, '--stretch-16bit', 'LoadImageFromFile', stretch)


def _set_step(
    pipeline: Sequence[dict[str, Any]],
    options: MaskOptions,
    option: str,
    kind: str,
    values: dict[str, Any],
) -> None:
    """Put the values of an option into all steps of a kind."""
    steps = [step for step in pipeline if short_type(step) == kind]
    if not steps:
        raise ValueError(
            f'{options.config}: {option} needs the step {kind}, which the '
            'pipeline of test_dataloader does not have'
        )
    for step in steps:
        step.update(values)


def short_type(config: Mapping[str, Any]) -> str:
    """The ``type`` of a part of a config, without its scope.

    Args:
        config (Mapping): The part, such as a step of a pipeline.

    Returns:
        str: Such as ``'CropBoxes'``.
    """
    return str(config.get('type')).split('.')[-1]


def model_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a config that masks depend on, as json values.

    Args:
        config (Mapping): The config.

    Returns:
        dict: ``model``, ``pipeline``, ``images_per_batch``, ``test_cfg`` and
        ``custom_hooks``.
    """
    parts = dict(
        # The checkpoint replaces whatever weights init_cfg and pretrained name.
        model=_without_keys(config['model'], ('init_cfg', 'pretrained')),
        pipeline=config['test_dataloader']['dataset']['pipeline'],
        images_per_batch=config['test_dataloader']['batch_size'],
        test_cfg=config.get('test_cfg'),
        custom_hooks=config.get('custom_hooks', []),
    )
    return json.loads(json.dumps(parts, default=str))


def run_settings(
    parts: Mapping[str, Any],
    options: MaskOptions,
    boxes: BoxFile,
    checkpoint_sha256: str,
    calibration: CalibrationFile | None = None,
    **more: str,
) -> dict[str, Any]:
    """The settings that the output depends on, as json values.

    Batch sizes are among them, since the last digits of the network's output
    depend on them. The number of processes and paths are not.

    Args:
        parts (Mapping): Parts of the config, see :func:`model_config`.
        options (MaskOptions): Options of the run.
        boxes (BoxFile): The boxes.
        checkpoint_sha256 (str): SHA-256 of the checkpoint, hexadecimal.
        calibration (CalibrationFile, optional): Calibration that predicts the
            expected IoU. Defaults to None.
        **more (str): Further settings by name.

    Returns:
        dict: The settings.
    """
    settings = dict(
        merge=options.merge,
        keep_masks=options.keep_masks,
        tighten=options.tighten is not None,
        segmentation='polygons' if options.polygons else 'rle',
        model_config=parts,
        calibration=calibration and calibration.summary(),
        checkpoint_sha256=checkpoint_sha256,
        annotations_sha256=boxes.digest,
        package_version=__version__,
        **more,
    )
    return json.loads(json.dumps(settings, default=str))


def file_sha256(path: str) -> str:
    """SHA-256 of a file.

    Args:
        path (str): Path of the file.

    Returns:
        str: 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(2**20), b''):
            digest.update(block)
    return digest.hexdigest()


def _without_keys(config: Any, keys: tuple[str, ...]) -> Any:
    """A copy of nested settings without some keys, on every level."""
    if isinstance(config, dict):
        return {
            key: _without_keys(value, keys)
            for key, value in config.items()
            if key not in keys
        }
    if isinstance(config, (list, tuple)):
        return [_without_keys(value, keys) for value in config]
    return config
