from .resize_concat import ResizeConcat

__all__ = ['ResizeConcat']
