"""A model as ``boxcaseg export-onnx`` writes it, computed by ONNX Runtime."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmboxcaseg.head_names import HEADS

from .options import PredictOptions
from .steps import PromptSteps

# The entry of the file's metadata that holds what is not the network.
KEY = 'mmboxcaseg'
INPUT, OUTPUT = 'crops', 'probs'
VERSION = 1
SUFFIX = '.onnx'
# Crops that are computed together: more leave the cache, and take more memory.
AT_ONCE = 4
_NOT_OURS = 'is no model that boxcaseg export-onnx has written'


@dataclass(frozen=True)
class ModelCard:
    """What an exported model knows of itself beside its network.

    Attributes:
        model_config (Mapping[str, Any]): Parts of the config as json values:
            ``model``, ``pipeline``, ``images_per_batch`` and what else
            ``info.proxy_masks.model_config`` of a file of masks has.
        checkpoint_sha256 (str): SHA-256 of the checkpoint it comes from.
        package_version (str): Version of the package that wrote it.
    """

    model_config: Mapping[str, Any]
    checkpoint_sha256: str
    package_version: str

    def to_json(self) -> str:
        """As text, for the metadata of the file."""
        return json.dumps(
            dict(
                version=VERSION,
                model_config=self.model_config,
                checkpoint_sha256=self.checkpoint_sha256,
                package_version=self.package_version,
            )
        )

    @classmethod
    def from_json(cls, text: str) -> 'ModelCard':
        """What :meth:`to_json` has written.

        Args:
            text (str): The text.

        Returns:
            ModelCard: The card.

        Raises:
            ValueError: If it is of another version.
        """
        content = json.loads(text)
        version = content.pop('version', None)
        if version != VERSION:
            raise ValueError(
                f'its metadata have the version {version!r}, and {VERSION} is '
                'read here; export the model with this version of mmboxcaseg'
            )
        return cls(**content)

    @property
    def steps(self) -> PromptSteps:
        """What is done to a photo before the network."""
        return PromptSteps.from_pipeline(self.model_config['pipeline'])

    @property
    def options(self) -> PredictOptions:
        """How masks are made."""
        model = self.model_config['model']
        built = [name for name in HEADS if model.get(f'{name}_head')]
        return PredictOptions.from_cfg(model.get('test_cfg'), built)

    @property
    def images_per_batch(self) -> int:
        """Images that go through the network together."""
        return self.model_config['images_per_batch']


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """An exported model.

    Attributes:
        path (str): Path of its file.
        card (ModelCard): What it knows of itself.
        sha256 (str): SHA-256 of the file.
        network (OnnxNetwork): Its network.
    """

    path: str
    card: ModelCard
    sha256: str
    network: 'OnnxNetwork' = field(repr=False)

    @classmethod
    def read(cls, path: str, threads: int = 0) -> 'OnnxModel':
        """Read a model.

        Args:
            path (str): Path of its file.
            threads (int): Threads that the network computes with. Defaults to
                0: as many as there are cores.

        Returns:
            OnnxModel: The model.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is no such model.
        """
        with open(path, 'rb') as file:
            content = file.read()
        try:
            text = metadata(content).get(KEY)
            card = None if text is None else ModelCard.from_json(text)
        except (TypeError, ValueError) as error:
            raise ValueError(f'{path} {_NOT_OURS}: {error}') from error
        if card is None:
            raise ValueError(f'{path} {_NOT_OURS}')
        sha256 = hashlib.sha256(content).hexdigest()
        return cls(path, card, sha256, OnnxNetwork(content, path, threads))


class OnnxNetwork:
    """Computes a network by ONNX Runtime, see :class:`Network`.

    The runtime is started at the first call, so that processes can be forked
    before it, and it is not pickled.

    Args:
        content (bytes): Content of the file.
        path (str): What to call it in messages.
        threads (int): Threads, 0 for as many as there are cores. It may be
            changed before the first call.
    """

    def __init__(self, content: bytes, path: str, threads: int = 0) -> None:
        self.threads = threads
        self._content = content
        self._path = path
        self._session: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__, _session=None)

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        """As in :class:`Network`.

        Raises:
            ImportError: If ONNX Runtime is not installed.
            ValueError: If the content is no ONNX model.
        """
        if self._session is None:
            self._session = self._start()
        return np.concatenate(
            [
                self._session.run(None, {INPUT: crops[start : start + AT_ONCE]})[0]
                for start in range(0, max(len(crops), 1), AT_ONCE)
            ]
        )

    def _start(self) -> Any:
        runtime = _onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self.threads
        # Threads that wait sleep: where another program has a core, spinning
        # ones keep it from those that have work.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        # Errors are raised; warnings are about other machines.
        options.log_severity_level = 3
        try:
            return runtime.InferenceSession(
                self._content, options, providers=['CPUExecutionProvider']
            )
        except _errors(runtime) as error:
            raise ValueError(f'{self._path} {_NOT_OURS}: {error}') from error


def metadata(content: bytes) -> dict[str, str]:
    """The metadata of an ONNX file.

    Read from its Protocol Buffers, of which they are the field 14: strings
    with a key, their field 1, and a value, their field 2.

    Args:
        content (bytes): Content of the file.

    Returns:
        dict[str, str]: The values by their keys.

    Raises:
        ValueError: If it is no such file.
    """
    found = {}
    for number, entry in _fields(content):
        if number == 14:
            fields = dict(_fields(entry))
            found[fields.get(1, b'').decode()] = fields.get(2, b'').decode()
    return found


def _fields(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Numbers and contents of the fields of a message that have a length."""
    place = 0
    while place < len(content):
        tag, place = _varint(content, place)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            _, place = _varint(content, place)
        elif kind == 2:
            length, place = _varint(content, place)
            if place + length > len(content):
                raise ValueError('it is cut short')
            yield number, content[place : place + length]
            place += length
        else:
            # Not among the fields of a model.
            raise ValueError('it is no ONNX file')


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        if place >= len(content) or shift > 63:
            raise ValueError('it is no ONNX file')
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7


def _errors(runtime: Any) -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises for a file that it can't use; its errors have
    no class in common."""
    state = runtime.capi.onnxruntime_pybind11_state
    return (
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NotImplemented,
    )


def _onnxruntime() -> Any:
    """The package, or what to install in a line."""
    try:
        import onnxruntime
    except ImportError:
        raise ImportError(
            '--runtime onnx needs ONNX Runtime: pip install onnxruntime'
        ) from None
    return onnxruntime
