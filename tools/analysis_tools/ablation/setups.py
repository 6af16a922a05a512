"""What the commands of an ablation need to know of the base configs."""
import argparse
import hashlib
import os
import os.path as osp
import re
from dataclasses import dataclass, replace
from typing import Dict, FrozenSet, Optional, Sequence

import run_config

from . import tables

REPO_ROOT = osp.abspath(osp.join(osp.dirname(__file__), *['..'] * 3))
STAGE1 = dict(
    voc='configs/boxcaseg/hrnet_w48_voc.py',
    coco='configs/boxcaseg/hrnet_w48_coco.py',
    mini='configs/boxcaseg/mini/mobilenetv2_coco-mini.py')
STAGE3 = dict(
    voc='configs/proxy_mask_rcnn/mask-rcnn_r101_fpn_voc.py',
    coco='configs/proxy_mask_rcnn/mask-rcnn_r101_fpn_coco.py',
    mini='configs/proxy_mask_rcnn/mini/'
    'mask-rcnn_mobilenetv2_fpn_coco-mini_masks.py')
# Trained once for all rows of the mini data, which then train mask heads.
MINI_DETECTOR = ('configs/proxy_mask_rcnn/mini/'
                 'mask-rcnn_mobilenetv2_fpn_coco-mini.py')


@dataclass(frozen=True)
class Setup:
    """The full model of a data set, and where its parts are.

    Args:
        name (str): ``'voc'``, ``'coco'`` or ``'mini'``.
        stage1 (str): Path of the base config of stage 1.
        stage3 (str): Path of the base config of stage 3.
        ablations (dict[str, str]): Config of each variant of stage 1, and,
            by ``'stage3/' +`` its name, of stage 3.
        same_as_base (frozenset[str]): Those variants that change nothing.
        stage1_last (str): Name of the last checkpoint of stage 1.
        stage3_last (str): Name of the last checkpoint of stage 3.
        ann (str): COCO json of the training boxes; with masks, since proxy
            masks are scored against them.
        img_dir (str): Folder of its images.
        salient_root (str): Folder of the salient images and their masks.
        agreement_thr (float): Threshold of the full model.
        checkpoint (str, optional): Trained BoxCaseg of the base config.
        detector_config (str, optional): Config of a detector whose boxes all
            rows share.
        detector_last (str, optional): Name of its last checkpoint.
        detector (str, optional): That detector, trained.
        voc20 (bool): Whether stage 3 takes VOC's 20 of COCO's categories.
        stage1_options (tuple[str, ...]): ``KEY=VALUE`` for stage 1.
        stage3_options (tuple[str, ...]): ``KEY=VALUE`` for stage 3.
        seed (int, optional): Of every training; random if not given.
        digests (dict[str, str]): SHA-256 of the resolved base configs.
    """
    name: str
    stage1: str
    stage3: str
    ablations: Dict[str, str]
    same_as_base: FrozenSet[str]
    stage1_last: str
    stage3_last: str
    ann: str
    img_dir: str
    salient_root: str
    agreement_thr: float
    checkpoint: Optional[str] = None
    detector_config: Optional[str] = None
    detector_last: Optional[str] = None
    detector: Optional[str] = None
    voc20: bool = False
    stage1_options: Sequence[str] = ()
    stage3_options: Sequence[str] = ()
    seed: Optional[int] = None
    digests: Optional[Dict[str, str]] = None


def in_repo(path: str) -> str:
    """A path of the repository, relative to the working directory."""
    return osp.relpath(osp.join(REPO_ROOT, path))


def ablation_file(base: str, variant: str) -> str:
    """Ablation config of a base config.

    Args:
        base (str): Path of the base config.
        variant (str): Ending of the ablation config's name.

    Returns:
        str: Its path.
    """
    folder, name = osp.split(base)
    return osp.join(folder, 'ablations',
                    f'{osp.splitext(name)[0]}_{variant}.py')


def rebase(config: str, base: str, out: str) -> None:
    """Write an ablation config again for another base config.

    Args:
        config (str): Ablation config, with one ``_base_``.
        base (str): Config to inherit from instead.
        out (str): File to write; its folder is made.

    Raises:
        ValueError: If the config has not exactly one line ``_base_ = '...'``.
    """
    with open(config, encoding='utf-8') as file:
        text = file.read()
    text, count = re.subn(
        r"^_base_ = '[^']*'$",
        lambda _: f'_base_ = {osp.abspath(base)!r}',
        text,
        flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"{config}: {count} lines of the form _base_ = "
                         "'FILE', where an ablation has one")
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    with open(out, 'w', encoding='utf-8') as file:
        file.write(text)


def load(config: str, options: Sequence[str] = ()):
    """A config with settings replaced.

    Args:
        config (str): Its file.
        options (Sequence[str]): ``KEY=VALUE``, as for ``tools/train.py``.

    Returns:
        mmengine.config.Config: The config.
    """
    from mmengine.logging import MMLogger

    # It tells for every config which environment variables it has used.
    MMLogger.get_current_instance().setLevel('WARNING')
    return run_config.load_config(
        argparse.Namespace(
            config=config,
            cfg_options=list(options),
            launcher='none',
            # One for all, so that configs can be compared.
            work_dir='work_dirs'))


