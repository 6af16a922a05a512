"""Base configs, and the configs of their variants."""

import argparse
import hashlib
import json
import os
import os.path as osp
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmengine.config import Config

REPO_ROOT = osp.abspath(osp.join(osp.dirname(__file__), *['..'] * 3))
# What the base config is called where variants are, by either command.
FULL, PAPER = 'full', 'paper'


def in_repo(*path: str) -> str:
    """A path of the repository, relative to the working directory."""
    return osp.relpath(osp.join(REPO_ROOT, *path))


@dataclass(frozen=True, eq=False)
class Base:
    """A base config, with settings that replace those of all its variants.

    Attributes:
        path (str): Its file.
        options (tuple[str, ...]): ``KEY=VALUE``.
        cfg (Config): Both together.
    """

    path: str
    options: tuple[str, ...]
    cfg: 'Config'

    @classmethod
    def read(cls, path: str, options: Sequence[str] = ()) -> 'Base':
        """Read a config, with options as of ``tools/train.py``."""
        from mmengine.config import Config, DictAction
        from mmengine.logging import MMLogger

        # It tells for every config which environment variables it has used.
        MMLogger.get_current_instance().setLevel('WARNING')
        parser = argparse.ArgumentParser()
        parser.add_argument('all', nargs='*', action=DictAction, default={})
        cfg = Config.fromfile(path, import_custom_modules=False)
        cfg.merge_from_dict(parser.parse_args(['--', *options]).all)
        return cls(path, tuple(options), cfg)

    @property
    def last(self) -> str:
        """Name of the checkpoint that a training ends with."""
        loop = self.cfg.train_cfg
        if 'max_iters' in loop:
            return f'iter_{loop.max_iters}.pth'
        return f'epoch_{loop.max_epochs}.pth'

    def is_same(self, config: str) -> bool:
        """Whether a variant's config changes nothing."""
        other = Base.read(config, self.options)
        return other.cfg.to_dict() == self.cfg.to_dict()


def check_unchanged(bases: Iterable[Base], folder: str) -> None:
    """Make sure that base configs are those of earlier rows in a folder.

    Raises:
        ValueError: If one has changed since.
    """
    path = osp.join(folder, 'base_configs.json')
    known = {}
    if osp.isfile(path):
        with open(path, encoding='utf-8') as file:
            known = json.load(file)
    for base in bases:
        digest = hashlib.sha256(base.cfg.pretty_text.encode()).hexdigest()
        if known.setdefault(base.path, digest) != digest:
            raise ValueError(
                f'{base.path} has changed, or its options have, since rows of '
                f'{folder} were run; give another --work-dir'
            )
    os.makedirs(folder, exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(known, file, indent=2)


def write_config(variant: str, base: str, sources: Sequence[str], folder: str) -> str:
    """Config of a variant.

    Args:
        variant (str): Endings of ablation configs, joined by ``+``; the
            config has the keys of all, from left to right.
        base (str): Path of the base config.
        sources (Sequence[str]): Configs of the repository, beside which the
            ablations are.
        folder (str): Where configs that are not there already are written.

    Returns:
        str: Its path.

    Raises:
        ValueError: If there is no such ablation.
    """
    config = base
    parts = [] if variant in (FULL, PAPER) else variant.split('+')
    for count, part in enumerate(parts, 1):
        path, source = _find_ablation(part, sources)
        if osp.abspath(source) == osp.abspath(config):
            config = path
        else:
            out = osp.join(folder, f'{"+".join(parts[:count])}.py')
            config = rebase(path, config, out)
    return config


def _find_ablation(ending: str, sources: Sequence[str]) -> tuple[str, str]:
    """An ablation config, and the config that it varies."""
    paths = []
    for source in map(in_repo, sources):
        parent, name = osp.split(source)
        name = f'{osp.splitext(name)[0]}_{ending}.py'
        paths.append(osp.join(parent, 'ablations', name))
        if osp.isfile(paths[-1]):
            return paths[-1], source
    raise ValueError(
        f'no variant {ending!r}: none of {", ".join(paths)} '
        'exists; variants are endings of such files, joined by +'
    )


def rebase(config: str, base: str, out: str) -> str:
    """Write an ablation config again to inherit from another base."""
    with open(config, encoding='utf-8') as file:
        text, count = re.subn(
            r"^_base_ = '[^']*'$",
            lambda _: f'_base_ = {osp.abspath(base)!r}',
            file.read(),
            flags=re.MULTILINE,
        )
    if count != 1:
        raise ValueError(
            f'{config}: {count} lines of the form _base_ = '
            "'FILE', where an ablation has one"
        )
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    with open(out, 'w', encoding='utf-8') as file:
        file.write(text)
    return out
