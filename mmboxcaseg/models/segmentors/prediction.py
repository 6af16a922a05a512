"""Where :class:`PredictOptions` was before prediction had a room of its own."""

from mmboxcaseg.prediction.options import HEADS, PredictOptions

__all__ = ['HEADS', 'PredictOptions']
