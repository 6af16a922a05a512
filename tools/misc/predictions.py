"""Predictions of a trained model on the test data of its config."""
import sys
from typing import Any, Dict, Iterator

import numpy as np

from mmboxcaseg import proxy_masks


def build_model(cfg: Any, checkpoint: str) -> Any:
    """The trained model of a config, on a GPU if there is one.

    Args:
        cfg (mmengine.config.Config): The config.
        checkpoint (str): File with all weights of the model.

    Returns:
        mmengine.model.BaseModel: In evaluation mode.

    Raises:
        ValueError: If the checkpoint is not of this model.
    """
    from mmengine.device import get_device
    from mmengine.registry import MODELS, init_default_scope
    from mmengine.runner import load_checkpoint
    init_default_scope(cfg.get('default_scope', 'mmengine'))
    model = MODELS.build(cfg.model)
    try:
        load_checkpoint(model, checkpoint, map_location='cpu', strict=True)
    except RuntimeError as error:
        raise ValueError(f'{checkpoint} does not fit the config: '
                         f'{str(error)[:300]}') from error
    return model.to(get_device()).eval()


def build_loader(cfg: Any, **dataset_options: Any) -> Any:
    """The test data of a config, image after image, in this process.

    Args:
        cfg (mmengine.config.Config): The config.
        **dataset_options: Replace the config's settings of the data set.

    Returns:
        torch.utils.data.DataLoader: The loader.
    """
    from mmengine.runner import Runner
    loader = dict(
        cfg.test_dataloader,
        batch_size=1,
        num_workers=0,
        persistent_workers=False)
    loader['dataset'] = dict(loader['dataset'], **dataset_options)
    return Runner.build_dataloader(loader)


def predict(model: Any, loader: Any, what: str) -> Iterator[Any]:
    """Predictions image after image; tells the progress.

    Args:
        model (mmengine.model.BaseModel): The model.
        loader (torch.utils.data.DataLoader): The data.
        what (str): Name of the pass, for the progress.

    Yields:
        mmengine.structures.BaseDataElement: The sample of an image, with
        ``pred_instances``.
    """
    import torch
    progress = proxy_masks.Progress(len(loader.dataset))
    for batch in loader:
        with torch.no_grad():
            samples = model.test_step(batch)
        for sample in samples:
            line = progress.update(1, len(sample.pred_instances.masks))
            if line:
                print(f'{what}: {line}', file=sys.stderr, flush=True)
            yield sample


def scored_instances(sample: Any, min_side: int) -> Iterator[Dict[str, Any]]:
    """The instances of an image with their IoU.

    Args:
        sample (mmseg.structures.SegDataSample): Of :meth:`BoxCaseg.predict`,
            with ``true_rles``.
        min_side (int): Boxes with a shorter side, in pixels, are left out.

    Yields:
        dict: ``key`` (annotation id), ``path``, ``label``, ``box`` (xyxy),
        ``mask`` and ``truth`` (bool, of the image's size), ``iou``, and
        ``box_iou`` of the filled box.
    """
    from mmboxcaseg.masks import rect_mask_iou
    prompts, pred = sample.prompt_instances, sample.pred_instances
    if 'true_rles' not in prompts:
        raise ValueError('masks are drawn beside true ones: set '
                         'test_dataloader.dataset.with_mask=True')
    for index, rect in enumerate(pred.rects.tolist()):
        x0, y0, x1, y1 = rect
        if min(x1 - x0, y1 - y0) < min_side:
            continue
        truth = proxy_masks.decode_rle(prompts.true_rles[index])
        mask = np.zeros_like(truth)
        mask[y0:y1, x0:x1] = pred.masks[index]
        yield dict(
            key=int(prompts.ann_ids[index]),
            path=sample.img_path,
            label=int(prompts.labels[index]),
            box=prompts.bboxes[index].cpu().numpy(),
            mask=mask,
            truth=truth,
            iou=rect_mask_iou(pred.masks[index], rect, truth),
            box_iou=rect_mask_iou(
                np.ones_like(pred.masks[index]), rect, truth))
