"""Loading a photo from its file."""

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
    """mmcv's ``LoadImageFromFile``, with every photo upright.

    It takes the place of mmcv's in the scope ``mmboxcaseg``. What differs:

    - A WebP or AVIF is turned as its EXIF orientation says; OpenCV itself
      turns JPEG, PNG and TIFF only.
    - A photo of sixteen bits of which 14 or fewer are used, as cameras,
      scanners and microscopes write, is nearly black in eight bits. It gets
      the key ``used_bits``, and is told once; with ``stretch_16bit`` its
      eight highest used bits are taken.

    Args:
        stretch_16bit (bool): See above; other photos are not changed.
            Defaults to False.
        **kwargs: See :class:`mmcv.transforms.LoadImageFromFile`. Only
            ``color_type='color'`` with ``imdecode_backend='cv2'``, the
            defaults, differs from mmcv's.
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
        """Load the photo, see the class."""
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
        # mmcv's error, which those who skip such photos know.
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
            content (bytes): Content of the file.

        Returns:
            np.ndarray | None: The photo; None if it can't be decoded.
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
        """Warn of the first dark photo of this process."""
        if not cls._told:
            cls._told = True
            print_log(
                f'{path}: {bits} of its 16 bits are used, so it is nearly '
                'black in 8 bits; set stretch_16bit=True of '
                'LoadImageFromFile to use those that it has',
                logger='current',
                level=logging.WARNING,
            )

    def __repr__(self) -> str:
        text = super().__repr__()
        return f'{text[:-1]}, stretch_16bit={self.stretch_16bit})'


@TRANSFORMS.register_module()
class UprightPhoto(BaseTransform):
    """What :class:`LoadPhoto` does besides, behind mmcv's loader.

    MMDetection's tools and its ``DetInferencer`` look for mmcv's
    ``LoadImageFromFile`` in a pipeline, and put another in its place. So
    pipelines of detectors keep it, with this step after it: a WebP or AVIF,
    and what may have sixteen bits, is loaded once more by :class:`LoadPhoto`.
    A photo that came as an array stays as it is. Where the annotations tell
    the photo's size it is compared.

    Args:
        stretch_16bit (bool): See :class:`LoadPhoto`. Defaults to False.
        to_float32 (bool): As of the loader before. Defaults to False.
        backend_args (dict, optional): As of the loader before. Defaults to
            None.

    Raises:
        BadInputError: If the photo has another size than its annotation says.
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
        """Load the photo again if need be, see the class."""
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
