"""The folder of a training: what is where, and how far it is."""

import json
import os
import os.path as osp
from dataclasses import dataclass
from typing import Any

from filelock import FileLock, Timeout

from mmboxcaseg.annotations.output import write_json

from .verdict import Verdict


@dataclass(frozen=True)
class TrainingFolder:
    """Where the parts of a training are.

    Attributes:
        path (str): The folder.
    """

    path: str

    def at(self, *names: str) -> str:
        """A path in the folder."""
        return osp.join(self.path, *names)

    @property
    def data(self) -> str:
        """Folder of the COCO jsons that it reads."""
        return self.at('data')

    @property
    def log_dir(self) -> str:
        """Folder of checkpoints and log."""
        return self.at('training')

    @property
    def config(self) -> str:
        """Config of the training."""
        return self.at('config.py')

    def model(self, name: str) -> tuple[str, str]:
        """Config and checkpoint for prediction.

        Args:
            name (str): ``'trained'``, or ``'start'`` for what was started
                from.

        Returns:
            tuple[str, str]: Their paths.
        """
        return self.at(f'{name}.py'), self.at(f'{name}.pth')

    def settings(self) -> dict[str, Any] | None:
        """What it was begun with; None if it was not."""
        return _read(self.at('settings.json'))

    def begin(self, settings: dict[str, Any]) -> bool:
        """Make the folder, or go on in it.

        Args:
            settings (dict): What the result depends on, json values.

        Returns:
            bool: Whether it was begun before.

        Raises:
            ValueError: If it was begun with other settings, or other things
                are in it.
        """
        old = self.settings()
        if old is not None:
            wrong = [
                key
                for key in sorted({*old, *settings})
                if old.get(key) != settings.get(key)
            ]
            if wrong:
                key = wrong[0]
                raise ValueError(
                    f'{self.path} was begun with another {key} '
                    f'({_short(old.get(key))}, now {_short(settings.get(key))}); '
                    'give another --out, or the same command as before'
                )
            return True
        if osp.isdir(self.path) and os.listdir(self.path):
            raise ValueError(
                f'--out: {self.path} is not empty and no folder of such a '
                'training; name a new one'
            )
        os.makedirs(self.data, exist_ok=True)
        write_json(self.at('settings.json'), settings)
        return False

    def note(self, name: str, content: Any) -> None:
        """Keep json values under a name, whole."""
        write_json(self.at(f'{name}.json'), content)

    def noted(self, name: str) -> Any:
        """What was kept under a name; None if there is nothing."""
        return _read(self.at(f'{name}.json'))

    def note_scores(self, iters: int, scores: dict[str, float]) -> None:
        """Keep the scores of the photos kept aside, after some iterations."""
        rows = [row for row in self.scores() if row['iters'] < iters]
        self.note('scores', [*rows, dict(scores, iters=iters)])

    def scores(self) -> list[dict[str, float]]:
        """Scores of the photos kept aside, after each tenth so far."""
        return self.noted('scores') or []

    def locked(self) -> FileLock:
        """Keep other processes off the folder, as a context manager.

        Raises:
            ValueError: If another process trains in it.
        """
        lock = FileLock(self.at('lock'))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise ValueError(
                f'{self.path} is in use by another training; wait until it has '
                'ended, or give another --out'
            ) from None
        return lock

    def verdict(self) -> Verdict | None:
        """What came of the training; None if it is not finished."""
        content = self.noted('verdict')
        return None if content is None else Verdict.from_json(content)

    def chosen(self) -> tuple[str, str, str]:
        """The model to make masks with.

        Returns:
            tuple[str, str, str]: Paths of config and checkpoint, and which
            weights they are and why, in a line.

        Raises:
            FileNotFoundError: If the folder holds no finished training.
        """
        verdict = self.verdict()
        if verdict is None:
            why = 'is not there'
            if osp.isdir(self.path):
                why = 'holds no finished training'
                if self.settings() is not None:
                    why += '; run its command again to go on'
            raise FileNotFoundError(f'{self.path} {why}')
        name = 'trained' if verdict.improved else 'start'
        return *self.model(name), f'{self.path}: {verdict.choice()}'


def _read(path: str) -> Any:
    """Json values of a file; None if it is not there."""
    if not osp.isfile(path):
        return None
    with open(path, encoding='utf-8') as file:
        return json.load(file)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f'{text[:37]}...'
