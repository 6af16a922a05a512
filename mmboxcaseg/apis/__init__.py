from .default_model import default_model
from .inferencer import BoxCasegInferencer

__all__ = ['BoxCasegInferencer', 'default_model']
