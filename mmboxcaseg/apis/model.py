"""Loading a trained model from its config and its checkpoint."""

import os

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.model import BaseModel
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import load_checkpoint

from mmboxcaseg.engine import WEIGHTS_ONLY, check_weights


def init_model(
    config: str | os.PathLike | Config,
    checkpoint: str,
    device: str | None = None,
    *,
    allow_unsafe: bool = False,
) -> BaseModel:
    """Build a model and load its weights.

    Args:
        config (str | Path | Config): Config of a BoxCaseg or of a detector,
            or its path.
        checkpoint (str): Path or URL of the checkpoint.
        device (str, optional): Device, such as ``'cpu'`` or ``'cuda:1'``.
            Defaults to None: a GPU if there is one.
        allow_unsafe (bool): Whether the checkpoint may contain more than
            weights and plain values. Loading such a file can run any code.
            Defaults to False.

    Returns:
        BaseModel: The model on the device, in evaluation mode.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If the checkpoint belongs to another model, or contains
            Python objects while ``allow_unsafe`` is False.
    """
    cfg = config if isinstance(config, Config) else Config.fromfile(config)
    # Another library may have set another default scope in this process.
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmboxcaseg')):
        model = MODELS.build(cfg.model)
    # The prefix would hide the scheme of a URL from mmengine.
    plain = allow_unsafe or '://' in checkpoint
    loaded = load_checkpoint(
        model,
        checkpoint if plain else f'{WEIGHTS_ONLY}{checkpoint}',
        map_location='cpu',
    )
    check_weights(model, loaded)
    return model.to(device or get_device()).eval()
