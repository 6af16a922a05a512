"""Files of decisions about masks, as docs/report.md describes them."""

import hashlib
import json
from pathlib import Path


def mask_digest(ann: dict) -> str:
    """The fingerprint of an annotation's mask, a compressed RLE."""
    rle = ann['segmentation']
    text = '{} {} {}'.format(*rle['size'], rle['counts'])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def entry(ann: dict, review: str, **changes) -> dict:
    """What a file says of an annotation, or something else in its place."""
    return {**dict(id=ann['id'], review=review, mask=mask_digest(ann)), **changes}


def write_decisions(path: Path, entries: list, **more) -> str:
    """Write a file; returns its path."""
    path.write_text(json.dumps(dict(version=1, decisions=entries, **more)))
    return str(path)
