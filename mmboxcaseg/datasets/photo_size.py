"""Comparing the size of a photo with its annotation."""

from mmboxcaseg.prediction.photos import check_size


def check_photo_size(results: dict) -> None:
    """Check that a photo, turned upright, has the size in its annotation.

    Args:
        results (dict): Item of a pipeline with the upright photo as ``img``.
            Its ``height`` and ``width`` are compared with the photo if the
            item has them.

    Raises:
        BadInputError: If the sizes differ.
    """
    height, width = results['img'].shape[:2]
    check_size(
        results['img'],
        results.get('height', height),
        results.get('width', width),
        results.get('img_path'),
    )
