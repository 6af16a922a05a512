from .default_model import default_model

__all__ = ['default_model']