def last_checkpoint(cfg) -> str:
    """Name of the checkpoint that a training ends with."""
    train_cfg = cfg.train_cfg
    if 'max_iters' in train_cfg:
        return f'iter_{train_cfg.max_iters}.pth'
    return f'epoch_{train_cfg.max_epochs}.pth'


def _digest(cfg) -> str:
    return hashlib.sha256(cfg.pretty_text.encode('utf-8')).hexdigest()


def make_setup(name: str, table: tables.Table, rows: Sequence[tables.Row],
               folder: str, args: argparse.Namespace) -> Setup:
    """Read the base configs, and write ablations for the mini ones.

    Args:
        name (str): ``'voc'``, ``'coco'`` or ``'mini'``.
        table (Table): The table to run.
        rows (Sequence[Row]): Its rows on that data.
        folder (str): Work folder of the data set.
        args (argparse.Namespace): Options of ``run_ablation.py``.

    Returns:
        Setup: What the plan needs.
    """
    stage1 = args.stage1 or in_repo(STAGE1[name])
    stage3 = args.stage3 or in_repo(STAGE3[name])
    cfg = load(stage1, args.stage1_options)
    box = cfg.train_dataloader.dataset.box
    salient = cfg.train_dataloader.dataset.salient
    setup = Setup(
        name=name,
        stage1=stage1,
        stage3=stage3,
        ablations={},
        same_as_base=frozenset(),
        stage1_last=last_checkpoint(cfg),
        stage3_last='',
        ann=osp.join(box.get('data_root', ''), box.ann_file),
        img_dir=osp.join(box.get('data_root', ''), box.data_prefix.img),
        salient_root=salient.get('data_root', ''),
        agreement_thr=0.0,
        checkpoint=args.checkpoint,
        detector=args.detector,
        stage1_options=tuple(args.stage1_options),
        stage3_options=tuple(args.stage3_options),
        seed=args.seed,
        digests={stage1: _digest(cfg)})
    bases = {'': cfg}
    if table.uses(tables.MASK_RCNN):
        bases['stage3/'] = load(stage3, args.stage3_options)
        setup = _with_stage3(setup, bases['stage3/'], not args.stage3)
    return _with_ablations(setup, rows, folder, bases)


def _with_stage3(setup: Setup, cfg, default: bool) -> Setup:
    """Add what the base config of stage 3, the default one or another,
    tells."""
    dataset = cfg.train_dataloader.dataset
    setup = replace(
        setup,
        stage3_last=last_checkpoint(cfg),
        agreement_thr=dataset.agreement_thr,
        voc20=setup.name == 'mini'
        and 'tvmonitor' in dataset.get('metainfo', {}).get('classes', ()),
        digests={
            **setup.digests, setup.stage3: _digest(cfg)
        })
    if setup.name == 'mini' and default:
        detector_config = in_repo(MINI_DETECTOR)
        detector = load(detector_config)
        setup = replace(
            setup,
            detector_config=detector_config,
            detector_last=last_checkpoint(detector),
            digests={
                **setup.digests, detector_config: _digest(detector)
            })
    return setup


def _with_ablations(setup: Setup, rows: Sequence[tables.Row], folder: str,
                    bases: dict) -> Setup:
    """Add the ablation configs, written for other bases if need be."""
    options = {'': setup.stage1_options, 'stage3/': setup.stage3_options}
    full = {prefix: cfg.to_dict() for prefix, cfg in bases.items()}
    ablations, same = {}, set()
    for row in rows:
        paper = {'': STAGE1[row.data], 'stage3/': STAGE3[row.data]}
        wanted = [('', row.variant), ('', row.twin), ('stage3/', row.stage3)]
        for prefix, variant in wanted:
            if variant is None:
                continue
            key = prefix + variant
            base = setup.stage3 if prefix else setup.stage1
            config = ablation_file(in_repo(paper[prefix]), variant)
            if osp.abspath(base) != osp.join(REPO_ROOT, paper[prefix]):
                out = osp.join(folder, 'configs', f'{key}.py')
                rebase(config, base, out)
                config = out
            ablations[key] = config
            if load(config, options[prefix]).to_dict() == full[prefix]:
                same.add(key)
    return replace(setup, ablations=ablations, same_as_base=frozenset(same))


def check_given_lists(setup: Setup, rows: Sequence[tables.Row]) -> None:
    """Make sure that lists of salient images that nothing makes are there,
    before hours of other rows pass.

    Args:
        setup (Setup): The full model.
        rows (Sequence[Row]): Rows to run.

    Raises:
        ValueError: If a list is missing.
    """
    for row in rows:
        if not row.list_given:
            continue
        config = setup.ablations[row.variant]
        name = load(config).train_dataloader.dataset.salient.ann_file
        path = osp.join(setup.salient_root, name)
        if not osp.isfile(path):
            raise ValueError(
                f'row {row.name}: {config} takes the salient images of the '
                f'list {path}, which does not exist; make one with '
                'tools/dataset_converters/duts_single.py --exclude-synsets, '
                'or leave the row out by --rows')
