"""The folder of a training, with its files and its state."""

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
    """The folder of a training.

    Attributes:
        path (str): Path of the folder.
    """

    path: str

    def at(self, *names: str) -> str:
        """Make a path in the folder.

        Args:
            *names (str): Parts of the path below the folder.

        Returns:
            str: The path.
        """
        return osp.join(self.path, *names)

    @property
    def data(self) -> str:
        """Folder of the COCO jsons that the training reads."""
        return self.at('data')

    @property
    def log_dir(self) -> str:
        """Folder of the checkpoints and the log."""
        return self.at('training')

    @property
    def config(self) -> str:
        """Path of the config of the training, that of the last round."""
        return self.at('config.py')

    def round(self, number: int) -> 'TrainingFolder':
        """Make the folder of a round that is not the last.

        Args:
            number (int): Number of the round, from 1.

        Returns:
            TrainingFolder: A folder in this one. Its trained model is that of
            the round.
        """
        return TrainingFolder(self.at(f'round{number}'))

    def model(self, name: str) -> tuple[str, str]:
        """Make the paths of a model for prediction.

        Args:
            name (str): ``'trained'`` for the trained model, or ``'start'`` for
                the model that the training started from.

        Returns:
            tuple[str, str]: Paths of its config and of its checkpoint.
        """
        return self.at(f'{name}.py'), self.at(f'{name}.pth')

    def settings(self) -> dict[str, Any] | None:
        """Read the settings of the training; None if it has not begun."""
        return _read(self.at('settings.json'))

    def begin(self, settings: dict[str, Any]) -> bool:
        """Make the folder, or check that its training can be resumed.

        Args:
            settings (dict): Settings that the result depends on, json values.

        Returns:
            bool: Whether the training has begun before.

        Raises:
            OSError: If the folder can't be written.
            ValueError: If the training has begun with other settings, or the
                folder has other files.
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
                    'give another --out, or run the same command as before'
                )
            return True
        if osp.isdir(self.path) and os.listdir(self.path):
            raise ValueError(
                f'--out: {self.path} has other files in it; give a new or empty folder'
            )
        os.makedirs(self.data, exist_ok=True)
        write_json(self.at('settings.json'), settings)
        return False

    def note(self, name: str, content: Any) -> None:
        """Save json values under a name.

        Args:
            name (str): Name of the file, without ``.json``.
            content (Any): Json values.

        Raises:
            OSError: If the file can't be written.
        """
        write_json(self.at(f'{name}.json'), content)

    def noted(self, name: str) -> Any:
        """Read the json values saved under a name.

        Args:
            name (str): Name of the file, without ``.json``.

        Returns:
            Any: The values; None if there are none.
        """
        return _read(self.at(f'{name}.json'))

    def note_scores(self, iters: int, scores: dict[str, float]) -> None:
        """Add the scores of a validation on the photos kept aside.

        Args:
            iters (int): Number of iterations done so far.
            scores (dict[str, float]): Scores by name.
        """
        rows = [row for row in self.scores() if row['iters'] < iters]
        self.note('scores', [*rows, dict(scores, iters=iters)])

    def scores(self) -> list[dict[str, float]]:
        """Read the scores of all validations so far, each with its ``iters``."""
        return self.noted('scores') or []

    def locked(self) -> FileLock:
        """Lock the folder against other processes.

        Returns:
            FileLock: The lock, a context manager that releases it.

        Raises:
            ValueError: If another process is training in the folder.
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
        """Read the verdict of the training; None if it has not finished."""
        content = self.noted('verdict')
        return None if content is None else Verdict.from_json(content)

    def chosen(self) -> tuple[str, str, str]:
        """Choose the model to make masks with.

        Returns:
            tuple[str, str, str]: Paths of its config and of its checkpoint;
            and a line of text that says which weights these are, and why.

        Raises:
            FileNotFoundError: If the folder has no finished training.
        """
        verdict = self.verdict()
        if verdict is None:
            why = 'does not exist; give the output folder of a training'
            if osp.isdir(self.path):
                why = 'has no finished training'
                if self.settings() is not None:
                    why += '; run its command again to go on'
            raise FileNotFoundError(f'{self.path} {why}')
        name = 'trained' if verdict.improved else 'start'
        return *self.model(name), f'{self.path}: {verdict.choice()}'


def _read(path: str) -> Any:
    """Read the json values of a file; None if it does not exist."""
    if not osp.isfile(path):
        return None
    with open(path, encoding='utf-8') as file:
        return json.load(file)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f'{text[:37]}...'
