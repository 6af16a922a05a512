"""A small run of scoring heads: config, weights, photos and true masks."""

from pathlib import Path

import tiny
from mmengine.runner import save_checkpoint

CONFIG = """
default_scope = 'mmboxcaseg'
custom_imports = dict(
    imports=['tiny', 'mmboxcaseg.models', 'mmboxcaseg.datasets'])
log_level = 'WARNING'
env_cfg = dict(dist_cfg=dict(backend='gloo'))
model = {model}
test_dataloader = dict(
    batch_size=2,
    num_workers=0,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='BoxPromptDataset',
        ann_file='{folder}/boxes.json',
        data_prefix=dict(img='{folder}/img'),
        with_mask=True,
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='CropBoxes', size=32),
            dict(type='PackBoxPrompts'),
        ]))
test_evaluator = dict(type='InstanceIoUMetric')
test_cfg = dict(type='TestLoop')
"""


def write_inputs(folder: Path, **model) -> tuple[str, str]:
    """Three photos; paths of ``config.py`` and ``model.pth`` of a tiny model.

    Keys of the model's config are replaced by ``model``.
    """
    tiny.write_coco(
        folder, [[(5, 5, 20, 20), (30, 10, 25, 15)], [(0, 0, 60, 40)], [(8, 8, 30, 12)]]
    )
    config, weights = folder / 'config.py', folder / 'model.pth'
    config.write_text(CONFIG.format(model=tiny.model_cfg(**model), folder=folder))
    net = tiny.model(**model)
    save_checkpoint(dict(state_dict=net.state_dict()), str(weights))
    return str(config), str(weights)
