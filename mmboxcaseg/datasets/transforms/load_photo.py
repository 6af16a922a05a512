"""Loading photos upright and with eight bits per channel."""

import logging

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform, LoadImageFromFile
from mmengine.fileio import get
from mmengine.logging import print_log

from mmboxcaseg.decoding import decode_eight_bits, needs_care
from mmboxcaseg.registry import TRANSFORMS

from ..photo_size import check_photo_size


@TRANSFORMS.register_module(name='LoadImageFromFile')
class LoadPhoto(LoadImageFromFile):
    """A ``LoadImageFromFile`` that loads every photo upright.

    In the scope ``mmboxcaseg`` it replaces mmcv's transform of this name. It
    differs in two points:

    - The EXIF orientation is applied to WebP and AVIF too. OpenCV itself
      applies it only to JPEG, PNG and TIFF.
    - A sixteen-bit photo that uses at most 14 bits, as cameras, scanners and
      microscopes write them, is nearly black in eight bits. With
      ``stretch_16bit`` its eight highest used bits are taken. Otherwise it
      gets the key ``used_bits``, and the first such photo logs a warning.

    Args:
        stretch_16bit (bool): Whether sixteen-bit photos that use at most 14
            bits are brightened. Defaults to False.
        **kwargs (Any): Arguments of
            :class:`mmcv.transforms.LoadImageFromFile`. The differences apply
            only to ``color_type='color'`` with ``imdecode_backend='cv2'``,
            which are the defaults.
    """

    _told = False

    def __init__(self, stretch_16bit: bool = False, **kwargs) -> None:
        super().__init__(**kwargs)
        self.stretch_16bit = stretch_16bit

    @property
    def _is_ours(self) -> bool:
        return (
            self.color_type == 'color'
            and self.imdecode_backend == 'cv2'
            and self.file_client_args is None
        )

    def transform(self, results: dict) -> dict | None:
        """Load the photo.

        Args:
            results (dict): Item with ``img_path``.

        Returns:
            dict | None: The item with ``img``, ``img_shape``, ``ori_shape``
            and perhaps ``used_bits``; None if the file can't be read and
            ``ignore_empty`` is set.

        Raises:
            AssertionError: If the photo can't be decoded.
            OSError: If the file can't be read.
        """
        if not self._is_ours:
            return super().transform(results)
        path = results['img_path']
        try:
            content = get(path, backend_args=self.backend_args)
            img, bits = decode_eight_bits(content, self.stretch_16bit)
        except OSError:
            if self.ignore_empty:
                return None
            raise
        # mmcv's own error, which code that skips such photos expects.
        assert img is not None, f'failed to load image: {path}'
        if bits is not None:
            results['used_bits'] = bits
            self._tell(path, bits)
        if self.to_float32:
            img = img.astype(np.float32)
        results['img'] = img
        results['img_shape'] = img.shape[:2]
        results['ori_shape'] = img.shape[:2]
        return results

    def decode(self, content: bytes) -> np.ndarray | None:
        """Decode a photo as in the pipeline.

        Args:
            content (bytes): Content of the photo's file.

        Returns:
            np.ndarray | None: The photo, by default in BGR, (H, W, 3) uint8;
            None if it can't be decoded.
        """
        if not self._is_ours:
            if not content:
                return None
            return mmcv.imfrombytes(
                content, flag=self.color_type, backend=self.imdecode_backend
            )
        img, bits = decode_eight_bits(content, self.stretch_16bit)
        if bits is not None:
            self._tell('a photo', bits)
        return img

    @classmethod
    def _tell(cls, path: str, bits: int) -> None:
        """Warn about the first dark photo of this process."""
        if not cls._told:
            cls._told = True
            print_log(
                f'{path} uses {bits} of its 16 bits, so it is nearly black in 8 '
                'bits; set stretch_16bit=True of LoadImageFromFile to take the '
                '8 highest bits that it uses',
                logger='current',
                level=logging.WARNING,
            )

    def __repr__(self) -> str:
        text = super().__repr__()
        return f'{text[:-1]}, stretch_16bit={self.stretch_16bit})'


@TRANSFORMS.register_module()
class UprightPhoto(BaseTransform):
    """Load a photo again with :class:`LoadPhoto` if mmcv's loader is not enough.

    MMDetection's tools and its ``DetInferencer`` look for mmcv's
    ``LoadImageFromFile`` in a pipeline and replace it. So pipelines of
    detectors keep mmcv's loader, and this transform follows it. Photos in WebP
    or AVIF, or possibly with sixteen bits, are loaded again. A photo that was
    given as an array stays as it is. If the annotations have the size of the
    photo, it is checked.

    Args:
        stretch_16bit (bool): See :class:`LoadPhoto`. Defaults to False.
        to_float32 (bool): ``to_float32`` of the loader before. Defaults to
            False.
        backend_args (dict, optional): ``backend_args`` of the loader before.
            Defaults to None.
    """

    def __init__(
        self,
        stretch_16bit: bool = False,
        to_float32: bool = False,
        backend_args: dict | None = None,
    ) -> None:
        self.load = LoadPhoto(
            stretch_16bit=stretch_16bit,
            to_float32=to_float32,
            backend_args=backend_args,
        )

    def transform(self, results: dict) -> dict:
        """Load the photo again if necessary.

        Args:
            results (dict): Result of mmcv's loader.

        Returns:
            dict: The results, perhaps with a new ``img``.

        Raises:
            BadInputError: If the photo differs in size from its annotation.
        """
        path = results.get('img_path')
        if path and needs_care(self._head(path)):
            results = self.load.transform(results)
        check_photo_size(results)
        return results

    def _head(self, path: str) -> bytes:
        if self.load.backend_args is not None:
            return get(path, backend_args=self.load.backend_args)
        with open(path, 'rb') as file:
            return file.read(32)

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.load!r})'
