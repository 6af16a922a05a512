"""One of two processes of test_boxcaseg_training.py: losses, steps."""

import os
import sys

import tiny
import torch
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper

out_file, *batches = sys.argv[1:]
torch.distributed.init_process_group('gloo')
rank = int(os.environ['RANK'])


def wrap(net):
    # As the runner does; find_unused_parameters is off.
    return MMDistributedDataParallel(net, broadcast_buffers=False)


results = []
for batch in batches:
    # 16 letters, b for a box and m for a mask, 8 for each process.
    kinds = [dict(b='box', m='mask')[letter] for letter in batch]
    inputs, samples = tiny.patches(kinds)
    part = slice(8 * rank, 8 * rank + 8)
    net = wrap(tiny.model().eval())
    losses = net(inputs[part], samples[part], mode='loss')
    tiny.total(losses).backward()
    means = {}
    for name, loss in losses.items():
        means[name] = loss.detach().clone()
        torch.distributed.all_reduce(means[name])
        means[name] /= 2
    results.append((means, tiny.gradients(net.module)))

net = wrap(tiny.model().train())
optim = OptimWrapper(torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9))
steps = [('bm', 'mm'), ('bb', 'bm'), ('bb', 'bb'), ('mb', 'bb'), ('mm', 'bb')]
for step in steps:
    kinds = [dict(b='box', m='mask')[letter] for letter in step[rank]]
    inputs, samples = tiny.patches(kinds, seed=rank)
    losses = net(inputs, samples, mode='loss')
    optim.update_params(tiny.total(losses))
weights = torch.cat([p.detach().flatten() for p in net.parameters()])
if rank == 0:
    torch.save(results, out_file)
both = [torch.empty_like(weights) for _ in range(2)]
torch.distributed.all_gather(both, weights)
assert torch.equal(*both), 'the processes have drifted apart'
assert weights.isfinite().all()
torch.distributed.destroy_process_group()
# DDP keeps gloo's threads beyond the group's end. One of them that lets go of
# its last tensor while the interpreter is taken down aborts the process, so it
# is not taken down: everything has been saved and checked.
os._exit(0)
