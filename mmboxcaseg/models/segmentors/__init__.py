from mmboxcaseg.prediction import PredictOptions

from .boxcaseg import BoxCaseg

__all__ = ['BoxCaseg', 'PredictOptions']
