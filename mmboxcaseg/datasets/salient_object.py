"""Salient images with masks, such as DUTS-TR (the paper, Sec. 4)."""

import os
import os.path as osp
from collections import defaultdict

from mmengine.dataset import BaseDataset, Compose
from mmengine.dist import is_main_process
from mmengine.logging import print_log
from rich.progress import track

from mmboxcaseg.registry import DATASETS

from .salient_cache import SalientCache, split_at_resize
from .salient_mask import count_objects, fitting_mask, read_mask

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')


@DATASETS.register_module()
class SalientObjectDataset(BaseDataset):
    """Data set of images with masks of the same names, in two folders.

    The sizes of images and masks are compared when the list is made, by the
    heads of the files. If an image has several masks, as in some copies of
    DUTS, the first by name that has its size is used. An image without a mask
    of its size is skipped; the log counts them. Hidden files are ignored.

    An item has ``img_path``, ``mask_path`` and ``supervision``, which is
    ``'mask'``. The pipeline also gets the data set itself as ``dataset``, for
    transforms that mix images.

    Args:
        data_prefix (dict): The two folders, as ``img`` and ``mask``, relative
            to ``data_root``.
        ann_file (str): Path of a list of names to use, one per line, with or
            without suffix. Lines that begin with ``#`` are comments. Defaults
            to '': all images of the folder.
        single_object (dict, optional): Rule that keeps only images with one
            object. Its keys are ``connectivity`` (4 or 8, default 8) and
            ``min_area`` (default 0), see :func:`count_objects`. The rule and
            the numbers of images are logged. Defaults to None: all images are
            kept.
        cache_dir (str, optional): Folder for a cache of resized images, see
            :class:`SalientCache`. It helps if decoding limits the speed of
            training; the pipeline must resize to a fixed size. Defaults to
            None: there is no cache.
        **kwargs (Any): Arguments of :class:`mmengine.dataset.BaseDataset`.

    Raises:
        FileNotFoundError: If a folder is missing, or a listed image.
        ValueError: If no image is left to train on, or the pipeline can't be
            cached.
    """

    METAINFO = dict(classes=('background', 'object'))

    def __init__(
        self,
        data_prefix: dict,
        ann_file: str = '',
        single_object: dict | None = None,
        cache_dir: str | None = None,
        **kwargs,
    ) -> None:
        self.single_object = (
            None
            if single_object is None
            else dict(dict(connectivity=8, min_area=0), **single_object)
        )
        self.cache_dir = cache_dir
        self._cache: SalientCache | None = None
        super().__init__(ann_file=ann_file, data_prefix=data_prefix, **kwargs)

    def full_init(self) -> None:
        """Load the list of images, and make or open the cache."""
        super().full_init()
        if self.cache_dir is not None and self._cache is None:
            transforms = self.pipeline.transforms
            count = split_at_resize(transforms)
            items = [self.get_data_info(index) for index in range(len(self))]
            self._cache = SalientCache(self.cache_dir, items, transforms[:count])
            self._rest = Compose(transforms[count:])

    def prepare_data(self, idx: int) -> dict:
        """Run the pipeline on an item; the cache replaces its first steps.

        Args:
            idx (int): Index of the item.

        Returns:
            dict: Result of the pipeline.
        """
        info = dict(self.get_data_info(idx), dataset=self)
        if self._cache is None:
            return self.pipeline(info)
        return self._rest(self._cache.read(idx, info))

    def load_data_list(self) -> list[dict]:
        """List the images with their masks.

        Returns:
            list[dict]: The items, see the class.

        Raises:
            FileNotFoundError: If a folder is missing, or a listed image.
            ValueError: If no image is left to train on.
        """
        images = {name: paths[0] for name, paths in self._files('img').items()}
        masks = self._files('mask')
        # An empty list file means no image, not all images.
        names = self._listed_names() if self.ann_file else sorted(images)
        lost = [name for name in names if name not in images]
        if self.ann_file and lost:
            raise FileNotFoundError(
                f'{self.ann_file}: {len(lost)} of {len(names)} names have no '
                f'image in {self.data_prefix["img"]}, such as {lost[0]!r}'
            )
        paired = [name for name in names if name in masks]
        if len(paired) < len(names):
            print_log(
                f'{self.data_prefix["img"]}: {len(names) - len(paired)} of '
                f'{len(names)} images have no mask in '
                f'{self.data_prefix["mask"]} and are skipped',
                logger='current',
                level=30,
            )
        data_list = self._fitting({images[name]: masks[name] for name in paired})
        if self.single_object is not None:
            data_list = self._keep_single_objects(data_list)
        if not data_list:
            raise ValueError(
                f'{self.data_prefix["img"]}: no image is left to train on; '
                f'put masks of the same names into {self.data_prefix["mask"]}'
            )
        return data_list

    def _files(self, key: str) -> dict[str, list[str]]:
        """Paths of the pictures in a folder by name without suffix, sorted."""
        folder = self.data_prefix[key]
        if not osp.isdir(folder):
            raise FileNotFoundError(
                f'{folder}: no such folder; give it as '
                f'data_prefix.{key} of the data set'
            )
        found = defaultdict(list)
        # The order of a folder is arbitrary.
        for name in sorted(os.listdir(folder)):
            # macOS writes a hidden "._n01.jpg" for n01.jpg.
            if name.lower().endswith(IMAGE_SUFFIXES) and name[0] != '.':
                found[osp.splitext(name)[0]].append(osp.join(folder, name))
        return found

    def _fitting(self, masks_of: dict[str, list[str]]) -> list[dict]:
        """Items of the images with a mask of their size; logs the others."""
        data_list, wrong = [], []
        for image, masks in masks_of.items():
            mask, reason = fitting_mask(image, masks)
            if mask is None:
                wrong.append(reason)
            else:
                data_list.append(
                    dict(img_path=image, mask_path=mask, supervision='mask')
                )
        if wrong:
            print_log(
                f'{self.data_prefix["img"]}: skipped {len(wrong)} of '
                f'{len(masks_of)} images that have no mask of their size: '
                f'{"; ".join(wrong[:5])}{"; ..." if len(wrong) > 5 else ""}',
                logger='current',
                level=30,
            )
        return data_list

    def _listed_names(self) -> list[str]:
        """Names in the list file, without suffix."""
        with open(self.ann_file, encoding='utf-8-sig') as file:
            lines = [line.strip() for line in file]
        names = []
        for line in lines:
            if line and not line.startswith('#'):
                stem, suffix = osp.splitext(line)
                known = suffix.lower() in IMAGE_SUFFIXES
                names.append(stem if known else line)
        return names

    def _keep_single_objects(self, data_list: list[dict]) -> list[dict]:
        """Keep the images with one object, and log the numbers."""
        counts = [
            count_objects(read_mask(item['mask_path']), **self.single_object)
            for item in track(
                data_list, description='counting objects', disable=not is_main_process()
            )
        ]
        kept = [item for item, n in zip(data_list, counts) if n == 1]
        rule = ', '.join(f'{k}={v}' for k, v in self.single_object.items())
        print_log(
            f'single object ({rule}): kept {len(kept)} of {len(data_list)} '
            f'images; {counts.count(0)} have no object, '
            f'{sum(n > 1 for n in counts)} have several',
            logger='current',
        )
        return kept
