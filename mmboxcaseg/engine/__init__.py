"""What runs around the models: distributed start-up and hooks."""
from .dist import prepare_distributed

__all__ = ['prepare_distributed']
