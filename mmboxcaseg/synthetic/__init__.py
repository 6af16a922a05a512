"""The synthetic data set, drawn with NumPy and OpenCV.

``shapes`` has the outlines of objects, ``textures`` their fills and the
backgrounds. ``scene`` draws textured objects over a background and returns
their exact masks. ``export`` writes images and annotations in the layouts of
COCO and DUTS.
"""
