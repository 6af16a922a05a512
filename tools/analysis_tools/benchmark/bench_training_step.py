"""A training step of BoxCaseg on HRNet-W48 against a bare network's."""
import contextlib
import os.path as osp
import time
from typing import Callable, Dict, List

import torch
import torch.nn.functional as F
from bench_losses import our_losses
from measure import Row, cost, in_turn
from mmengine.config import Config
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from photos import Photos
from torch import Tensor, nn

from mmboxcaseg.registry import MODELS

CONFIG = osp.join(
    osp.dirname(__file__), '..', '..', '..', 'configs', '_base_', 'models',
    'boxcaseg_hrnet_w48.py')
SIZE = 288
# Table 5's best ratio, 9:7; the closest that four samples allow.
BATCHES = dict(cpu=(2, 2), cuda=(9, 7))


def build(channels_last: bool = False) -> nn.Module:
    """BoxCaseg on HRNet-W48 with random weights, ready to train."""
    cfg = Config.fromfile(CONFIG).model
    cfg.backbone.init_cfg = None
    torch.manual_seed(0)
    model = MODELS.build(dict(cfg, channels_last=channels_last))
    model.train()
    return model


def batch(device: str) -> tuple:
    """Patches of both kinds and their samples."""
    boxes, masks = BATCHES[device]
    count = boxes + masks
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(count, 3, SIZE, SIZE, generator=generator)
    label = torch.zeros(1, SIZE, SIZE, dtype=torch.long)
    label[:, 60:200, 80:220] = 1
    samples = []
    for place in range(count):
        sample = SegDataSample(
            metainfo=dict(supervision='box' if place < boxes else 'mask'))
        sample.gt_sem_seg = PixelData(data=label.clone())
        samples.append(sample.to(device))
    return inputs.to(device), samples


def bare_step(model: nn.Module, inputs: Tensor, label: Tensor) -> None:
    """Backbone, one fully convolutional head, cross entropy."""
    logits = model.salient_head(model.extract_feat(inputs))
    logits = F.interpolate(logits, inputs.shape[-2:], mode='bilinear')
    F.binary_cross_entropy_with_logits(logits.float(), label).backward()


def our_step(model: nn.Module, inputs: Tensor, samples: list) -> None:
    """All heads, all losses."""
    sum(model.loss(inputs, samples).values()).backward()


def rows(photos: Photos) -> List[Row]:
    """Item 3, on the CPU; on a GPU see ``gpu``."""
    inputs, samples = batch('cpu')
    return [
        *step_rows(inputs, samples, 1, 0, time.process_time),
        losses_row(inputs)
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
             taken['ours'], 1.10)
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
