"""Choosing the runtime of the network: PyTorch or ONNX Runtime."""

import ctypes
import importlib.util
import os.path as osp
import re
from collections.abc import Sequence

from mmboxcaseg.prediction.onnx_model import SUFFIX

from .default_model import default_onnx

RUNTIMES = ('auto', 'torch', 'onnx')
FRAMEWORKS = ('torch', 'mmengine', 'mmcv', 'mmdet', 'mmseg')
INSTALL = 'install them with bash tools/setup_env.sh of the repository'


def choose_onnx(
    runtime: str,
    config: object,
    checkpoint: str | None,
    only_torch: Sequence[str] = (),
    device: str | None = None,
) -> str | None:
    """Choose between PyTorch and an exported model.

    Args:
        runtime (str): ``'torch'``, ``'onnx'``, or ``'auto'``, which chooses
            an exported model if there is one, the user asks for nothing that
            only PyTorch supports, and there is no GPU that PyTorch could use.
        config (str | Config | None): Config that the user gives.
        checkpoint (str | None): Path of the checkpoint or exported model that
            the user gives.
        only_torch (Sequence[str]): Options that the user gives and only
            PyTorch supports, for the message. Defaults to ().
        device (str | None): Device that the user asks for. Defaults to None:
            a GPU if there is one.

    Returns:
        str | None: Path of the exported model to use; None for PyTorch, which
        is then known to be installed.

    Raises:
        ImportError: If PyTorch is needed, but not installed.
        ValueError: If the arguments contradict each other.
    """
    if runtime not in RUNTIMES:
        raise ValueError(f'runtime must be one of {RUNTIMES}, not {runtime!r}')
    wishes = list(only_torch)
    if device not in (None, 'cpu'):
        wishes.append(f'the device {device}')
    exported = checkpoint is not None and checkpoint.endswith(SUFFIX)
    if exported and config is not None:
        raise ValueError(
            f'{checkpoint} has its settings in it; give it without a config'
        )
    path = checkpoint if exported else None
    if config is None and checkpoint is None:
        path = default_onnx()
    if exported and runtime == 'torch':
        raise ValueError(
            f'{checkpoint} needs the runtime onnx, not torch; give a config and '
            'a checkpoint for torch'
        )
    if runtime == 'onnx' or exported:
        if wishes:
            raise ValueError(
                f'{", ".join(wishes)}: only the runtime torch supports that, but an '
                'exported model needs the runtime onnx'
            )
        if path is None:
            raise ValueError(
                f'{checkpoint or config or "the model of the package"} is no '
                'exported model, which the runtime onnx needs; make one with '
                'boxcaseg export-onnx CONFIG CHECKPOINT -o MODEL.onnx'
            )
        return path
    if runtime == 'auto' and path is not None and not wishes:
        if has_onnxruntime() and (device == 'cpu' or not torch_has_gpu()):
            return path
    check_torch(wishes or ['the runtime torch' if path else 'a model with a config'])
    return None


def check_torch(why: Sequence[str], packages: Sequence[str] = FRAMEWORKS) -> None:
    """Check that PyTorch and OpenMMLab's packages are installed.

    Args:
        why (Sequence[str]): What needs the packages, for the message.
        packages (Sequence[str]): Import names of the packages. Defaults to
            ``FRAMEWORKS``, those that models need.

    Raises:
        ImportError: If a package is missing. The message says how to install
            it.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f'{", ".join(why)}: needs {", ".join(missing)}, which are not '
            f'installed; {INSTALL}'
        )


def has_onnxruntime() -> bool:
    """Whether ONNX Runtime is installed, found out without importing it."""
    return importlib.util.find_spec('onnxruntime') is not None


def torch_has_gpu() -> bool:
    """Whether there is a GPU that the installed PyTorch can use.

    This is found out without importing PyTorch, which takes seconds.

    Returns:
        bool: True if PyTorch is built for CUDA or ROCm and there is such a
        GPU.
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
    # A build for the CPU has "cuda: Optional[str] = None".
    built = re.findall(r"^(cuda|hip)\b.*= *['\"]", text, re.MULTILINE)
    return ('cuda' in built and _cuda_devices() > 0) or (
        'hip' in built and osp.exists('/dev/kfd')
    )


def _cuda_devices() -> int:
    """Number of GPUs that CUDA's driver shows to this process."""
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
