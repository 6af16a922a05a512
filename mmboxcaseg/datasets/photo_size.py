"""A photo against what its annotation says."""

from mmboxcaseg.prediction.photos import check_size


def check_photo_size(results: dict) -> None:
    """Raise an error unless the photo has the size its annotation says.

    The photo's own size is that after it has been turned as its EXIF
    orientation says.

    Args:
        results (dict): Item of a pipeline with ``img``; ``height`` and
            ``width`` are compared with it where they are there.

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
