"""A runner whose log goes to its file, and not to the terminal."""

from mmengine.logging import MMLogger

from .fitting_runner import FittingRunner


class QuietRunner(FittingRunner):
    """A :class:`FittingRunner` for commands, which tell the progress."""

    def build_logger(self, *args, **kwargs) -> MMLogger:
        """As in :class:`Runner`; the terminal gets nothing of it, unless the
        config has ``verbose``."""
        logger = super().build_logger(*args, **kwargs)
        if not self.cfg.get('verbose'):
            for handler in list(logger.handlers):
                # A handler that writes to a file is one to a stream as well.
                if not hasattr(handler, 'baseFilename'):
                    logger.removeHandler(handler)
        return logger
