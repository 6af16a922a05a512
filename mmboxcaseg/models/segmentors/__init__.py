from .boxcaseg import BoxCaseg
from .prediction import PredictOptions

__all__ = ['BoxCaseg', 'PredictOptions']
