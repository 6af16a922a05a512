"""Optimiser wrapper for training in bfloat16, with or without a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmboxcaseg.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class BF16OptimWrapper(OptimWrapper):
    """An ``OptimWrapper`` whose forward passes use torch's autocast to bfloat16.

    mmengine's ``AmpOptimWrapper`` needs a GPU because it scales losses.
    bfloat16 has the range of float32, so losses need no scaling and a CPU can
    train with it. Weights, their gradients and the losses of BoxCaseg stay
    float32.

    The arguments are those of :class:`mmengine.optim.OptimWrapper`.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Provide the context of a forward pass.

        Args:
            model (nn.Module): The model, on the device of its first parameter.

        Yields:
            None: Nothing.

        Raises:
            RuntimeError: If the GPU does not support bfloat16.
        """
        device = next(model.parameters()).device.type
        if device == 'cuda' and not torch.cuda.is_bf16_supported(
            including_emulation=False
        ):
            raise RuntimeError(
                f'{torch.cuda.get_device_name()} does not support bfloat16; '
                'train in fp16 instead: tools/train.py --amp fp16'
            )
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield
