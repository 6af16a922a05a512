"""Draw training batches as the model gets them, one picture a batch.

Of a BoxCaseg config (stage 1): patches with their box or their mask, after
augmentation and in the mixture of the sampler. Of a Proxy Mask R-CNN config
(stage 3): images with their instances; masks that the mask loss leaves out
are hatched in red. The same seed gives the same pictures.

Example:
    python tools/misc/browse_dataset.py configs/boxcaseg/hrnet_w48_voc.py
"""
import argparse
import os.path as osp
import sys

from mmboxcaseg import visualization as vis

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))
from run_config import load_config, parse_args  # noqa: E402

# Pictures are scaled to fit squares of these sides, in pixels: images of
# stage 3 and patches of stage 1.
IMAGE_SIDE = 420
PATCH_SIDE = 192


def build_loader(cfg, seed: int):
    """The training data of a config, loaded in this process.

    Args:
        cfg (mmengine.config.Config): The config.
        seed (int): Of sampler and augmentation.

    Returns:
        torch.utils.data.DataLoader: The loader.
    """
    from mmengine.registry import init_default_scope
    from mmengine.runner import Runner, set_random_seed
    init_default_scope(cfg.get('default_scope', 'mmengine'))
    set_random_seed(seed)
    return Runner.build_dataloader(
        dict(cfg.train_dataloader, num_workers=0, persistent_workers=False),
        seed=seed)


def denormalize(inputs, preprocessor):
    """What the model gets, as pictures again.

    Args:
        inputs (torch.Tensor): Normalised images, shape (B, 3, H, W).
        preprocessor (mmengine.model.ImgDataPreprocessor): What made them of
            images in the order BGR.

    Returns:
        numpy.ndarray: RGB, uint8, shape (B, H, W, 3).
    """
    if preprocessor._enable_normalize:
        inputs = inputs * preprocessor.std + preprocessor.mean
    if not preprocessor._channel_conversion:
        inputs = inputs[:, [2, 1, 0]]
    inputs = inputs.round().clamp(0, 255).byte()
    return inputs.permute(0, 2, 3, 1).cpu().numpy()


def draw_image(image, sample, classes):
    """An image of stage 3 with its instances.

    Args:
        image (numpy.ndarray): RGB, uint8, shape (H, W, 3).
        sample (mmdet.structures.DetDataSample): With ``gt_instances``.
        classes (Sequence[str]): Names of the classes.

    Returns:
        mmboxcaseg.visualization.Cell: The picture with its caption.
    """
    truth = sample.gt_instances
    masks = truth.masks.to_ndarray() if 'masks' in truth else []
    labels = truth.labels.tolist()
    ignored = [False] * len(labels)
    if 'mask_weights' in truth:
        ignored = (truth.mask_weights == 0).tolist()
    instances = vis.Instances(
        getattr(truth.bboxes, 'tensor',
                truth.bboxes).numpy(), [mask > 0 for mask in masks], labels,
        [classes[label] for label in labels])
    return vis.training_picture(image, instances, ignored,
                                osp.basename(sample.img_path), IMAGE_SIDE)


def draw_batch(inputs, samples, classes, title: str):
    """A sheet of one batch.

    Args:
        inputs (numpy.ndarray): RGB, uint8, shape (B, H, W, 3).
        samples (list): B data samples.
        classes (Sequence[str]): Names of the classes, for stage 3.
        title (str): Of the sheet.

    Returns:
        numpy.ndarray: RGB, uint8.

    Raises:
        TypeError: If the samples are neither of stage 1 nor of stage 3.
    """
    size = f'{inputs.shape[2]} x {inputs.shape[1]}'
    if 'gt_sem_seg' in samples[0]:
        cells = [
            vis.patch_picture(patch, sample.gt_sem_seg.data[0].numpy() == 1,
                              sample.supervision,
                              osp.basename(sample.img_path), PATCH_SIDE)
            for patch, sample in zip(inputs, samples)
        ]
        columns = 8
        kinds = [sample.supervision for sample in samples]
        subtitle = (f'{kinds.count("box")} patches with a box and '
                    f'{kinds.count("mask")} with a mask, {size} px')
        legend = [(vis.swatch(vis.BOX, 'box'), 'box supervision'),
                  (vis.swatch(vis.MASK, 'mask'), 'mask supervision')]
    elif 'gt_instances' in samples[0]:
        cells = [draw_image(*pair, classes) for pair in zip(inputs, samples)]
        columns = 4
        subtitle = f'{len(cells)} images, padded to {size} px'
        legend = [(vis.swatch(vis.color_of(0), 'mask'), 'mask trains'),
                  (vis.swatch(vis.DROPPED, 'hatched'),
                   'mask ignored: only box and class train')]
    else:
        raise TypeError(
            f'the data samples are {type(samples[0]).__name__} with neither '
            'gt_sem_seg nor gt_instances; give a training config of BoxCaseg '
            'or of a detector')
    return vis.make_sheet(
        vis.in_rows(cells, columns), title, subtitle, legend=legend)


def main() -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--out',
        help='folder (default: work_dirs/<name of the config>/browse)')
    parser.add_argument(
        '--num-batches', type=int, default=2, help='default: 2')
    parser.add_argument('--seed', type=int, default=0, help='default: 0')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='settings that replace the config\'s')
    # What load_config asks for beside these.
    parser.set_defaults(work_dir=None, launcher='none', local_rank=0)
    args = parse_args(parser)
    if args.num_batches < 1:
        parser.error('--num-batches must be at least 1')

    cfg = load_config(args)
    loader = build_loader(cfg, args.seed)
    from mmengine.registry import MODELS
    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    out = args.out or osp.join(cfg.work_dir, 'browse')
    name = osp.basename(args.config)
    for number, batch in zip(range(1, args.num_batches + 1), loader):
        batch = preprocessor(batch, training=True)
        sheet = draw_batch(
            denormalize(batch['inputs'], preprocessor), batch['data_samples'],
            loader.dataset.metainfo['classes'],
            f'{name}: training batch {number}, seed {args.seed}')
        path = osp.join(out, f'batch_{number}.png')
        vis.write_png(path, sheet)
        print(f'saved {path}', flush=True)


if __name__ == '__main__':
    main()
