"""Converting data sets to COCO jsons. Nothing here needs torch."""
