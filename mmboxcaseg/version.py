"""The package's version, also read by ``setup.py`` without importing us."""

__version__ = '0.2.0'
