"""Drawing of the small made-up data set, NumPy and OpenCV only.

``shapes`` gives outlines, ``textures`` fills, ``scene`` puts textured
objects over a background and keeps the exact masks, ``export`` writes images
and annotations in COCO's and DUTS' layouts.
"""
