"""The model that ships with the package and is used by default."""

from pathlib import Path

WEIGHTS = Path(__file__).resolve().parent.parent / 'weights'
NAME = 'boxcaseg_small'


def default_model() -> tuple[str, str]:
    """Get the small model that ships with the package.

    Returns:
        tuple[str, str]: Paths of its config and of its checkpoint.

    Raises:
        FileNotFoundError: If this copy of the package has no model.
    """
    paths = [WEIGHTS / f'{NAME}{suffix}' for suffix in ('.py', '.pth')]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            'no model was given, and this copy of mmboxcaseg has none '
            f'({", ".join(missing)} not found); give the config and the '
            'checkpoint of a trained BoxCaseg, such as '
            'configs/boxcaseg/hrnet_w48_voc.py and its weights'
        )
    config, checkpoint = map(str, paths)
    return config, checkpoint


def default_calibration() -> str | None:
    """Get the calibration of the default model's expected IoU.

    Returns:
        str | None: Path of the file, for
        :func:`~mmboxcaseg.annotations.read_calibration`; None if this copy of
        the package has none.
    """
    path = WEIGHTS / f'{NAME}.calibration.json'
    return str(path) if path.is_file() else None


def default_onnx() -> str | None:
    """Get the default model as exported by ``boxcaseg export-onnx``.

    Returns:
        str | None: Path of the file; None if this copy of the package has
        none.
    """
    path = WEIGHTS / f'{NAME}.onnx'
    return str(path) if path.is_file() else None
