"""Draw training batches as the model gets them, one picture for each batch.

For a BoxCaseg config (stage 1) it draws patches with their box or their mask,
after augmentation and in the mixture of the sampler. For a Proxy Mask R-CNN
config (stage 3) it draws images with their instances; masks that the mask loss
ignores are hatched in red. The same seed gives the same pictures.

Example:
    python tools/misc/browse_dataset.py configs/boxcaseg/hrnet_w48_voc.py
"""

import argparse
import os.path as osp
import sys
from collections.abc import Sequence

from mmboxcaseg.cli import main as cli


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--out', help='folder (default: work_dirs/<name of the config>/browse)'
    )
    parser.add_argument(
        '--num-batches', type=int, default=2, help='default: %(default)s'
    )
    parser.add_argument('--seed', type=int, default=0, help='default: %(default)s')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help="settings that replace the config's",
    )
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Draw the batches; returns the exit status."""
    from mmboxcaseg.apis.batches import draw_batches
    from mmboxcaseg.engine.launch import load_config

    cfg = load_config(args.config, args.cfg_options)
    out = args.out or osp.join(cfg.work_dir, 'browse')
    for path in draw_batches(cfg, out, args.num_batches, args.seed):
        print(f'saved {path}')
    return 0


if __name__ == '__main__':
    sys.exit(cli.run(sys.modules[__name__], parse_args(None), 'browse_dataset'))
