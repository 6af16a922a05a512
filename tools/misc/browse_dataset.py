"""Draw training batches as the model gets them, one picture a batch.

Of a BoxCaseg config (stage 1): patches with their box or their mask, after
augmentation and in the mixture of the sampler. Of a Proxy Mask R-CNN config
(stage 3): images with their instances; masks that the mask loss ignores are
hatched in red. The same seed gives the same pictures.

Example:
    python tools/misc/browse_dataset.py configs/boxcaseg/hrnet_w48_voc.py
"""
import argparse
import os.path as osp
import sys
from typing import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool; help imports no torch."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--out',
        help='folder (default: work_dirs/<name of the config>/browse)')
    parser.add_argument(
        '--num-batches', type=int, default=2, help='default: %(default)s')
    parser.add_argument(
        '--seed', type=int, default=0, help='default: %(default)s')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help="settings that replace the config's")
    args = parser.parse_args(argv)

    from mmboxcaseg.apis.batches import draw_batches
    from mmboxcaseg.engine.launch import load_config
    try:
        cfg = load_config(args.config, args.cfg_options)
        out = args.out or osp.join(cfg.work_dir, 'browse')
        for path in draw_batches(cfg, out, args.num_batches, args.seed):
            print(f'saved {path}')
    except (OSError, ValueError) as error:
        sys.exit(f'browse_dataset: error: {error}')


if __name__ == '__main__':
    main()
