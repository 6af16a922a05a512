"""A training step of BoxCaseg, compared with that of a bare network."""

import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from unittest import mock

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmboxcaseg.models.heads import segmentation_head, transferred_head
from mmboxcaseg.registry import MODELS

from . import losses
from .inputs import Inputs, base_config
from .measure import Row, compare, in_turn

SIZE = 288
# Size for the small model, which compiles in minutes on a CPU.
SMALL_SIZE = 160
# Box and salient patches of a batch: the best ratio of Table 5, 9:7, or the closest
# one that four samples allow.
BATCHES = dict(cpu=(2, 2), cuda=(9, 7))
HALF = torch.bfloat16


def build(backbone: str = 'hrnet_w48', **kwargs: Any) -> nn.Module:
    """Build BoxCaseg with random weights in training mode.

    Args:
        backbone (str): Name of the backbone in ``configs/_base_/models``.
            Defaults to ``'hrnet_w48'``.
        **kwargs (Any): Further arguments of BoxCaseg.

    Returns:
        nn.Module: The model.
    """
    cfg = base_config(f'models/boxcaseg_{backbone}.py')
    cfg.model.backbone.init_cfg = None
    torch.manual_seed(0)
    return MODELS.build(dict(cfg.model, **kwargs)).train()


def batch(
    counts: tuple[int, int], size: int = SIZE
) -> tuple[Tensor, list[SegDataSample]]:
    """Make a batch.

    Args:
        counts (tuple[int, int]): Numbers of box and of salient patches.
        size (int): Side of the patches in pixels. Defaults to 288.

    Returns:
        tuple[Tensor, list[SegDataSample]]: Patches and their data samples.
    """
    boxes, masks = counts
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(boxes + masks, 3, size, size, generator=generator)
    label = torch.zeros(1, size, size, dtype=torch.long)
    label[:, size // 5 : size // 2, size // 4 : 3 * size // 4] = 1
    samples = []
    for kind in ['box'] * boxes + ['mask'] * masks:
        sample = SegDataSample(metainfo=dict(supervision=kind))
        sample.gt_sem_seg = PixelData(data=label.clone())
        samples.append(sample)
    return inputs, samples


def bare_logits(model: nn.Module, inputs: Tensor) -> Tensor:
    """Logits of a fully convolutional head on the concatenated maps."""
    head = model.salient_head
    feats = concatenated(model.extract_feat(inputs), head.conv.weight, head.conv.bias)
    return head.conv_seg(head.relu(head.norm(feats)))


def concatenated(
    maps: Sequence[Tensor], weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Compute what ``conv_of_resized`` does, by one convolution of one map."""
    feats = torch.cat(
        [F.interpolate(x, maps[0].shape[-2:], mode='bilinear') for x in maps], 1
    )
    return F.conv2d(feats, weight, bias)


def bare_step(model: nn.Module, inputs: Tensor, samples: list) -> None:
    """A step of a backbone with one convolutional head and cross entropy."""
    label = torch.stack([sample.gt_sem_seg.data for sample in samples])
    logits = bare_logits(model, inputs)
    logits = F.interpolate(logits, inputs.shape[-2:], mode='bilinear').float()
    F.binary_cross_entropy_with_logits(logits, label.float()).backward()


def our_step(model: nn.Module, inputs: Tensor, samples: list) -> None:
    """A step of BoxCaseg with all heads and losses."""
    sum(model.loss(inputs, samples).values()).backward()


def plain_heads_step(model: nn.Module, inputs: Tensor, samples: list) -> None:
    """A step of BoxCaseg whose heads take the concatenated maps."""
    patch = partial(mock.patch.object, attribute='conv_of_resized', new=concatenated)
    with patch(segmentation_head), patch(transferred_head):
        our_step(model, inputs, samples)


def rows(inputs: Inputs) -> list[Row]:
    """Measure steps on the CPU; ``gpu`` measures them on a GPU."""
    patches, samples = batch(BATCHES['cpu'])
    return [
        *step_rows(patches, samples, 2, 1, time.process_time),
        losses_row(patches, samples),
        *small_rows(),
    ]


def run(
    step: Callable,
    model: nn.Module,
    inputs: Tensor,
    samples: list,
    dtype: torch.dtype | None = None,
) -> None:
    """Run a step to its end, with autocast if a dtype is given."""
    device = inputs.device.type
    with torch.autocast(device, dtype, enabled=dtype is not None):
        step(model, inputs, samples)
    if device == 'cuda':
        torch.cuda.synchronize()


def step_rows(
    inputs: Tensor,
    samples: list,
    repeats: int,
    warm_up: int,
    clock: Callable[[], float],
) -> list[Row]:
    """Compare our step with the bare one, and with each setting that speeds it up."""
    device = inputs.device.type
    # It makes functions that run a step with the same batch.
    side = partial(partial, run, inputs=inputs, samples=samples)
    model = build().to(device)
    with_channels_last = build(channels_last=True)
    with_channels_last.to(device, memory_format=torch.channels_last)
    sides = dict(
        bare=side(bare_step, model),
        ours=side(our_step, model),
        heads=side(plain_heads_step, model),
        channels_last=side(our_step, with_channels_last),
        bf16=side(our_step, model, dtype=HALF),
        both=side(our_step, with_channels_last, dtype=HALF),
    )
    if device == 'cuda':
        compiled = build(channels_last=True)
        compiled.to(device, memory_format=torch.channels_last)
        compiled.extract_feat = torch.compile(compiled.extract_feat)
        sides.update(
            fp16=side(our_step, model, dtype=torch.float16),
            bare_both=side(bare_step, with_channels_last, dtype=HALF),
            compiled=side(our_step, compiled, dtype=HALF),
        )
    taken = in_turn(sides, repeats, warm_up, clock)
    return compare(
        taken,
        [
            ('against backbone + one head + BCE', 'ours', 'bare'),
            ('against heads on the concatenated maps', 'ours', 'heads'),
            (
                'both channels last and bf16, against backbone + one head + BCE',
                'both',
                'bare_both',
            ),
            ('channels_last=True, against fp32', 'channels_last', 'ours'),
            ('bf16, against fp32', 'bf16', 'ours'),
            ('bf16 and channels_last=True, against fp32', 'both', 'ours'),
            ('fp16, against fp32', 'fp16', 'ours'),
            (
                'bf16, channels_last=True, compiled features, against fp32',
                'compiled',
                'ours',
            ),
        ],
        name=f'training step, HRNet-W48, {len(inputs)} x {SIZE} px, ',
    )


def losses_row(inputs: Tensor, samples: list) -> Row:
    """Measure the share of MIL and smoothness loss in a step."""
    logits, label = losses.batch(len(inputs), SIZE)
    ms = in_turn(
        dict(
            step=partial(run, bare_step, build(), inputs, samples),
            losses=lambda: losses.our_losses(logits, label).backward(),
        ),
        1,
        0,
    )
    return Row(
        'MIL + smoothness loss, share of a bare step',
        '%',
        100 * ms['losses'] / ms['step'],
    )


def small_rows() -> list[Row]:
    """Measure settings of the small model's step on the CPU, in wall time, since
    compiling runs on all cores."""
    inputs, samples = batch(BATCHES['cuda'], SMALL_SIZE)
    # It makes functions that run a step with the same batch.
    side = partial(partial, run, inputs=inputs, samples=samples)
    model = build('mobilenetv2')
    sides = dict(
        ours=side(our_step, model),
        bf16=side(our_step, model, dtype=HALF),
        heads=side(plain_heads_step, model),
    )
    name = f'training step, MobileNetV2, {len(inputs)} x {SMALL_SIZE} px, '
    found = []
    if shutil.which('g++'):
        sides['compiled'] = side(our_step, build('mobilenetv2', compile=True))
        start = time.perf_counter()
        sides['compiled']()
        found.append(Row(f'{name}compiling', 's', time.perf_counter() - start))
    return found + compare(
        in_turn(sides, 3, 1, time.perf_counter),
        [
            ('against heads on the concatenated maps', 'ours', 'heads'),
            ('bf16, against fp32', 'bf16', 'ours'),
            ('compiled, against fp32', 'compiled', 'ours'),
        ],
        name=name,
    )
