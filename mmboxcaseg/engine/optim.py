"""Optimiser wrapper of training in bfloat16, also without a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmboxcaseg.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class BF16OptimWrapper(OptimWrapper):
    """Forward passes compute in bfloat16 where autocast does.

    bfloat16 has the range of float32, so losses need no scaling, which is
    all that mmengine's ``AmpOptimWrapper`` has to refuse a CPU for. Weights,
    their gradients and the losses of BoxCaseg stay float32.

    The arguments are those of :class:`mmengine.optim.OptimWrapper`.

    Raises:
        RuntimeError: On a GPU that has no bfloat16.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Context of a forward pass.

        Args:
            model (nn.Module): The model, whose first parameter tells the
                device.
        """
        device = next(model.parameters()).device.type
        if device == 'cuda' and not torch.cuda.is_bf16_supported(
            including_emulation=False
        ):
            raise RuntimeError(
                f'{torch.cuda.get_device_name()} has no bfloat16; train in '
                'fp16: tools/train.py --amp fp16'
            )
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield
