"""What ``train.py`` and ``test.py`` share: their common options, the config.

Nothing heavy is imported until the options are parsed, so that ``--help`` and
mistakes in the command line are answered at once.
"""
import argparse
import importlib.util
import os
import os.path as osp
import sys
from typing import List


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that training and testing share.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument(
        '--work-dir',
        help='folder of logs and results (default: the config\'s work_dir, '
        'or else work_dirs/<name of the config>)')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='settings that replace the config\'s, as in model.alpha=0.5; '
        'lists as key="[a,b]" or key=a,b, without blanks')
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes of a distributed run')
    # Some versions of PyTorch's launcher pass the rank this way.
    parser.add_argument(
        '--local_rank',
        '--local-rank',
        type=int,
        default=0,
        help=argparse.SUPPRESS)


def parse_args(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the command line and check what needs no import.

    Args:
        parser (argparse.ArgumentParser): With the common options and an
            argument ``config``.

    Returns:
        argparse.Namespace: The options.
    """
    args = parser.parse_args()
    if not osp.isfile(args.config):
        parser.error(f'the config {args.config} does not exist')
    for option in args.cfg_options:
        if '=' not in option:
            parser.error(f'--cfg-options takes KEY=VALUE, got {option!r}')
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def _parse_cfg_options(options: List[str]) -> dict:
    """Turn ``KEY=VALUE`` strings into a dict, values converted."""
    from mmengine.config import DictAction
    parser = argparse.ArgumentParser()
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={})
    words = ['--cfg-options', *options] if options else []
    return parser.parse_args(words).cfg_options


def load_config(args: argparse.Namespace):
    """Read the config and apply the common options.

    Args:
        args (argparse.Namespace): What :func:`parse_args` returned.

    Returns:
        mmengine.config.Config: The config, ready but for the caller's own
        options; see also :func:`build_runner`.
    """
    if importlib.util.find_spec('mmboxcaseg') is None:
        # Run from a checkout, with the package not installed.
        sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))
    from mmengine.config import Config
    cfg = Config.fromfile(args.config)
    cfg.launcher = args.launcher
    cfg.merge_from_dict(_parse_cfg_options(args.cfg_options))
    name = osp.splitext(osp.basename(args.config))[0]
    cfg.work_dir = (
        args.work_dir or cfg.get('work_dir') or osp.join('work_dirs', name))
    return cfg


def build_runner(cfg):
    """Build the runner, also in several processes without a GPU.

    Args:
        cfg (mmengine.config.Config): The final config.

    Returns:
        mmengine.runner.Runner: The runner.
    """
    from mmengine.runner import Runner

    from mmboxcaseg.engine.dist import prepare_distributed
    prepare_distributed(cfg)
    return Runner.from_cfg(cfg)
