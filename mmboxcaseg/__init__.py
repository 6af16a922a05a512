"""Boxes in, instance masks out: BoxCaseg (CVPR 2021) for MMDetection."""

from .version import __version__

__all__ = ['__version__']
