"""Predicting with a trained model on the test data of its config."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from torch.utils.data import DataLoader

from mmboxcaseg.masks import decode_rle, rect_mask_iou
from mmboxcaseg.models.segmentors import BoxCaseg
from mmboxcaseg.prediction import PredictOptions
from mmboxcaseg.progress import show_progress


@dataclass(frozen=True, eq=False)
class ScoredMask:
    """A predicted mask with its true mask.

    Attributes:
        box_id (int | str): Id of the annotation.
        image_id (int | str): Id of its image.
        img_path (str): Path of the photo.
        label (int): Label of its class, from 0.
        box (np.ndarray): Box as xyxy in pixels of the image, (4,).
        mask (np.ndarray): Predicted mask in the whole image, (H, W) bool.
        truth (np.ndarray): True mask in the whole image, (H, W) bool.
        iou (float): IoU of the two masks, in [0, 1].
        box_iou (float): IoU of the filled box with the true mask, in [0, 1].
    """

    box_id: int
    image_id: int
    img_path: str
    label: int
    box: np.ndarray
    mask: np.ndarray
    truth: np.ndarray
    iou: float
    box_iou: float


def test_loader(cfg: Config, **dataset_options: Any) -> DataLoader:
    """Build the test data loader of a config, without worker processes.

    Args:
        cfg (Config): The config.
        **dataset_options (Any): Settings of the data set that replace those
            of the config.

    Returns:
        DataLoader: The loader, with one image per batch.
    """
    loader = dict(
        cfg.test_dataloader, batch_size=1, num_workers=0, persistent_workers=False
    )
    loader['dataset'] = dict(loader['dataset'], **dataset_options)
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmengine')):
        return Runner.build_dataloader(loader)


@torch.no_grad()
def predict_boxes(
    model: BoxCaseg,
    loader: DataLoader,
    options: PredictOptions,
    what: str,
    quiet: bool = False,
) -> Iterator[BaseDataElement]:
    """Predict masks for the boxes of each image, and show the progress.

    Args:
        model (BoxCaseg): The model.
        loader (DataLoader): Loader of a
            :class:`~mmboxcaseg.datasets.BoxPromptDataset`.
        options (PredictOptions): Settings of the prediction.
        what (str): Title of the progress bar.
        quiet (bool): Whether no progress is shown. Defaults to False.

    Yields:
        SegDataSample: The sample of an image, see :meth:`BoxCaseg.predict`.
    """

    def run(batch: dict) -> list[BaseDataElement]:
        data = model.data_preprocessor(batch, False)
        return model.predict(data['inputs'], data['data_samples'], options)

    yield from _run(run, loader, what, quiet)


@torch.no_grad()
def detect(
    detector: torch.nn.Module, loader: DataLoader, what: str
) -> Iterator[BaseDataElement]:
    """Run a detector on each image, and show the progress.

    Args:
        detector (torch.nn.Module): A model of mmdet.
        loader (DataLoader): Loader of the images.
        what (str): Title of the progress bar.

    Yields:
        DetDataSample: The sample of an image, with ``pred_instances``.
    """
    yield from _run(detector.test_step, loader, what)


def _run(
    step: Callable[[dict], list[BaseDataElement]],
    loader: DataLoader,
    what: str,
    quiet: bool = False,
) -> Iterator[BaseDataElement]:
    with show_progress(len(loader.dataset), what, quiet=quiet) as update:
        for batch in loader:
            for sample in step(batch):
                update(1, len(sample.pred_instances.masks))
                yield sample


def scored_masks(sample: BaseDataElement, min_side: int) -> Iterator[ScoredMask]:
    """Compare the predicted masks of an image with the true masks.

    Args:
        sample (SegDataSample): A sample of :func:`predict_boxes`, whose
            ``prompt_instances`` have ``true_rles``.
        min_side (int): Smallest side of boxes that are compared, in pixels.

    Yields:
        ScoredMask: A predicted mask with its true mask.

    Raises:
        ValueError: If the sample has no true masks.
    """
    prompts, pred = sample.prompt_instances, sample.pred_instances
    if 'true_rles' not in prompts:
        raise ValueError(
            'the test data has no true masks to compare with: set '
            'test_dataloader.dataset.with_mask=True'
        )
    for index, rect in enumerate(pred.rects.tolist()):
        x0, y0, x1, y1 = rect
        if min(x1 - x0, y1 - y0) < min_side:
            continue
        truth = decode_rle(prompts.true_rles[index])
        mask = np.zeros_like(truth)
        mask[y0:y1, x0:x1] = pred.masks[index]
        yield ScoredMask(
            box_id=prompts.ann_ids[index],
            image_id=sample.img_id,
            img_path=sample.img_path,
            label=int(prompts.labels[index]),
            box=prompts.bboxes[index].cpu().numpy(),
            mask=mask,
            truth=truth,
            iou=rect_mask_iou(pred.masks[index], rect, truth),
            box_iou=rect_mask_iou(np.ones_like(pred.masks[index]), rect, truth),
        )
