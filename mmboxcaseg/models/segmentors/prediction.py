"""The former place of :class:`PredictOptions`, kept for old imports."""

from mmboxcaseg.prediction.options import HEADS, PredictOptions

__all__ = ['HEADS', 'PredictOptions']
