"""Making masks for the boxes of images, from Python."""

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from mmboxcaseg import process
from mmboxcaseg import visualization as vis
from mmboxcaseg.deprecation import renamed_arguments
from mmboxcaseg.masks import merge_and_score, merged_confidence, usable_boxes
from mmboxcaseg.prediction import BoxMasks, PredictOptions
from mmboxcaseg.prediction.onnx_model import OnnxModel
from mmboxcaseg.prediction.predictor import OnnxPredictor, Predictor
from mmboxcaseg.quiet import unprinted
from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR
from mmboxcaseg.training import TrainingFolder

from .default_model import default_model
from .draw import show as show_picture
from .images import Image, Path, as_bgr, image_name, picture_names
from .runtime import choose_onnx

if TYPE_CHECKING:
    from mmengine.config import Config

    from mmboxcaseg.models import BoxCaseg

    from .torch_predictor import TorchPredictor

Boxes = np.ndarray | Sequence[Sequence[float]]


@dataclass(frozen=True, eq=False)
class InstanceMasks:
    """The masks of the N boxes of an image.

    Attributes:
        masks (np.ndarray): Masks, (N, H, W) bool.
        agreement (np.ndarray): IoU between the tight box of each mask and its
            given box, (N,) float64 in [0, 1].
        confidence (np.ndarray): How sure the network was of each mask, (N,)
            float64 in [0, 1]. It is lower if the mask lost pixels in merging.
            It separates good masks from bad ones better than the agreement.
        probs (np.ndarray | None): Probabilities before threshold and merging,
            min-max normalised, 0 outside the boxes, (N, H, W) float32 in
            [0, 1]; None unless requested.
        visualization (np.ndarray | None): Picture of the masks in RGB,
            (H', W', 3) uint8; None unless requested.
    """

    masks: np.ndarray
    agreement: np.ndarray
    confidence: np.ndarray
    probs: np.ndarray | None = None
    visualization: np.ndarray | None = None

    def _as_tuple(self) -> tuple:
        """The tuple that version 0.1 returned."""
        warnings.warn(
            'the result of BoxCasegInferencer has the attributes masks, '
            'agreement, confidence and probs; unpacking it is deprecated',
            DeprecationWarning,
            stacklevel=3,
        )
        parts = self.masks, self.agreement
        return parts if self.probs is None else (*parts, self.probs)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Iterate over masks, agreement and, if any, probs. Deprecated."""
        return iter(self._as_tuple())

    def __getitem__(self, index: int) -> np.ndarray:
        """Get an item of masks, agreement and, if any, probs. Deprecated."""
        return self._as_tuple()[index]


class BoxCasegInferencer:
    """Makes masks for boxes (the paper, Sec. 3.4).

    The masks are the same as those of ``boxcaseg masks``: they come from the
    pipeline of the config's ``test_dataloader``, the model, merging and the
    scores. To average predictions over several margins or over mirrored
    crops, set ``margins`` of ``CropBoxes`` or ``model.test_cfg.flip`` in the
    config.

    Args:
        model (str | Config, optional): Config of a BoxCaseg, or its path; or
            the output folder of :func:`~mmboxcaseg.apis.own_model.train`,
            whose verdict determines which weights are used. Defaults to None:
            the model that ships with the package.
        weights (str, optional): Path of the checkpoint that belongs to the
            config; or, without a config, of a model that ``boxcaseg
            export-onnx`` has written. Defaults to None.
        device (str, optional): Device, such as ``'cpu'`` or ``'cuda:1'``.
            Defaults to None: a GPU if there is one.
        merge (bool): Whether masks of an image are merged, so that a pixel
            claimed by several of them goes to one only: to the smallest
            object, or as ``model.test_cfg.merge_exponent`` says. Defaults to
            True.
        allow_unsafe (bool): Whether the checkpoint may contain more than
            weights and plain values. Loading such a file can run any code.
            Defaults to False.
        merge_exponent (float, optional): Value that replaces
            ``model.test_cfg.merge_exponent``. Defaults to None: it is not
            replaced.
        runtime (str): Runtime of the network: ``'torch'``; ``'onnx'``, for
            the model of the package and exported models; or ``'auto'``, which
            chooses ``'onnx'`` if the model allows it and no GPU is to be
            used. Defaults to ``'auto'``.

    Attributes:
        runtime (str): The runtime in use, ``'torch'`` or ``'onnx'``.
        batch_size (int): Default number of images that go through the network
            together.
        options (PredictOptions): Settings of the prediction.

    Raises:
        ImportError: If a package that the runtime needs is not installed.
        FileNotFoundError: If a file does not exist, or no model is given and
            this copy of the package has none.
        ValueError: If only one of ``model`` and ``weights`` is given, the
            config does not test on box prompts, the checkpoint belongs to
            another model, or the runtime can't do what is asked for.
    """

    def __init__(
        self,
        model: 'str | Config | None' = None,
        weights: str | None = None,
        device: str | None = None,
        merge: bool = True,
        allow_unsafe: bool = False,
        merge_exponent: float | None = None,
        runtime: str = 'auto',
    ) -> None:
        process.keep_freed_memory()
        if weights is None and isinstance(model, str) and os.path.isdir(model):
            model, weights, _ = TrainingFolder(model).chosen()
        path = choose_onnx(runtime, model, weights, device=device)
        self.runtime = 'torch' if path is None else 'onnx'
        self.merge = merge
        self._predictor: Predictor
        if path is not None:
            self._predictor = OnnxPredictor(OnnxModel.read(path))
        else:
            self._predictor = _torch_predictor(model, weights, device, allow_unsafe)
        self.batch_size = self._predictor.batch_size
        self.options = self._predictor.options
        if merge_exponent is not None:
            self.options = replace(self.options, merge_exponent=merge_exponent)

    @property
    def model(self) -> 'BoxCaseg':
        """The PyTorch model.

        Raises:
            AttributeError: If the runtime is ``'onnx'``.
        """
        if self.runtime != 'torch':
            raise AttributeError('there is a model only with runtime="torch"')
        return cast('TorchPredictor', self._predictor).model

    @renamed_arguments(images='inputs')
    def __call__(
        self,
        inputs: Image | Sequence[Image],
        boxes: Boxes | Sequence[Boxes],
        return_probs: bool = False,
        channel_order: str = 'rgb',
        *,
        batch_size: int | None = None,
        return_vis: bool = False,
        show: bool = False,
        out_dir: Path | None = None,
    ) -> InstanceMasks | list[InstanceMasks]:
        """Make masks for the boxes of one image or of several images.

        The result of an image takes N * H * W bytes, and five times as much
        with probabilities, so split a large number of photos into several
        calls.

        Args:
            inputs (str | Path | bytes | np.ndarray | list): An image, or a
                list of images. An image is the path of a file, the content of
                a file as bytes, or an array, (H, W, 3) or, in grey, (H, W),
                uint8.
            boxes (np.ndarray | Sequence): Boxes as xyxy in pixels of the
                image, shape (N, 4), where N may be 0; for a list of images a
                list of such arrays. A box that covers nothing of its image
                gets an empty mask, agreement and confidence 0, and a warning.
            return_probs (bool): Whether the result has the probabilities.
                Defaults to False.
            channel_order (str): Channel order of images given as arrays,
                ``'rgb'`` or ``'bgr'``. Defaults to ``'rgb'``.
            batch_size (int, optional): Number of images that go through the
                network together, 1 or more. Defaults to None: that of the
                config.
            return_vis (bool): Whether the result has a picture of the masks.
                Defaults to False.
            show (bool): Whether each picture is shown in a window. Defaults
                to False.
            out_dir (str | Path, optional): Folder to write the pictures to,
                as PNGs named by
                :func:`~mmboxcaseg.apis.images.picture_names`. Defaults to
                None: they are not written.

        Returns:
            InstanceMasks | list[InstanceMasks]: The masks of the image; for a
            list of images a list in the same order.

        Raises:
            FileNotFoundError: If there is no such file.
            TypeError: If an image is neither path, bytes nor array.
            ValueError: If an image can't be decoded or has a wrong shape,
                there are not as many lists of boxes as images, or
                ``batch_size`` is less than 1.
        """
        if batch_size is not None and batch_size < 1:
            raise ValueError(f'batch_size must be at least 1, not {batch_size}')
        several = isinstance(inputs, (list, tuple))
        images = cast(Sequence[Image], inputs if several else [inputs])
        of_images = cast(Sequence[Boxes], boxes if several else [boxes])
        if len(images) != len(of_images):
            raise ValueError(
                f'there are {len(images)} images, but boxes for '
                f'{len(of_images)}; give one list of boxes per image'
            )
        results = self._infer(
            images,
            of_images,
            return_probs,
            channel_order,
            batch_size or self.batch_size,
        )
        if return_vis or show or out_dir is not None:
            results = [
                self._with_picture(
                    name, image, of_image, result, channel_order, show, out_dir
                )
                for name, image, of_image, result in zip(
                    picture_names(images), images, of_images, results
                )
            ]
        return results if several else results[0]

    def _infer(
        self,
        images: Sequence[Image],
        boxes: Sequence[Boxes],
        return_probs: bool,
        channel_order: str,
        batch_size: int,
    ) -> list[InstanceMasks]:
        options = replace(self.options, with_probs=return_probs)
        results: list[InstanceMasks] = []
        batch: list[tuple] = []
        for image, of_image in zip(images, boxes):
            loaded = self._load(image, channel_order)
            height, width = loaded.shape[:2]
            # An empty list becomes an array without a second axis.
            of_image = np.asarray(of_image, dtype=np.float64)
            if not of_image.size:
                of_image = of_image.reshape(0, 4)
            usable = usable_boxes(of_image, height, width)
            if not usable.all():
                warnings.warn(
                    f'the boxes {np.flatnonzero(~usable).tolist()} of '
                    f'{image_name(image)} are empty, not finite or outside '
                    'the image; they get an empty mask and agreement 0',
                    stacklevel=2,
                )
            results.append(_empty(len(usable), height, width, return_probs))
            # Images without boxes are in no batch, as in a data set.
            if usable.any():
                item = self._predictor.prepare(loaded, of_image[usable])
                batch.append(
                    (item, of_image[usable], np.flatnonzero(usable), results[-1])
                )
            if len(batch) == batch_size:
                self._predict(batch, options)
                batch = []
        if batch:
            self._predict(batch, options)
        return results

    def _predict(self, batch: Sequence[tuple], options: PredictOptions) -> None:
        """Predict a batch of images and fill in their results."""
        found = self._predictor.predict([item for item, *_ in batch], options)
        for masks, (_, boxes, places, result) in zip(found, batch):
            self._fill(masks, boxes, places, result)

    def _fill(
        self,
        found: BoxMasks,
        boxes: np.ndarray,
        places: np.ndarray,
        result: InstanceMasks,
    ) -> None:
        """Merge and score the masks of an image, and fill in its result."""
        rects = found.rects
        merged, result.agreement[places] = merge_and_score(
            found.masks,
            rects,
            boxes,
            result.masks.shape[1],
            result.masks.shape[2],
            self.merge,
            found.claims,
        )
        result.confidence[places] = merged_confidence(
            found.confidence, np.array([mask.sum() for mask in merged]), rects
        )
        for place, mask, (x0, y0, x1, y1) in zip(places, merged, rects):
            result.masks[place, y0:y1, x0:x1] = mask
        if result.probs is not None:
            for place, prob, (x0, y0, x1, y1) in zip(places, found.probs, rects):
                result.probs[place, y0:y1, x0:x1] = prob

    def _load(self, image: Image, channel_order: str) -> np.ndarray:
        """Load an image as BGR, (H, W, 3) uint8."""
        if isinstance(image, (str, os.PathLike, bytes)):
            return self._decode(image)
        if isinstance(image, np.ndarray):
            return as_bgr(image, channel_order)
        raise TypeError(
            'an image must be a path, bytes or a NumPy array, '
            f'not {type(image).__name__}'
        )

    def _decode(self, image: Path | bytes) -> np.ndarray:
        """Decode a file as the first transform of the pipeline does."""
        if isinstance(image, bytes):
            content = image
        else:
            if not os.path.isfile(image):
                raise FileNotFoundError(f'no image {os.fspath(image)}')
            with open(image, 'rb') as file:
                content = file.read()
        array = self._predictor.decode(content)
        if array is None or not len(array):
            raise ValueError(f"{image_name(image)} can't be decoded as an image")
        return array

    def _with_picture(
        self,
        name: str,
        image: Image,
        boxes: Boxes,
        result: InstanceMasks,
        channel_order: str,
        show: bool,
        out_dir: Path | None,
    ) -> InstanceMasks:
        """Add the picture to a result, and show and write it if asked for."""
        out_file = None
        if out_dir is not None:
            out_file = os.path.join(os.fspath(out_dir), f'{name}.png')
        picture = self.visualize(
            image,
            boxes,
            result.masks,
            result.agreement,
            channel_order=channel_order,
            out_file=out_file,
            confidence=result.confidence,
        )
        if show:
            show_picture(picture, name)
        return replace(result, visualization=picture)

    def visualize(
        self,
        image: Image,
        boxes: Boxes,
        masks: np.ndarray,
        agreement: np.ndarray,
        agreement_thr: float = DEFAULT_AGREEMENT_THR,
        channel_order: str = 'rgb',
        side: int = 800,
        out_file: Path | None = None,
        confidence: np.ndarray | None = None,
    ) -> np.ndarray:
        """Draw masks, boxes and scores on an image.

        Args:
            image (str | Path | bytes | np.ndarray): The image, as in
                :meth:`__call__`.
            boxes (np.ndarray | Sequence): Boxes as xyxy in pixels of the
                image, shape (N, 4).
            masks (np.ndarray): Masks of the boxes, (N, H, W) bool.
            agreement (np.ndarray): Agreement of the masks, (N,) in [0, 1].
            agreement_thr (float): Masks with a lower agreement, in [0, 1],
                are hatched in red, because training would ignore them.
                Defaults to 0.95.
            channel_order (str): Channel order of an image given as an array,
                ``'rgb'`` or ``'bgr'``. Defaults to ``'rgb'``.
            side (int): Side in pixels of a square that the picture fits into.
                Defaults to 800.
            out_file (str | Path, optional): Path of a PNG to write. Defaults
                to None: it is not written.
            confidence (np.ndarray, optional): Confidence of the masks, (N,)
                in [0, 1], to be written next to the agreement. Defaults to
                None.

        Returns:
            np.ndarray: The picture in RGB, (H', W', 3) uint8.

        Raises:
            FileNotFoundError: If there is no such file.
            TypeError: If the image is neither path, bytes nor array.
            ValueError: If the image can't be decoded, the numbers of boxes
                and masks differ, or ``out_file`` does not end in ``.png``.
        """
        photo = self._load(image, channel_order)[..., ::-1]
        boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
        usable = usable_boxes(boxes, *photo.shape[:2])
        if len(usable) != len(masks):
            raise ValueError(
                f'there are {len(masks)} masks, but {len(usable)} boxes; give '
                'one mask per box'
            )
        drawn = vis.proxy_picture(
            np.ascontiguousarray(photo),
            boxes[usable],
            masks[usable],
            agreement[usable],
            agreement_thr,
            '',
            side,
            confidences=None if confidence is None else confidence[usable],
        )
        if out_file is not None:
            vis.write_png(os.fspath(out_file), drawn.image)
        return drawn.image


def _empty(count: int, height: int, width: int, with_probs: bool) -> InstanceMasks:
    """An empty result for an image with ``count`` boxes."""
    shape = (count, height, width)
    return InstanceMasks(
        np.zeros(shape, bool),
        np.zeros(count),
        np.zeros(count),
        np.zeros(shape, np.float32) if with_probs else None,
    )


def _torch_predictor(
    model: 'str | Config | None',
    weights: str | None,
    device: str | None,
    allow_unsafe: bool,
) -> 'TorchPredictor':
    """Make a predictor that uses PyTorch, which is imported only here."""
    if (model is None) != (weights is None):
        given, lacking = (
            ('model', 'weights') if weights is None else ('weights', 'model')
        )
        raise ValueError(
            f'{given} is given without {lacking}; give both, or neither to use '
            'the model of the package'
        )
    if model is None:
        model, weights = default_model()
    with unprinted():
        from .torch_predictor import TorchPredictor
    return TorchPredictor(model, weights, device, allow_unsafe)
