"""Data sets in other layouts as COCO jsons; no torch."""
