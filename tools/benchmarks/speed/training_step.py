"""A training step of BoxCaseg on HRNet-W48 against a bare network's."""
import contextlib
import os.path as osp
import shutil
import time
from typing import Any, Callable, Dict, List, Optional, Sequence
from unittest import mock

import torch
import torch.nn.functional as F
from bench_losses import our_losses
from measure import Row, cost, in_turn, speedup
from mmengine.config import Config
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from photos import Photos
from torch import Tensor, nn

from mmboxcaseg.models.heads import segmentation_head, transferred_head
from mmboxcaseg.registry import MODELS

MODELS_DIR = osp.join(
    osp.dirname(__file__), '..', '..', '..', 'configs', '_base_', 'models')
SIZE = 288
# Of the small model, which compiles in minutes on a CPU.
SMALL_SIZE = 160
HEADS = 'against heads on the concatenated maps'
# Table 5's best ratio, 9:7; the closest that four samples allow.
BATCHES = dict(cpu=(2, 2), cuda=(9, 7))


def build(backbone: str = 'hrnet_w48', **kwargs: Any) -> nn.Module:
    """BoxCaseg with random weights, ready to train; see BoxCaseg for the
    switches."""
    cfg = Config.fromfile(osp.join(MODELS_DIR, f'boxcaseg_{backbone}.py'))
    cfg.model.backbone.init_cfg = None
    torch.manual_seed(0)
    model = MODELS.build(dict(cfg.model, **kwargs))
    model.train()
    return model


