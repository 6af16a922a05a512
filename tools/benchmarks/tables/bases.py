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
# Name of the base config among the variants, in each of the two commands.
FULL, PAPER = 'full', 'paper'


def in_repo(*path: str) -> str:
    """A path of the repository, relative to the working directory."""
    return osp.relpath(osp.join(REPO_ROOT, *path))


@dataclass(frozen=True, eq=False)
class Base:
    """A base config, with settings that replace those of all its variants.

    Attributes:
        path (str): Path of the config.
        options (tuple[str, ...]): Settings ``KEY=VALUE``.
        cfg (Config): The config with these settings.
    """

    path: str
    options: tuple[str, ...]
    cfg: 'Config'

    @classmethod
    def read(cls, path: str, options: Sequence[str] = ()) -> 'Base':
        """Read a config.

        Args:
            path (str): Path of the config.
            options (Sequence[str]): Settings ``KEY=VALUE``, as of
                ``--cfg-options``. Defaults to ().

        Returns:
            Base: The config with these settings.
        """
        from mmengine.config import Config, DictAction
        from mmengine.logging import MMLogger

        # It would log the environment variables that each config uses.
        MMLogger.get_current_instance().setLevel('WARNING')
        parser = argparse.ArgumentParser()
        parser.add_argument('all', nargs='*', action=DictAction, default={})
        cfg = Config.fromfile(path, import_custom_modules=False)
        cfg.merge_from_dict(parser.parse_args(['--', *options]).all)
        return cls(path, tuple(options), cfg)

    @property
    def last(self) -> str:
        """Name of the last checkpoint of a training."""
        loop = self.cfg.train_cfg
        if 'max_iters' in loop:
            return f'iter_{loop.max_iters}.pth'
        return f'epoch_{loop.max_epochs}.pth'

    def is_same(self, config: str) -> bool:
        """Whether the config of a variant changes nothing."""
        other = Base.read(config, self.options)
        return other.cfg.to_dict() == self.cfg.to_dict()


def check_unchanged(bases: Iterable[Base], folder: str) -> None:
    """Check that base configs have not changed since earlier rows were run.

    Args:
        bases (Iterable[Base]): The base configs.
        folder (str): Work folder of the rows.

    Raises:
        ValueError: If a base config or its settings have changed.
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
    """Find or write the config of a variant.

    Args:
        variant (str): Endings of the names of ablation configs, joined by
            ``+``. The config has the keys of all of them, from left to right.
        base (str): Path of the base config.
        sources (Sequence[str]): Configs of the repository that have ablation
            configs beside them.
        folder (str): Folder in which configs are written that do not exist.

    Returns:
        str: Path of the config.

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
    """Paths of an ablation config and of the config that it changes."""
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
    """Copy an ablation config so that it inherits from another base config.

    Args:
        config (str): Path of the ablation config.
        base (str): Path of the new base config.
        out (str): Path of the copy.

    Returns:
        str: ``out``.

    Raises:
        ValueError: If the config has not exactly one line ``_base_ = 'FILE'``.
    """
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
