"""Photos with dark discs on a light ground, and their boxes."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

SIZE = (60, 90)


def write_own_data(
    folder: Path,
    photos: int = 12,
    each: int = 3,
    masks: bool = False,
    change: Callable[[dict], None] = lambda content: None,
) -> None:
    """``photos/``, and ``boxes.json`` with ``each`` boxes a photo."""
    (folder / 'photos').mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for number in range(1, photos + 1):
        photo = rng.integers(180, 220, (*SIZE, 3), dtype=np.uint8)
        name = f'{number}.png'
        images.append(dict(id=number, file_name=name, height=SIZE[0], width=SIZE[1]))
        for place in range(each):
            radius = int(rng.integers(8, 12))
            center = (14 + 30 * place % 90, int(rng.integers(15, 45)))
            mask = np.zeros(SIZE, np.uint8)
            cv2.circle(mask, center, radius, 1, -1)
            photo[mask > 0] = rng.integers(20, 80, 3)
            ann = dict(
                id=len(annotations) + 1,
                image_id=number,
                category_id=1 + place % 2,
                bbox=[float(one) for one in cv2.boundingRect(mask)],
            )
            if masks:
                outline, _ = cv2.findContours(
                    mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
                )
                ann['segmentation'] = [outline[0].ravel().astype(float).tolist()]
            annotations.append(ann)
        cv2.imwrite(str(folder / 'photos' / name), photo)
    content = dict(
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name='cell'), dict(id=2, name='spore')],
    )
    change(content)
    (folder / 'boxes.json').write_text(json.dumps(content))
