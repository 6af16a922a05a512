"""The inputs of a run: real photos, or synthetic ones if there are none."""

import os.path as osp
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmengine.config import Config

# Numbers of COCO train2017.
IMAGES, INSTANCES = 118287, 860001
ROOT = osp.abspath(osp.join(osp.dirname(__file__), '..', '..', '..'))
# Number of synthetic photos of each kind; height and width are those of many
# photos of COCO.
PHOTOS, PHOTO_SIZE = 100, (480, 640)


@dataclass(frozen=True)
class Inputs:
    """The inputs of a run.

    Attributes:
        ann_file (str): COCO json with masks.
        img_dir (str): Folder of its photos.
        salient_dir (str): Folder of salient photos.
        mask_dir (str): Folder of the masks of the salient photos.
        photos (str): Description of the photos.
        images (int): Number of images of the synthetic annotations.
    """

    ann_file: str
    img_dir: str
    salient_dir: str
    mask_dir: str
    photos: str
    images: int


@contextmanager
def find_inputs(data: str, images: int = IMAGES) -> Iterator[Inputs]:
    """Find the photos in a folder, or make synthetic ones.

    Args:
        data (str): Folder with ``coco_mini`` and ``duts_tr_mini``, as
            ``tools/dataset_converters/prepare_mini.py`` writes it.
        images (int): Number of images of the synthetic annotations. Defaults
            to that of COCO train2017.

    Yields:
        Inputs: The inputs. Synthetic photos are removed when the context
        ends.
    """
    with tempfile.TemporaryDirectory() as made:
        coco = osp.join(data, 'coco_mini')
        duts = osp.join(data, 'duts_tr_mini')
        split, photos = 'train2017', 'COCO 2017 and DUTS-TR'
        if not (osp.isdir(coco) and osp.isdir(duts)):
            coco, duts = osp.join(made, 'coco'), osp.join(made, 'duts')
            split, photos = 'train', 'synthetic'
            # To standard error, since standard output gets the table.
            with redirect_stdout(sys.stderr):
                make_photos(made)
        yield Inputs(
            osp.join(coco, 'annotations', f'instances_{split}.json'),
            osp.join(coco, split),
            osp.join(duts, 'DUTS-TR-Image'),
            osp.join(duts, 'DUTS-TR-Mask'),
            photos,
            images,
        )


def make_photos(folder: str) -> None:
    """Make synthetic photos with their masks."""
    from mmboxcaseg.synthetic import export

    export.write_box_split(folder, 'train', 0, PHOTOS, PHOTO_SIZE)
    export.write_salient_split(folder, 0, PHOTOS, PHOTO_SIZE)


def base_config(path: str) -> 'Config':
    """Read a config of ``configs/_base_``."""
    from mmengine.config import Config

    return Config.fromfile(osp.join(ROOT, 'configs', '_base_', path))
