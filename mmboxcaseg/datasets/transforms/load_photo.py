"""Loading a photo from its file."""
import logging

import mmcv
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine.fileio import get
from mmengine.logging import print_log

from mmboxcaseg.decoding import (DIM_BITS, decode_photo, decode_stretched,
                                 used_bits)
from mmboxcaseg.registry import TRANSFORMS


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
        return self.color_type == 'color' and self.imdecode_backend == 'cv2' \
            and self.file_client_args is None

    def transform(self, results: dict) -> dict | None:
        """Load the photo, see the class."""
        if not self._is_ours:
            return super().transform(results)
        path = results['img_path']
        try:
            content = get(path, backend_args=self.backend_args)
            img, bits = self._decode(content)
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
            return content and mmcv.imfrombytes(
                content, flag=self.color_type, backend=self.imdecode_backend)
        img, bits = self._decode(content)
        if bits is not None:
            self._tell('a photo', bits)
        return img

    def _decode(self, content: bytes) -> tuple[np.ndarray | None, int | None]:
        """The photo, and the bits that it uses if it is left too dark."""
        bits = used_bits(content)
        if bits is None or bits > DIM_BITS:
            return decode_photo(content), None
        if self.stretch_16bit:
            return decode_stretched(content), None
        return decode_photo(content), bits

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
                level=logging.WARNING)

    def __repr__(self) -> str:
        text = super().__repr__()
        return f'{text[:-1]}, stretch_16bit={self.stretch_16bit})'
