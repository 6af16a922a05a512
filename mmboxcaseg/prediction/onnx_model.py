"""Models that ``boxcaseg export-onnx`` writes, computed by ONNX Runtime."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmboxcaseg.head_names import HEADS

from .options import PredictOptions
from .steps import PromptSteps

# Key of the file's metadata that holds everything but the network.
KEY = 'mmboxcaseg'
INPUT, OUTPUT = 'crops', 'probs'
VERSION = 1
SUFFIX = '.onnx'
# Crops that are computed together. More do not fit the cache and need more memory.
AT_ONCE = 4
_NOT_OURS = 'is no model that boxcaseg export-onnx has written'


@dataclass(frozen=True)
class ModelCard:
    """Description of an exported model: all that its file has but the network.

    Attributes:
        model_config (Mapping[str, Any]): Parts of the config as json values:
            ``model``, ``pipeline``, ``images_per_batch`` and the other keys
            that ``info.proxy_masks.model_config`` of a file of masks has.
        checkpoint_sha256 (str): SHA-256 of the checkpoint that was exported,
            hexadecimal.
        package_version (str): Version of the package that exported it.
    """

    model_config: Mapping[str, Any]
    checkpoint_sha256: str
    package_version: str

    def to_json(self) -> str:
        """The description as text, for the metadata of the file."""
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
        """Read what :meth:`to_json` returned.

        Args:
            text (str): The text.

        Returns:
            ModelCard: The description.

        Raises:
            ValueError: If the text has another version or is not json.
            TypeError: If its keys are others.
        """
        content = json.loads(text)
        version = content.pop('version', None)
        if version != VERSION:
            raise ValueError(
                f'its metadata have the version {version!r}, but this version of '
                f'mmboxcaseg reads {VERSION}; export the model again with it'
            )
        return cls(**content)

    @property
    def steps(self) -> PromptSteps:
        """The steps from a photo to the crops for the network."""
        return PromptSteps.from_pipeline(self.model_config['pipeline'])

    @property
    def options(self) -> PredictOptions:
        """The options of the prediction."""
        model = self.model_config['model']
        built = [name for name in HEADS if model.get(f'{name}_head')]
        return PredictOptions.from_cfg(model.get('test_cfg'), built)

    @property
    def images_per_batch(self) -> int:
        """Number of images that go through the network together."""
        return self.model_config['images_per_batch']


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """An exported model.

    Attributes:
        path (str): Path of its file.
        card (ModelCard): Description of the model.
        sha256 (str): SHA-256 of the file, hexadecimal.
        network (OnnxNetwork): The network.
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
            threads (int): Number of threads of the network. Defaults to 0: as
                many as there are cores.

        Returns:
            OnnxModel: The model.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is not an exported model of this version.
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
    """Computes a network with ONNX Runtime, see :class:`Network`.

    ONNX Runtime is started at the first call, so that processes can be forked
    before. A pickled network does not include the runtime.

    Args:
        content (bytes): Content of the model's file.
        path (str): Path of the file, for messages.
        threads (int): Number of threads; 0 for as many as there are cores.
            Defaults to 0.

    Attributes:
        threads (int): As the argument. It may be changed before the first
            call.
    """

    def __init__(self, content: bytes, path: str, threads: int = 0) -> None:
        self.threads = threads
        self._content = content
        self._path = path
        self._session: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__, _session=None)

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        """Compute the foreground probabilities of crops, see :class:`Network`.

        Args:
            crops (np.ndarray): Crops, BGR, uint8, shape (B, C, S, S),
                contiguous.

        Returns:
            np.ndarray: Probabilities in [0, 1], float32, shape (B, S, S).

        Raises:
            ImportError: If ONNX Runtime is not installed.
            ValueError: If the content is not an ONNX model.
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
        # Waiting threads sleep. If they spun, they would take cores from other
        # programs and from the threads that have work.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        # Errors are raised anyway. Warnings are about hardware that is missing.
        options.log_severity_level = 3
        try:
            return runtime.InferenceSession(
                self._content, options, providers=['CPUExecutionProvider']
            )
        except _errors(runtime) as error:
            raise ValueError(f'{self._path} {_NOT_OURS}: {error}') from error


def metadata(content: bytes) -> dict[str, str]:
    """Read the metadata of an ONNX file without ONNX.

    The file is a message of Protocol Buffers. Its fields 14 are the metadata:
    messages with the key in field 1 and the value in field 2.

    Args:
        content (bytes): Content of the file.

    Returns:
        dict[str, str]: The values by their keys.

    Raises:
        ValueError: If the content is not an ONNX file.
    """
    found = {}
    for number, entry in _fields(content):
        if number == 14:
            fields = dict(_fields(entry))
            found[fields.get(1, b'').decode()] = fields.get(2, b'').decode()
    return found


def _fields(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Numbers and contents of the fields of a message that hold bytes."""
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
            # A model has no fields of other kinds.
            raise ValueError('it is no ONNX file')


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """A number of seven bits in each byte, lowest first, and where it ends."""
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
    """Errors of ONNX Runtime for unusable files; they have no common class."""
    state = runtime.capi.onnxruntime_pybind11_state
    return (
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NotImplemented,
    )


def _onnxruntime() -> Any:
    """Import the package; the error of a missing one says what to install."""
    try:
        import onnxruntime
    except ImportError:
        raise ImportError(
            '--runtime onnx needs ONNX Runtime: pip install onnxruntime'
        ) from None
    return onnxruntime
