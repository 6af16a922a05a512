"""The inferencer: masks of the boxes of images, from Python."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from mmboxcaseg import process
from mmboxcaseg import visualization as vis
from mmboxcaseg.deprecation import renamed_arguments
from mmboxcaseg.masks import usable_boxes
from mmboxcaseg.prediction import PredictOptions
from mmboxcaseg.prediction.onnx_model import OnnxModel
from mmboxcaseg.prediction.predictor import OnnxPredictor, Predictor
from mmboxcaseg.quiet import unprinted
from mmboxcaseg.training import TrainingFolder

from .default_model import default_model
from .draw import show as show_picture
from .images import Image, Path, image_name, load_image, picture_names
from .instance_masks import InstanceMasks, empty_masks, fill_masks
from .runtime import choose_onnx

if TYPE_CHECKING:
    from mmengine.config import Config

    from mmboxcaseg.models import BoxCaseg

    from .torch_predictor import TorchPredictor

Boxes = np.ndarray | Sequence[Sequence[float]]


class BoxCasegInferencer:
    """Makes masks for boxes (the paper, Sec. 3.4).

    It gives the same masks as ``boxcaseg masks``, through the same steps: the
    pipeline of the config's ``test_dataloader``, the prediction of the model,
    merging and scoring. The config sets whether predictions are averaged over
    margins (``margins`` of ``CropBoxes``) and mirror images (``flip`` of
    ``model.test_cfg``).

    Args:
        model (str | Config, optional): Config of a BoxCaseg model, or its
            path; or the output folder of
            :func:`~mmboxcaseg.apis.own_model.train`, whose verdict says which
            of its weights are used. Defaults to None: the model that ships
            with the package.
        weights (str, optional): Path of the checkpoint, needed with a config;
            or, without a config, of a model that ``boxcaseg export-onnx`` has
            written.
        device (str, optional): Device of PyTorch, such as ``'cpu'`` or
            ``'cuda:1'``. Defaults to None: a GPU if there is one.
        merge (bool): Whether masks of an image are merged. A pixel claimed by
            several of them goes to that of the smallest object, or as
            ``merge_exponent`` and ``merge_tolerance`` of ``model.test_cfg``
            say. Defaults to True.
        allow_unsafe (bool): Whether the checkpoint may hold more than weights
            and plain values; such a file can run any code. Defaults to False.
        merge_exponent (float, optional): Exponent that replaces the model's
            ``test_cfg.merge_exponent``, at least 0. Defaults to None.
        merge_tolerance (float, optional): Number that replaces the model's
            ``test_cfg.merge_tolerance``, at least 1. Defaults to None.
        runtime (str): Runtime of the network: ``'torch'``; ``'onnx'``, for
            the model of the package and exported models; or ``'auto'``, which
            is ``'onnx'`` unless a GPU or another model is asked for. Defaults
            to ``'auto'``.

    Attributes:
        runtime (str): ``'torch'`` or ``'onnx'``.
        merge (bool): Whether masks are merged.
        batch_size (int): Number of images that go through the network
            together.
        options (PredictOptions): Options of the prediction.

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
        merge_tolerance: float | None = None,
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
        asked = dict(merge_exponent=merge_exponent, merge_tolerance=merge_tolerance)
        given = {key: value for key, value in asked.items() if value is not None}
        self.options = replace(self.options, **given)

    @property
    def model(self) -> 'BoxCaseg':
        """The PyTorch model.

        Raises:
            AttributeError: If the runtime is ``'onnx'``.
        """
        if self.runtime != 'torch':
            raise AttributeError(
                'the inferencer has no PyTorch model; build it with runtime="torch"'
            )
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

        The result of an image takes N * H * W bytes, and five times that with
        probabilities. Process a large folder of photos in portions.

        Args:
            inputs (str | Path | bytes | np.ndarray | list): An image as the
                path of a file, as the content of a file, or as an array,
                uint8, shape (H, W, 3), or (H, W) if it is grey; or a list of
                images.
            boxes (np.ndarray | Sequence): Boxes as xyxy, shape (N, 4), in
                pixels of the image; N may be 0. For a list of images, a list
                with one such array for each. A box that covers nothing of its
                image gets an empty mask, scores of 0 and a warning.
            return_probs (bool): Whether the result has probabilities.
                Defaults to False.
            channel_order (str): Channel order of arrays, ``'rgb'`` or
                ``'bgr'``. Defaults to ``'rgb'``.
            batch_size (int, optional): Number of images that go through the
                network together. Defaults to None: as in the config.
            return_vis (bool): Whether the result has a picture of the masks.
                Defaults to False.
            show (bool): Whether each picture is shown in a window. Defaults
                to False.
            out_dir (str | Path, optional): Folder to which the pictures are
                written as PNGs, see
                :func:`~mmboxcaseg.apis.images.picture_names` for their names.
                Defaults to None: they are not written.

        Returns:
            InstanceMasks | list[InstanceMasks]: Masks of the image; for a
            list of images a list in the same order.

        Raises:
            FileNotFoundError: If an image is the path of no file.
            TypeError: If an image has none of these types.
            ValueError: If an image can't be decoded or has another shape, the
                numbers of images and of arrays of boxes differ, or
                ``batch_size`` is less than 1.
        """
        if batch_size is not None and batch_size < 1:
            raise ValueError(f'batch_size must be at least 1, not {batch_size}')
        several = isinstance(inputs, (list, tuple))
        images = cast(Sequence[Image], inputs if several else [inputs])
        of_images = cast(Sequence[Boxes], boxes if several else [boxes])
        if len(images) != len(of_images):
            raise ValueError(
                f'there are {len(images)} images, but boxes for {len(of_images)}; '
                'give one list of boxes per image'
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
        """Make the masks of all images, batch by batch."""
        options = replace(self.options, with_probs=return_probs)
        results: list[InstanceMasks] = []
        batch: list[tuple] = []
        for image, of_image in zip(images, boxes):
            loaded = load_image(image, channel_order, self._predictor.decode)
            height, width = loaded.shape[:2]
            # An empty list becomes an array of shape (0,).
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
            results.append(empty_masks(len(usable), height, width, return_probs))
            # As in a data set, images without usable boxes are in no batch.
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
            fill_masks(result, masks, boxes, places, self.merge)

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
        """Add the picture to a result; show it and write it if asked for."""
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
        agreement_thr: float = 0.0,
        channel_order: str = 'rgb',
        side: int = 800,
        out_file: Path | None = None,
        confidence: np.ndarray | None = None,
    ) -> np.ndarray:
        """Draw masks, boxes and scores on an image.

        Args:
            image (str | Path | bytes | np.ndarray): The image, as for calling
                the inferencer.
            boxes (np.ndarray | Sequence): Boxes as xyxy, shape (N, 4), in
                pixels of the image.
            masks (np.ndarray): (N, H, W) bool, masks of the boxes.
            agreement (np.ndarray): (N,) in [0, 1], agreement of each mask.
            agreement_thr (float): Masks with a lower agreement, in [0, 1],
                are hatched in red, as the training of a detector would ignore
                them. Defaults to 0: none is.
            channel_order (str): Channel order of an array, ``'rgb'`` or
                ``'bgr'``. Defaults to ``'rgb'``.
            side (int): Longer side of the picture in pixels. Defaults to 800.
            out_file (str | Path, optional): Path of the PNG file to write.
                Defaults to None: it is not written.
            confidence (np.ndarray, optional): (N,) in [0, 1], confidence of
                each mask, written beside its agreement. Defaults to None.

        Returns:
            np.ndarray: The picture in RGB, (H', W', 3) uint8.

        Raises:
            FileNotFoundError: If there is no such file.
            TypeError: If the image is neither path, bytes nor array.
            ValueError: If the image can't be decoded, the numbers of boxes
                and masks differ, or ``out_file`` does not end in ``.png``.
        """
        photo = load_image(image, channel_order, self._predictor.decode)[..., ::-1]
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


def _torch_predictor(
    model: 'str | Config | None',
    weights: str | None,
    device: str | None,
    allow_unsafe: bool,
) -> 'TorchPredictor':
    """Build a predictor of PyTorch, which is imported only here."""
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
