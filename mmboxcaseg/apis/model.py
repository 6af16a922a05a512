"""A trained model out of its config and its checkpoint."""

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
        config (str | Path | Config): Config of a BoxCaseg, or of a detector;
            or its path.
        checkpoint (str): Path or address of the checkpoint.
        device (str, optional): Such as ``'cpu'`` or ``'cuda:1'``. Defaults to
            None: a GPU if there is one.
        allow_unsafe (bool): Whether the checkpoint may hold more than weights
            and plain values; such a file can run any code. Defaults to False.

    Returns:
        BaseModel: The model on the device, in evaluation mode.

    Raises:
        FileNotFoundError: If a file doesn't exist.
        ValueError: If the checkpoint is not of this model, or holds Python
            objects and ``allow_unsafe`` is not set.
    """
    cfg = config if isinstance(config, Config) else Config.fromfile(config)
    # Whatever scope another library has set in this process.
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmboxcaseg')):
        model = MODELS.build(cfg.model)
    # An address is read by the backend that it names.
    plain = allow_unsafe or '://' in checkpoint
    loaded = load_checkpoint(
        model,
        checkpoint if plain else f'{WEIGHTS_ONLY}{checkpoint}',
        map_location='cpu',
    )
    check_weights(model, loaded)
    return model.to(device or get_device()).eval()
