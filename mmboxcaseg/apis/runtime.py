"""What computes the network: PyTorch, or ONNX Runtime."""

import ctypes
import importlib.util
import os.path as osp
import re
from collections.abc import Sequence

from mmboxcaseg.prediction.onnx_model import SUFFIX

from .default_model import default_onnx

RUNTIMES = ('auto', 'torch', 'onnx')
FRAMEWORKS = ('torch', 'mmengine', 'mmcv', 'mmdet', 'mmseg')
INSTALL = 'bash tools/setup_env.sh of the repository installs them'


def choose_onnx(
    runtime: str,
    config: object,
    checkpoint: str | None,
    only_torch: Sequence[str] = (),
    device: str | None = None,
) -> str | None:
    """The exported model that is to be used, if one is.

    Args:
        runtime (str): ``'torch'``, ``'onnx'``, or ``'auto'``: the exported
            model where there is one, nothing that only PyTorch can do is
            asked for, and there is no GPU that PyTorch could use.
        config (str | Config | None): Config that is named.
        checkpoint (str | None): Checkpoint or exported model that is named.
        only_torch (Sequence[str]): What is asked for that only PyTorch can
            do, as the user has named it. Defaults to ().
        device (str | None): ``'cpu'``, another device, or None: a GPU if there
            is one. Defaults to None.

    Returns:
        str | None: Path of the exported model; None for PyTorch, which is
        installed then.

    Raises:
        ImportError: If PyTorch is needed and not installed.
        ValueError: If what is asked for does not go together.
    """
    if runtime not in RUNTIMES:
        raise ValueError(f'runtime must be one of {RUNTIMES}, not {runtime!r}')
    wishes = list(only_torch)
    if device not in (None, 'cpu'):
        wishes.append(f'the device {device}')
    exported = checkpoint is not None and checkpoint.endswith(SUFFIX)
    if exported and config is not None:
        raise ValueError(
            f'{checkpoint} holds what masks need of a config; give it without one'
        )
    path = checkpoint if exported else None
    if config is None and checkpoint is None:
        path = default_onnx()
    if exported and runtime == 'torch':
        raise ValueError(f'{checkpoint} is for the runtime onnx, not torch')
    if runtime == 'onnx' or exported:
        if wishes:
            raise ValueError(
                f'{", ".join(wishes)}: only the runtime torch can do that, and an '
                'exported model is for the runtime onnx'
            )
        if path is None:
            raise ValueError(
                f'{checkpoint or config or "the model of the package"} is no '
                'exported model, which the runtime onnx needs; make one by '
                'boxcaseg export-onnx CONFIG CHECKPOINT -o MODEL.onnx'
            )
        return path
    if runtime == 'auto' and path is not None and not wishes:
        if has_onnxruntime() and (device == 'cpu' or not torch_has_gpu()):
            return path
    check_torch(wishes or ['the runtime torch' if path else 'a model with a config'])
    return None


def check_torch(why: Sequence[str], packages: Sequence[str] = FRAMEWORKS) -> None:
    """Raise ImportError unless PyTorch and OpenMMLab's packages are there.

    Args:
        why (Sequence[str]): What needs them.
        packages (Sequence[str]): The packages. Defaults to those that models
            need.

    Raises:
        ImportError: With what to install.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f'{", ".join(why)}: needs {", ".join(missing)}, which are not '
            f'installed; {INSTALL}'
        )


def has_onnxruntime() -> bool:
    """Whether ONNX Runtime is installed; it is not imported."""
    return importlib.util.find_spec('onnxruntime') is not None


def torch_has_gpu() -> bool:
    """Whether PyTorch is installed for a GPU, CUDA's or ROCm's, and there is one.

    PyTorch itself would need seconds to say so.
    """
    found = importlib.util.find_spec('torch')
    if found is None or not found.origin:
        return False
    try:
        with open(
            osp.join(osp.dirname(found.origin), 'version.py'), encoding='utf-8'
        ) as file:
            text = file.read()
    except OSError:
        return False
    # "cuda: Optional[str] = None" where it is built for the CPU.
    built = re.findall(r"^(cuda|hip)\b.*= *['\"]", text, re.MULTILINE)
    return ('cuda' in built and _cuda_devices() > 0) or (
        'hip' in built and osp.exists('/dev/kfd')
    )


def _cuda_devices() -> int:
    """Number of GPUs that the driver shows to this process."""
    for name in ('libcuda.so.1', 'nvcuda.dll'):
        try:
            driver = ctypes.CDLL(name)
        except OSError:
            continue
        count = ctypes.c_int()
        if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
            return 0
        return count.value
    return 0
