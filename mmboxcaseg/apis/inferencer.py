"""Masks for the boxes of some images, from Python."""
import os
import warnings
from dataclasses import replace
from typing import List, Optional, Sequence, Tuple, Union

import mmcv
import numpy as np
import torch
from mmcv.transforms import LoadImageFromFile
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.device import get_device
from mmengine.registry import DefaultScope
from mmengine.runner import load_checkpoint
from mmengine.structures import BaseDataElement

from mmboxcaseg import proxy_masks
from mmboxcaseg import visualization as vis
from mmboxcaseg.engine import WEIGHTS_ONLY, check_weights
from mmboxcaseg.models import PredictOptions
from mmboxcaseg.registry import MODELS, TRANSFORMS
from .default_model import default_model

Path = Union[str, os.PathLike]
Image = Union[Path, bytes, np.ndarray]
Boxes = Union[np.ndarray, Sequence[Sequence[float]]]
Masks = Tuple[np.ndarray, ...]


class BoxCasegInferencer:
    """Makes masks of boxes (the paper, Sec. 3.4).

    It takes the same path as ``tools/make_proxy_masks.py``: the pipeline of
    the config's ``test_dataloader``, the model's prediction, merging and
    agreement. Margins and mirror images to average over are set in the config:
    ``margins`` of ``CropBoxes``, ``flip`` of ``model.test_cfg``.

    Args:
        model (str | Config, optional): Config of a BoxCaseg model, or its
            path. Defaults to None: the one that ships with the package.
        weights (str, optional): Path of its checkpoint; to be left out with
            ``model`` only.
        device (str, optional): Such as ``'cpu'`` or ``'cuda:1'``. Defaults to
            None: a GPU if there is one.
        merge (bool): Whether a pixel claimed by several masks of an image
            goes to the smallest object only. Defaults to True.
        allow_unsafe (bool): Whether the checkpoint may hold more than weights
            and plain values; such a file can run any code. Defaults to False.

    Raises:
        FileNotFoundError: If a file doesn't exist, or no model is named and
            none ships with this copy of the package.
        ValueError: If only one of ``model`` and ``weights`` is given, the
            config doesn't test on box prompts, or the checkpoint is not of
            this model.
    """

    def __init__(self,
                 model: Union[str, Config, None] = None,
                 weights: Optional[str] = None,
                 device: Optional[str] = None,
                 merge: bool = True,
                 allow_unsafe: bool = False) -> None:
        if (model is None) != (weights is None):
            given, lacking = (('model', 'weights') if weights is None else
                              ('weights', 'model'))
            raise ValueError(f'{given} is given without {lacking}; give both, '
                             'or neither for the model of the package')
        if model is None:
            model, weights = default_model()
        cfg = model if isinstance(model, Config) else Config.fromfile(model)
        loader = cfg.get('test_dataloader', {})
        dataset = loader.get('dataset', {})
        if str(dataset.get('type')).split('.')[-1] != 'BoxPromptDataset':
            raise ValueError(
                f'{cfg.filename}: test_dataloader.dataset.type is '
                f'{dataset.get("type")!r}; masks are made from boxes by a '
                'config that tests on a BoxPromptDataset')
        # Whatever scope another library has set in this process.
        with DefaultScope.overwrite_default_scope(
                cfg.get('default_scope', 'mmboxcaseg')):
            load, *rest = [
                TRANSFORMS.build(step) for step in dataset['pipeline']
            ]
            self.model = MODELS.build(cfg.model)
        if not isinstance(load, LoadImageFromFile):
            raise ValueError(
                f'{cfg.filename}: the pipeline of test_dataloader.dataset '
                f'begins with {type(load).__name__}; it must begin with '
                'LoadImageFromFile')
        self.load = load
        self.prepare = Compose(rest)
        self.images_per_batch = loader.get('batch_size', 1)
        self.merge = merge
        checkpoint = load_checkpoint(
            self.model,
            weights if allow_unsafe else f'{WEIGHTS_ONLY}{weights}',
            map_location='cpu')
        check_weights(self.model, checkpoint)
        self.model.to(device or get_device()).eval()

    def __call__(self,
                 images: Union[Image, Sequence[Image]],
                 boxes: Union[Boxes, Sequence[Boxes]],
                 return_probs: bool = False,
                 channel_order: str = 'rgb') -> Union[Masks, List[Masks]]:
        """Make the masks of the boxes of an image, or of several images.

        The result of an image takes N * H * W bytes, and with probabilities
        five times that: give a folder of photos in portions.

        Args:
            images (str | Path | bytes | np.ndarray | list): An image as the
                path of a file, as the content of a file, or as an array,
                uint8, shape (H, W, 3), or (H, W) if it is grey; or a list of
                such.
            boxes (np.ndarray | Sequence): xyxy in pixels of the image, shape
                (N, 4), N may be 0; for a list of images a list of such. A box
                that covers nothing of its image gets an empty mask and
                agreement 0, and a warning.
            return_probs (bool): Whether the result has the probabilities.
                Defaults to False.
            channel_order (str): Of arrays, ``'rgb'`` or ``'bgr'``. Defaults
                to ``'rgb'``.

        Returns:
            tuple | list[tuple]: ``masks`` (N, H, W) bool; ``agreement``
            (N, ) float64, in [0, 1]; on request ``probs`` (N, H, W) float32,
            in [0, 1], the min-max normalised probabilities before merging and
            threshold, 0 outside the boxes. For a list of images a list of
            such, in its order.

        Raises:
            FileNotFoundError: If there is no such file.
            TypeError: If an image is none of the above.
            ValueError: If an image can't be decoded or has another shape, or
                the numbers of images and lists of boxes differ.
        """
        if not isinstance(images, (list, tuple)):
            return self._infer([images], [boxes], return_probs,
                               channel_order)[0]
        if len(images) != len(boxes):
            raise ValueError(f'{len(images)} images, but boxes of '
                             f'{len(boxes)}; give one list of boxes an image')
        return self._infer(images, boxes, return_probs, channel_order)

    def _infer(self, images: Sequence[Image], boxes: Sequence[Boxes],
               return_probs: bool, channel_order: str) -> List[Masks]:
        options = replace(self.model.predict_options, with_probs=return_probs)
        results: List[Masks] = [()] * len(images)
        batch: List[tuple] = []
        for index, (image, of_image) in enumerate(zip(images, boxes)):
            loaded = self._load(image, channel_order)
            height, width = loaded['img'].shape[:2]
            # Empty lists have no second axis yet.
            of_image = np.asarray(of_image, dtype=np.float64)
            if not of_image.size:
                of_image = of_image.reshape(0, 4)
            usable = proxy_masks.usable_boxes(of_image, height, width)
            if not usable.all():
                warnings.warn(
                    f'the boxes {np.flatnonzero(~usable).tolist()} of '
                    f'{_name(image)} are empty, not finite or outside the '
                    'image; they get an empty mask and agreement 0')
            results[index] = self._empty(usable, height, width, return_probs)
            # As in a data set, images without boxes are in no batch.
            if usable.any():
                item = self.prepare(dict(loaded, boxes=of_image[usable]))
                batch.append((item, usable, results[index]))
            if len(batch) == self.images_per_batch:
                self._predict(batch, options)
                batch = []
        if batch:
            self._predict(batch, options)
        return results

    @staticmethod
    def _empty(usable: np.ndarray, height: int, width: int,
               with_probs: bool) -> Masks:
        shape = (len(usable), height, width)
        result = (np.zeros(shape, bool), np.zeros(len(usable)))
        return result + (np.zeros(shape, np.float32), ) if with_probs \
            else result

    def _predict(self, batch: Sequence[tuple],
                 options: PredictOptions) -> None:
        """Fill in the results of some images."""
        with torch.no_grad():
            samples = self.model.test_step(
                pseudo_collate([item for item, _, _ in batch]), options)
        for sample, (_, usable, result) in zip(samples, batch):
            self._fill(sample, np.flatnonzero(usable), *result)

    def _fill(self,
              sample: BaseDataElement,
              places: np.ndarray,
              masks: np.ndarray,
              agreement: np.ndarray,
              probs: Optional[np.ndarray] = None) -> None:
        pred = sample.pred_instances
        rects = pred.rects.cpu().numpy()
        merged, agreement[places] = proxy_masks.merge_and_score(
            pred.masks, rects,
            sample.prompt_instances.bboxes.cpu().numpy(), *masks.shape[1:],
            self.merge)
        for place, mask, (x0, y0, x1, y1) in zip(places, merged, rects):
            masks[place, y0:y1, x0:x1] = mask
        if probs is not None:
            for place, prob, (x0, y0, x1, y1) in zip(places, pred.probs,
                                                     rects):
                probs[place, y0:y1, x0:x1] = prob

    def _load(self, image: Image, channel_order: str) -> dict:
        """What the first transform of the pipeline gives: BGR, uint8."""
        if isinstance(image, (str, os.PathLike, bytes)):
            array = self._decode(image)
        elif isinstance(image, np.ndarray):
            array = _as_bgr(image, channel_order)
        else:
            raise TypeError('an image must be a path, bytes or a NumPy array, '
                            f'not {type(image).__name__}')
        return dict(
            img=array, img_shape=array.shape[:2], ori_shape=array.shape[:2])

    def _decode(self, image: Union[Path, bytes]) -> np.ndarray:
        """Decode a file as the first transform of the pipeline does."""
        content = image
        if not isinstance(image, bytes):
            if not os.path.isfile(image):
                raise FileNotFoundError(f'no image {os.fspath(image)}')
            with open(image, 'rb') as file:
                content = file.read()
        # OpenCV raises an error of its own for an empty buffer.
        array = content and mmcv.imfrombytes(
            content,
            flag=self.load.color_type,
            backend=self.load.imdecode_backend)
        if array is None or not len(array):
            raise ValueError(f'{_name(image)} can\'t be decoded as an image')
        return array

    def visualize(self,
                  image: Image,
                  boxes: Boxes,
                  masks: np.ndarray,
                  agreement: np.ndarray,
                  agreement_thr: float = 0.95,
                  channel_order: str = 'rgb',
                  side: int = 800,
                  out_file: Optional[Path] = None) -> np.ndarray:
        """Draw masks, boxes and agreements on an image.

        Args:
            image (str | Path | bytes | np.ndarray): As given to the call.
            boxes (np.ndarray | Sequence): xyxy, shape (N, 4), likewise.
            masks (np.ndarray): Of the call, (N, H, W) bool.
            agreement (np.ndarray): Of the call, shape (N, ).
            agreement_thr (float): Masks with a lower agreement are hatched in
                red, as they would be ignored. Defaults to 0.95.
            channel_order (str): Of an array, ``'rgb'`` or ``'bgr'``. Defaults
                to ``'rgb'``.
            side (int): The picture fits into a square of this side, in
                pixels. Defaults to 800.
            out_file (str | Path, optional): PNG file to write. Defaults to
                None.

        Returns:
            np.ndarray: The picture, RGB, uint8.

        Raises:
            ValueError: If an array is of another shape than expected, or
                ``out_file`` doesn't end in ``.png``.
        """
        photo = self._load(image, channel_order)['img'][..., ::-1]
        usable = proxy_masks.usable_boxes(boxes, *photo.shape[:2])
        if len(usable) != len(masks):
            raise ValueError(f'{len(masks)} masks, but {len(usable)} boxes')
        drawn = vis.proxy_picture(
            np.ascontiguousarray(photo),
            np.asarray(boxes, dtype=np.float64).reshape(-1, 4)[usable],
            masks[usable], agreement[usable], agreement_thr, '', side).image
        if out_file is not None:
            vis.write_png(os.fspath(out_file), drawn)
        return drawn


def _name(image: Image) -> str:
    """What to call an image in messages."""
    if isinstance(image, (str, os.PathLike)):
        return os.fspath(image)
    if isinstance(image, bytes):
        return f'an image given as {len(image)} bytes'
    return f'an image given as array of shape {image.shape}'


def _as_bgr(image: np.ndarray, channel_order: str) -> np.ndarray:
    """An array of the user's as the loading transform would give it."""
    if channel_order not in ('rgb', 'bgr'):
        raise ValueError(
            f"channel_order must be 'rgb' or 'bgr', not {channel_order!r}")
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or (
            image.ndim == 3 and image.shape[2] != 3) or not image.size:
        raise ValueError(
            'an image given as an array must be uint8 of shape (H, W, 3) or '
            f'(H, W), not {image.dtype} of shape {image.shape}')
    if image.ndim == 2:
        return np.repeat(image[..., None], 3, axis=2)
    return np.ascontiguousarray(image[..., ::-1] if channel_order ==
                                'rgb' else image)