def batch(counts: tuple, size: int = SIZE) -> tuple:
    """Patches of both kinds, so many of each, and their samples."""
    boxes, masks = counts
    count = boxes + masks
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(count, 3, size, size, generator=generator)
    label = torch.zeros(1, size, size, dtype=torch.long)
    label[:, size // 5:size // 2, size // 4:3 * size // 4] = 1
    samples = []
    for place in range(count):
        sample = SegDataSample(
            metainfo=dict(supervision='box' if place < boxes else 'mask'))
        sample.gt_sem_seg = PixelData(data=label.clone())
        samples.append(sample)
    return inputs, samples


def bare_logits(model: nn.Module, inputs: Tensor) -> Tensor:
    """Backbone and a fully convolutional head on the concatenated maps."""
    head = model.salient_head
    feats = concatenated(
        model.extract_feat(inputs), head.conv.weight, head.conv.bias)
    return head.conv_seg(head.relu(head.norm(feats)))


def bare_step(model: nn.Module, inputs: Tensor, label: Tensor) -> None:
    """Backbone, one fully convolutional head, cross entropy."""
    logits = bare_logits(model, inputs)
    logits = F.interpolate(logits, inputs.shape[-2:], mode='bilinear')
    F.binary_cross_entropy_with_logits(logits.float(), label).backward()


def concatenated(maps: Sequence[Tensor],
                 weight: Tensor,
                 bias: Optional[Tensor] = None) -> Tensor:
    """What conv_of_resized gives, by one convolution of one map."""
    feats = torch.cat(
        [F.interpolate(x, maps[0].shape[-2:], mode='bilinear') for x in maps],
        1)
    return F.conv2d(feats, weight, bias)


def plain_heads_step(model: nn.Module, inputs: Tensor, samples: list) -> None:
    """Our step with all heads on the resized and concatenated maps."""
    with contextlib.ExitStack() as stack:
        for module in (segmentation_head, transferred_head):
            stack.enter_context(
                mock.patch.object(module, 'conv_of_resized', concatenated))
        our_step(model, inputs, samples)


def our_step(model: nn.Module, inputs: Tensor, samples: list) -> None:
    """All heads, all losses."""
    sum(model.loss(inputs, samples).values()).backward()


def rows(photos: Photos) -> List[Row]:
    """Item 3, on the CPU; on a GPU see ``gpu``."""
    inputs, samples = batch(BATCHES['cpu'])
    return [
        *step_rows(inputs, samples, 2, 1, time.process_time),
        losses_row(inputs), *small_rows()
    ]


def small_rows() -> List[Row]:
    """Switches of the small model's step, on the CPU in wall time: compiling
    it is part of the cost, and runs on all cores."""
    inputs, samples = batch(BATCHES['cuda'], SMALL_SIZE)

    net = build('mobilenetv2')

    def plain() -> None:
        our_step(net, inputs, samples)

    def bf16() -> None:
        with torch.autocast('cpu', torch.bfloat16):
            plain()

    all_sides = dict(
        fp32=plain,
        bf16=bf16,
        heads=lambda: plain_heads_step(net, inputs, samples))
    name = f'training step, MobileNetV2, {len(inputs)} x {SMALL_SIZE} px'
    found = []
    if shutil.which('g++'):
        compiled = build('mobilenetv2', compile=True)
        all_sides['compiled'] = lambda: our_step(compiled, inputs, samples)
        start = time.perf_counter()
        all_sides['compiled']()
        found.append(
            Row(f'{name}, compiling', 's', None,
                time.perf_counter() - start))
    taken = in_turn(all_sides, 3, 1, time.perf_counter)
    found.append(
        speedup(f'{name}, {HEADS}', 's', taken['heads'], taken['fp32']))
    return found + [
        cost(f'{name}, {key}, against fp32', 's', taken['fp32'], taken[key])
        for key in all_sides if key not in ('fp32', 'heads')
    ]


def step_rows(inputs: Tensor, samples: list, repeats: int, warm_up: int,
              clock: Callable[[], float]) -> List[Row]:
    """Our step against the bare one, and what each switch brings."""
    device = inputs.device.type
    label = torch.stack([sample.gt_sem_seg.data for sample in samples]).float()
    model = build().to(device)
    with_channels_last = build(channels_last=True).to(device)
    with_channels_last.to(memory_format=torch.channels_last)

    def amp(dtype: torch.dtype) -> contextlib.AbstractContextManager:
        return torch.autocast(device, dtype)

    def timed(step: Callable, net: nn.Module, target: object, *dtype:
              torch.dtype) -> Callable[[], None]:

        def run() -> None:
            with contextlib.ExitStack() as stack:
                for kind in dtype:
                    stack.enter_context(amp(kind))
                step(net, inputs, target)
            if device == 'cuda':
                torch.cuda.synchronize()

        return run

    half = torch.bfloat16
    sides: Dict[str, Callable] = dict(
        bare=timed(bare_step, model, label),
        ours=timed(our_step, model, samples),
        heads=timed(plain_heads_step, model, samples),
        channels_last=timed(our_step, with_channels_last, samples),
        bf16=timed(our_step, model, samples, half),
        both=timed(our_step, with_channels_last, samples, half))
    if device == 'cuda':
        sides['fp16'] = timed(our_step, model, samples, torch.float16)
        sides['bare_both'] = timed(bare_step, with_channels_last, label, half)
        compiled = build(channels_last=True).to(device)
        compiled.to(memory_format=torch.channels_last)
        compiled.extract_feat = torch.compile(compiled.extract_feat)
        sides['compiled'] = timed(our_step, compiled, samples, half)
    taken = in_turn(sides, repeats, warm_up, clock)
    name = f'training step, HRNet-W48, {len(inputs)} x {SIZE} px'
    found = [
        cost(f'{name}, against backbone + one head + BCE', 's', taken['bare'],
             taken['ours'], 1.10),
        speedup(f'{name}, {HEADS}', 's', taken['heads'], taken['ours'])
    ]
    if 'bare_both' in taken:
        found.append(
            cost('the same, both channels last and bf16', 's',
                 taken['bare_both'], taken['both'], 1.10))
    what = dict(
        channels_last='channels_last=True',
        bf16='bf16',
        both='bf16 and channels_last=True',
        fp16='fp16',
        compiled='bf16, channels_last=True, compiled features')
    return found + [
        cost(f'{name}, {text}, against fp32', 's', taken['ours'], taken[key])
        for key, text in what.items() if key in taken
    ]


def losses_row(inputs: Tensor) -> Row:
    """Share of MIL and smoothness loss in a step of the same batch."""
    model = build()
    logits = torch.randn(len(inputs), SIZE, SIZE).requires_grad_()
    label = torch.zeros(len(inputs), SIZE, SIZE, dtype=torch.long)
    label[:, 60:200, 80:220] = 1
    target = label[:, None].float()
    taken = in_turn(
        dict(
            step=lambda: bare_step(model, inputs, target),
            losses=lambda: our_losses(logits, label).backward()), 1, 0)
    return cost('MIL + smoothness loss, of a bare step', 's', taken['step'],
                taken['losses'], 0.03)
