"""Drawing training batches."""

import os.path as osp

from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import Runner, set_random_seed
from torch.utils.data import DataLoader

from mmboxcaseg import visualization as vis


def train_loader(cfg: Config, seed: int) -> DataLoader:
    """Build the training data loader of a config, without worker processes.

    Args:
        cfg (Config): The config.
        seed (int): Seed of the sampler and of the augmentation.

    Returns:
        DataLoader: The loader.
    """
    set_random_seed(seed)
    return Runner.build_dataloader(
        dict(cfg.train_dataloader, num_workers=0, persistent_workers=False), seed=seed
    )


def draw_batches(
    cfg: Config, out: str, num_batches: int = 2, seed: int = 0
) -> list[str]:
    """Draw training batches as the model receives them, one picture each.

    Args:
        cfg (Config): Config of a BoxCaseg (stage 1) or of a Proxy Mask R-CNN
            (stage 3).
        out (str): Folder to write ``batch_<number>.png`` to.
        num_batches (int): Number of batches, 1 or more. Defaults to 2.
        seed (int): Seed of the sampler and of the augmentation. Defaults to
            0.

    Returns:
        list[str]: Paths of the pictures.

    Raises:
        TypeError: If the batches are those of another kind of model.
        ValueError: If ``num_batches`` is less than 1.
    """
    if num_batches < 1:
        raise ValueError(f'num_batches must be at least 1, not {num_batches}')
    written = []
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmengine')):
        loader = train_loader(cfg, seed)
        preprocessor = MODELS.build(cfg.model.data_preprocessor)
        for number, batch in zip(range(1, num_batches + 1), loader):
            batch = preprocessor(batch, training=True)
            samples = batch['data_samples']
            sheet = vis.batch_sheet(
                vis.denormalize(batch['inputs'], samples, preprocessor),
                samples,
                loader.dataset.metainfo['classes'],
                f'{osp.basename(cfg.filename)}: training batch {number}, seed {seed}',
            )
            written.append(osp.join(out, f'batch_{number}.png'))
            vis.write_png(written[-1], sheet)
    return written
